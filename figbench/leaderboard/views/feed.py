"""An Atom feed of a board's entries, dated by their names and never by a clock."""

from __future__ import annotations

import re
import uuid
from collections.abc import Sequence
from xml.etree import ElementTree  # nosec B405 # writes only

from figbench.leaderboard.entries import Board, Tombstone, entry_date
from figbench.leaderboard.views.board_rows import BoardRow

FEED_NAME = "feed.xml"
ATOM = "http://www.w3.org/2005/Atom"
MOST_ITEMS = 100
NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
EPOCH = "1970-01-01"


def board_feed(board: Board, rows: Sequence[BoardRow], withdrawn: Sequence[Tombstone]) -> str:
    """Returns Atom (RFC 4287), newest first, at most 100 items.

    Withdrawn entries stay as items, so that a reader who saw the entry sees that it went.

    Args:
        board: The board's settings.
        rows: Rows of the ranking.
        withdrawn: Tombstones of withdrawn entries.
    """
    home = uuid.uuid5(uuid.NAMESPACE_URL, f"figbench:{board.protocol_hash}:{board.title}")
    items = [(entry_date(row.named.name).isoformat(), *_item(board, row)) for row in rows]
    items += [
        (stone.date, f"withdrawn {stone.name}", f"{stone.name} (withdrawn)", "", stone.reason)
        for stone in withdrawn
    ]
    items.sort(key=lambda item: item[1])
    items.sort(key=lambda item: item[0], reverse=True)
    feed = ElementTree.Element("feed", xmlns=ATOM)
    _add(feed, "id", home.urn)
    _add(feed, "title", board.title)
    _add(feed, "updated", _moment(items[0][0] if items else EPOCH))
    ElementTree.SubElement(feed, "link", rel="alternate", href="index.html")
    for day, key, title, author, text in items[:MOST_ITEMS]:
        item = ElementTree.SubElement(feed, "entry")
        _add(item, "id", uuid.uuid5(home, key).urn)
        _add(item, "title", title)
        _add(item, "updated", _moment(day))
        _add(ElementTree.SubElement(item, "author"), "name", author or board.title)
        ElementTree.SubElement(item, "link", rel="alternate", href="index.html")
        _add(item, "summary", text)
    ElementTree.indent(feed)
    text = ElementTree.tostring(feed, encoding="unicode")
    return f'<?xml version="1.0" encoding="utf-8"?>\n{text}\n'


def _item(board: Board, row: BoardRow) -> tuple[str, str, str, str]:
    entry = row.named.entry
    values = []
    for metric_id in board.metrics:
        metric = row.metric(metric_id)
        if metric is not None and metric.value is not None:
            rank = f" (rank {row.ranks[metric_id]})" if metric_id in row.ranks else ""
            values.append(f"{metric_id} {metric.value:.4g}{rank}")
    values += [f"{value.metric} {value.value:.4g}, as published" for value in entry.published]
    if row.why_apart:
        values.append(f"not ranked: {row.why_apart}")
    name = entry.model.name or row.named.name
    return row.named.name, name, entry.model.organisation or "", "; ".join(values)


def _moment(day: str) -> str:
    return f"{day}T00:00:00Z"


def _add(parent: ElementTree.Element, tag: str, text: str) -> None:
    ElementTree.SubElement(parent, tag).text = NOT_XML.sub("", text)
