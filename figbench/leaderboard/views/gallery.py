"""The board's gallery: the same prompts across models beside the reference, and extremes."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from figbench.leaderboard.attachments import Evidence, Pictured
from figbench.leaderboard.thumbnails import gallery_ids
from figbench.leaderboard.views.board_rows import Row
from figbench.metrics.names import title_of
from figbench.pages.choices import figure_metric
from figbench.pages.label_differences import Difference, difference

MOST_MODELS = 8
"""Shown beside each other: models in the order of the ranking, then baselines."""
MOST_PROMPTS = 6


@dataclass(frozen=True, slots=True)
class Drawn:
    """One model's figure; ``picture`` is a data URI, empty when nothing was delivered."""

    model: str
    picture: str
    score: str
    labels: Difference | None


@dataclass(frozen=True, slots=True)
class Exhibit:
    """One prompt: its reference and what models drew for it."""

    title: str
    figure_id: str
    caption: str
    reference: str
    drawn: list[Drawn]


@dataclass(frozen=True, slots=True)
class Gallery:
    """What the page shows.

    Attributes:
        prompts: The first prompts of :func:`gallery_ids`, each across models.
        extremes: By model: its worst, median and best figure among the pictured prompts.
        n_pictured: How many prompts the extremes were chosen from.
    """

    prompts: list[Exhibit]
    extremes: list[tuple[str, list[Exhibit]]]
    n_pictured: int


def board_gallery(rows: Sequence[Row], reference: Evidence | None) -> Gallery | None:
    """Returns the gallery of a board, None where its reference or its entries hold no pictures."""
    models_first = sorted(rows, key=lambda row: row.named.entry.role != "model")
    walls = [wall for row in models_first if (wall := _wall(row))][:MOST_MODELS]
    if reference is None or not reference.pictures or not walls:
        return None
    known = _by_id(reference)
    ids = [one for one in gallery_ids(reference.header.figure_ids) if one in known]
    prompts = [_exhibit("", one, reference, known, walls) for one in ids[:MOST_PROMPTS]]
    extremes = []
    for wall in walls:
        chosen = wall.extremes(ids)
        shown = [_exhibit(title, one, reference, known, [wall]) for title, one in chosen]
        if shown:
            extremes.append((wall.model, shown))
    return Gallery(prompts, extremes, len(ids))


@dataclass(frozen=True, slots=True)
class _Wall:
    """The pictures of one entry, and the metric that its figures are ordered by."""

    model: str
    evidence: Evidence
    pictured: dict[str, Pictured]
    metric: str
    scores: dict[str, float]
    higher: bool

    def extremes(self, ids: Sequence[str]) -> list[tuple[str, str]]:
        """Returns (title, figure id) of the worst, median and best; ties go by id."""
        sign = 1 if self.higher else -1
        order = sorted(
            (one for one in ids if one in self.scores),
            key=lambda one: (sign * self.scores[one], one),
        )
        if len(order) < 3:
            return []
        places = (("worst", 0), ("median", len(order) // 2), ("best", len(order) - 1))
        return [(f"{title} by {title_of(self.metric)}", order[place]) for title, place in places]


def _wall(row: Row) -> _Wall | None:
    evidence = row.named.evidence
    if evidence is None or not evidence.pictures:
        return None
    first: dict[str, int] = {}
    for place, (figure_id, _) in enumerate(evidence.keys):
        first.setdefault(figure_id, place)
    metric, higher, scores = "", True, {}
    scored = sorted(name for name, one in evidence.values.items() if np.isfinite(one).any())
    chosen = figure_metric(scored)
    if chosen is not None:
        metric, higher = chosen
        values = evidence.values[metric]
        scores = {one: float(values[at]) for one, at in first.items() if np.isfinite(values[at])}
    model = row.named.entry.model.name or row.named.name
    return _Wall(model, evidence, _by_id(evidence), metric, scores, higher)


def _by_id(evidence: Evidence) -> dict[str, Pictured]:
    return {evidence.header.figure_ids[one.row]: one for one in evidence.header.pictures}


def _exhibit(
    title: str,
    figure_id: str,
    reference: Evidence,
    known: dict[str, Pictured],
    walls: Sequence[_Wall],
) -> Exhibit:
    theirs = known[figure_id]
    drawn = []
    for wall in walls:
        ours, score = wall.pictured.get(figure_id), wall.scores.get(figure_id)
        drawn.append(
            Drawn(
                wall.model,
                _uri(wall.evidence.pictures[ours.row]) if ours else "",
                "" if score is None else f"{title_of(wall.metric)} {score:.3g}",
                difference(ours.labels, theirs.labels) if ours else None,
            )
        )
    uri = _uri(reference.pictures[theirs.row])
    return Exhibit(title, figure_id, theirs.caption, uri, drawn)


def _uri(content: bytes) -> str:
    return "data:image/webp;base64," + base64.b64encode(content).decode("ascii")
