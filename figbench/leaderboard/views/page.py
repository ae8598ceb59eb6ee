"""One self-contained page per board: table, plots, provenance, exports, no network."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from figbench.errors import IntegrityError
from figbench.io.atomic import write_text_atomic
from figbench.io.json_files import dump_json
from figbench.leaderboard.attachments import REFERENCE_NAME, load_attachment
from figbench.leaderboard.entries import (
    Board,
    entry_date,
    load_board,
    load_entries,
    load_tombstones,
)
from figbench.leaderboard.validation import require_valid
from figbench.leaderboard.views import export, whiskers
from figbench.leaderboard.views.board_plots import board_plots_of
from figbench.leaderboard.views.board_rows import BoardRow, board_rows
from figbench.leaderboard.views.feed import FEED_NAME, board_feed
from figbench.leaderboard.views.gallery import board_gallery
from figbench.leaderboard.views.headings import board_headings, interval, leaders, number
from figbench.leaderboard.views.history import STATE_NAME, advance, changes, load_history, state_of
from figbench.pages.freshness import data_only, made_with, recorded
from figbench.pages.render import render

PAGE_NAME = "index.html"
MOST_CHANGES = 60
OPEN_CHANGES = 6
"""Changes that a page shows at once; more are folded."""


@dataclass(frozen=True, slots=True)
class Site:
    """Texts of a board's files: page, state for the next build, feed."""

    page: str
    state: str
    feed: str


def build_board(folder: Path, out: Path | None = None) -> Path:
    """Writes a board's page, state and feed, and returns the page's path.

    The same entries and state give the same bytes.

    Args:
        folder: Holds ``board.yaml`` and ``entries/``.
        out: Write only the page, here, and leave the board's folder as it is.

    Raises:
        UserError: If the board or any of its entries breaks the rules.
    """
    target = out or folder / PAGE_NAME
    site = board_site(folder)
    write_text_atomic(target, site.page)
    if out is None:
        write_text_atomic(folder / STATE_NAME, site.state)
        write_text_atomic(folder / FEED_NAME, site.feed)
    return target


def require_fresh(folder: Path, page: Path | None = None) -> str:
    """Returns what was compared; raises unless the files on disk are what the entries build now.

    Everything is compared byte for byte but the drawing of plots where the page names another
    version of matplotlib; the numbers behind every plot are compared all the same.

    Raises:
        IntegrityError: If a file is absent or differs.
        UserError: If the board or any of its entries breaks the rules.
    """
    target, site = page or folder / PAGE_NAME, board_site(folder)
    written = _text(target)
    page_libraries, libraries = recorded(written), made_with()
    if page_libraries in ("", libraries):
        same, note = written == site.page, "the same bytes"
    else:
        same = data_only(written) == data_only(site.page)
        note = (
            f"the same data; made with {page_libraries}, here is {libraries}, "
            "so their bytes may differ"
        )
    others = {} if page else {folder / STATE_NAME: site.state, folder / FEED_NAME: site.feed}
    stale = [] if same else [target]
    stale += [path for path, text in others.items() if _text(path) != text]
    if stale:
        raise IntegrityError(
            f"{stale[0]}: not what the entries build.",
            remedy=f"Type: figbench leaderboard build {folder}",
        )
    return note


def _text(path: Path) -> str:
    return path.read_bytes().decode("utf-8", errors="replace") if path.is_file() else ""


def board_site(folder: Path) -> Site:
    """Returns the files of a board.

    Raises:
        UserError: If the board or any of its entries breaks the rules.
    """
    board, entries = load_board(folder), load_entries(folder)
    reference = load_attachment(folder / REFERENCE_NAME)
    for named in entries:
        require_valid(named, board, reference)
    table = board_rows(board, entries, reference)
    ranked, apart, withdrawn = table.inside, table.apart, load_tombstones(folder)
    history = advance(load_history(folder), state_of(board, table))
    plots = board_plots_of(board, ranked, reference)
    gallery = board_gallery(ranked, reference)
    sections = {
        "ranking": ("Ranking", True),
        "baselines": ("Baselines", any(row.named.entry.role == "baseline" for row in ranked)),
        "others": ("Not comparable", any(row.named.entry.result for row in apart)),
        "published": ("As published", any(row.named.entry.result is None for row in apart)),
        "plots": ("Plots", bool(plots)),
        "gallery": ("Gallery", gallery is not None),
        "metrics": ("Metrics", True),
        "submit": ("How to submit", True),
    }
    page = render(
        "board.html.j2",
        sections=[(key, title) for key, (title, there) in sections.items() if there],
        board=board,
        models=[row for row in ranked if row.named.entry.role == "model"],
        baselines=[row for row in ranked if row.named.entry.role == "baseline"],
        literature=[row for row in apart if row.named.entry.result is None],
        others=[row for row in apart if row.named.entry.result is not None],
        withdrawn=withdrawn,
        names=board_headings(board, [*ranked, *apart]),
        leaders=leaders(
            board, [row for row in ranked if row.named.entry.role == "model"], table.rankings
        ),
        number=number,
        interval=interval,
        updated=max((entry_date(named.name).isoformat() for named in entries), default=""),
        tags=sorted({tag for row in [*ranked, *apart] for tag in row.tags}),
        protocols=sorted({row.protocol for row in [*ranked, *apart] if row.protocol}),
        downloads=_downloads(board, ranked),
        plots=plots,
        gallery=gallery,
        scales=whiskers.scales(board.metrics, ranked),
        whisker=whiskers.whisker,
        methods={key: ranking.methods for key, ranking in table.rankings.items() if ranking.tests},
        changes=changes(history, board, table),
        most_changes=MOST_CHANGES,
        open_changes=OPEN_CHANGES,
    )
    return Site(
        page,
        dump_json(history.model_dump(mode="json")),
        board_feed(board, [*ranked, *apart], withdrawn),
    )


def _downloads(board: Board, rows: list[BoardRow]) -> dict[str, tuple[str, str]]:
    return {
        "CSV": ("board.csv", export.data_uri(export.as_csv(board, rows), "text/csv")),
        "JSON": ("board.json", export.data_uri(export.as_json(board, rows), "application/json")),
        "Markdown": ("board.md", export.data_uri(export.as_markdown(board, rows), "text/markdown")),
        "LaTeX": ("board.tex", export.data_uri(export.as_latex(board, rows), "text/x-tex")),
    }
