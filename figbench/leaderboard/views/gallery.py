"""The board's gallery: the same prompts across models beside the reference, and extremes."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from figbench.leaderboard.attachments import Attachment, Pictured
from figbench.leaderboard.thumbnails import gallery_ids
from figbench.leaderboard.views.board_rows import BoardRow
from figbench.metrics.names import title_of
from figbench.pages.choices import figure_metric
from figbench.pages.label_differences import Difference, difference

MOST_MODELS = 8
"""Displayed next to each other: models in the order of the ranking, then baselines."""
MOST_PROMPTS = 6


@dataclass(frozen=True, slots=True)
class ModelFigure:
    """One model's figure; ``image`` is a data URI, empty when nothing was delivered."""

    model: str
    image: str
    score: str
    labels: Difference | None


@dataclass(frozen=True, slots=True)
class Comparison:
    """One prompt: its reference and the figure of each model."""

    title: str
    figure_id: str
    caption: str
    reference: str
    models: list[ModelFigure]


@dataclass(frozen=True, slots=True)
class Gallery:
    """The gallery of the page.

    Attributes:
        prompts: The first prompts of :func:`gallery_ids`, each across models.
        extremes: By model: its worst, median and best figure among the pictured prompts.
        n_pictured: How many prompts the extremes were chosen from.
    """

    prompts: list[Comparison]
    extremes: list[tuple[str, list[Comparison]]]
    n_pictured: int


def board_gallery(rows: Sequence[BoardRow], reference: Attachment | None) -> Gallery | None:
    """Returns the gallery of a board, None where its reference or entries have no thumbnails."""
    models_first = sorted(rows, key=lambda row: row.named.entry.role != "model")
    entries = [entry for row in models_first if (entry := _entry_images(row))][:MOST_MODELS]
    if reference is None or not reference.thumbnails or not entries:
        return None
    pictured = _by_id(reference)
    ids = [name for name in gallery_ids(reference.header.figure_ids) if name in pictured]
    prompts = [_comparison("", name, reference, pictured, entries) for name in ids[:MOST_PROMPTS]]
    extremes = []
    for entry in entries:
        comparisons = [
            _comparison(title, name, reference, pictured, [entry])
            for title, name in entry.extremes(ids)
        ]
        if comparisons:
            extremes.append((entry.model, comparisons))
    return Gallery(prompts, extremes, len(ids))


@dataclass(frozen=True, slots=True)
class _EntryImages:
    """The thumbnails of one entry, and the metric that orders its figures."""

    model: str
    attachment: Attachment
    pictured: dict[str, Pictured]
    metric: str
    scores: dict[str, float]
    higher: bool

    def extremes(self, ids: Sequence[str]) -> list[tuple[str, str]]:
        """Returns (title, figure id) of the worst, median and best; ties go by id."""
        sign = 1 if self.higher else -1
        order = sorted(
            (name for name in ids if name in self.scores),
            key=lambda name: (sign * self.scores[name], name),
        )
        if len(order) < 3:
            return []
        ranks = (("worst", 0), ("median", len(order) // 2), ("best", len(order) - 1))
        return [(f"{title} by {title_of(self.metric)}", order[rank]) for title, rank in ranks]


def _entry_images(row: BoardRow) -> _EntryImages | None:
    attachment = row.named.attachment
    if attachment is None or not attachment.thumbnails:
        return None
    first: dict[str, int] = {}
    for index, (figure_id, _) in enumerate(attachment.keys):
        first.setdefault(figure_id, index)
    metric, higher, scores = "", True, {}
    scored = sorted(name for name, each in attachment.values.items() if np.isfinite(each).any())
    selected = figure_metric(scored)
    if selected is not None:
        metric, higher = selected
        values = attachment.values[metric]
        scores = {name: float(values[at]) for name, at in first.items() if np.isfinite(values[at])}
    model = row.named.entry.model.name or row.named.name
    return _EntryImages(model, attachment, _by_id(attachment), metric, scores, higher)


def _by_id(attachment: Attachment) -> dict[str, Pictured]:
    ids = attachment.header.figure_ids
    return {ids[pictured.row]: pictured for pictured in attachment.header.pictures}


def _comparison(
    title: str,
    figure_id: str,
    reference: Attachment,
    pictured: dict[str, Pictured],
    entries: Sequence[_EntryImages],
) -> Comparison:
    of_reference = pictured[figure_id]
    models = []
    for entry in entries:
        generated, score = entry.pictured.get(figure_id), entry.scores.get(figure_id)
        models.append(
            ModelFigure(
                entry.model,
                _uri(entry.attachment.thumbnails[generated.row]) if generated else "",
                "" if score is None else f"{title_of(entry.metric)} {score:.3g}",
                difference(generated.labels, of_reference.labels) if generated else None,
            )
        )
    uri = _uri(reference.thumbnails[of_reference.row])
    return Comparison(title, figure_id, of_reference.caption, uri, models)


def _uri(content: bytes) -> str:
    return "data:image/webp;base64," + base64.b64encode(content).decode("ascii")
