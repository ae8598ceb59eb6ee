"""Human names, directions and explanations of a board's metrics, and who leads each of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from figbench.judges.judged_values import SCORE
from figbench.leaderboard.entries import Board
from figbench.leaderboard.instruments import Instrument
from figbench.leaderboard.ranking import Ranking
from figbench.leaderboard.views.board_rows import BoardRow
from figbench.metrics.names import find_output, network_of, title_of, tooltip_of
from figbench.pages.numbers import arrow, format_number
from figbench.results.schema import MetricValue

DIGITS = 3


@dataclass(frozen=True, slots=True)
class Heading:
    """How a column is headed.

    Attributes:
        title: Human name.
        detail: Network and factor, for the second line.
        arrow: Points to better.
        better: One sentence on the direction.
        tooltip: What it measures and its known biases, from the metric's spec.
        last: Sort value of a row without a value: behind all others.
    """

    title: str
    detail: str
    arrow: str
    better: str
    tooltip: str
    last: float


@dataclass(frozen=True, slots=True)
class Leader:
    """The best entry of a metric, and how sure that is."""

    metric: str
    model: str
    value: str
    text: str


def board_headings(board: Board, rows: Sequence[BoardRow]) -> dict[str, Heading]:
    """Returns the heading of every column of a board."""
    return {
        name: _judged_heading(name, board.judged[name])
        if name in board.judged
        else _heading(name, rows)
        for name in board.metrics
    }


def column_title(board: Board, metric_id: str) -> str:
    """Returns the human name of a column with its network or its judge."""
    if metric_id in board.judged:
        heading = _judged_heading(metric_id, board.judged[metric_id])
        return f"{heading.title}, {heading.detail}"
    network = network_of(metric_id)
    return title_of(metric_id) + (f", {network}" if network else "")


def _judged_heading(name: str, instrument: Instrument) -> Heading:
    raters = "people" if instrument.kind == "people" else "the judge"
    if name == SCORE:
        measure = f"Mean score that {instrument.name} gives the figures."
    else:
        measure = (
            f"Share of figures that {instrument.name} prefer to those of {instrument.against}; a "
            "tie counts one half."
        )
    return Heading(
        title="Judge score" if name == SCORE else "Win rate",
        detail=f"by {instrument.name}",
        arrow=arrow(higher_is_better=True),
        better="Higher is better.",
        tooltip=f"{measure} Figures without a valid verdict are left out; Details has the bounds "
        f"with all of them as wins and as losses, and the measured errors of {raters}.",
        last=-1e300,
    )


def _heading(name: str, rows: Sequence[BoardRow]) -> Heading:
    first = next((metric for metric in (row.metric(name) for row in rows) if metric), None)
    output = find_output(name)
    higher = first.higher_is_better if first else output[1].higher_is_better if output else None
    scale = first.display_scale if first else output[1].display_scale if output else 1.0
    texts = [network_of(name), "" if scale == 1 else f"×{scale:g}"]
    return Heading(
        title=title_of(name),
        detail=" ".join(text for text in texts if text),
        arrow="" if higher is None else arrow(higher),
        better={True: "Higher is better.", False: "Lower is better.", None: ""}[higher],
        tooltip=tooltip_of(name),
        last=-1e300 if higher else 1e300,
    )


def number(metric: MetricValue) -> str:
    """Returns a value on its display scale with three significant digits."""
    return format_number(metric.value, metric.display_scale, digits=DIGITS)


def interval(metric: MetricValue) -> str:
    """Returns ``low to high`` of a value's interval on its display scale."""
    if metric.interval is None:
        return ""
    ends = (metric.interval.low, metric.interval.high)
    low, high = (format_number(end, metric.display_scale, digits=DIGITS) for end in ends)
    return f"{low} to {high}"


def leaders(board: Board, models: Sequence[BoardRow], rankings: dict[str, Ranking]) -> list[Leader]:
    """Returns the best model of every metric with its lead over the second and its ties.

    Args:
        board: The board's settings.
        models: Ranked rows without baselines.
        rankings: Ranking of each metric by its id.
    """
    leading = []
    for name in board.metrics:
        scored = [
            (row, value)
            for row in models
            if (value := row.metric(name)) and value.value is not None
        ]
        if not scored:
            continue
        sign = -1 if scored[0][1].higher_is_better else 1
        scored.sort(key=lambda pair: (sign * (pair[1].value or 0.0), pair[0].named.name))
        best, metric = scored[0]
        leading.append(
            Leader(name, _name(best), number(metric), _certainty(name, scored, rankings))
        )
    return leading


def _certainty(
    name: str, scored: Sequence[tuple[BoardRow, MetricValue]], rankings: dict[str, Ranking]
) -> str:
    if len(scored) == 1:
        return "the only entry"
    ranking = rankings.get(name)
    (best, first), (second, other) = scored[:2]
    tied = sum(
        ranking is not None and (rank := ranking.ranks.get(row.named.name)) is not None
        and rank.best == 1
        for row, _ in scored
    )  # fmt: skip
    lead = format_number(
        abs((first.value or 0.0) - (other.value or 0.0)), first.display_scale, digits=DIGITS
    )
    low, high = sorted((best.named.name, second.named.name))
    verdict = ranking.tests.get((low, high)) if ranking else None
    p = verdict.p_value if verdict else None
    tested = "no sound test" if p is None else "p < 0.001" if p < 0.001 else f"p = {p:.2g}"
    if tied <= 1:
        return f"ahead of {_name(second)} by {lead} ({tested})"
    others = "1 other" if tied == 2 else f"{tied - 1} others"
    return f"not told apart from {others}; {lead} to {_name(second)} ({tested})"


def _name(row: BoardRow) -> str:
    return row.named.entry.model.name or row.named.name
