"""Changes of a board since its previous build, stored in a file next to the page."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pydantic import Field, ValidationError

from figbench.errors import UserError
from figbench.io.json_files import read_json
from figbench.leaderboard.entries import Board
from figbench.leaderboard.ranking import Ranking
from figbench.leaderboard.views.board_rows import Table
from figbench.results.schema import Strict
from figbench.statistics.effects import ALPHA

STATE_NAME = "board.json"
DIGITS = ".6g"
"""Of stored values: the rounding of another machine is no change."""


class RowState(Strict):
    """Values and ranks of one entry in a build."""

    model: str
    values: dict[str, float]
    ranks: dict[str, str]


State = dict[str, RowState]


class History(Strict):
    """``board.json``: the last two builds that differ."""

    state_version: int = Field(default=1, ge=1, le=1)
    current: State
    previous: State | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """One change.

    Attributes:
        model: Its name.
        metric: Metric id, empty where the line is about the whole entry.
        text: What happened, with the test where there is one.
    """

    model: str
    metric: str
    text: str


def state_of(board: Board, table: Table) -> State:
    """Returns the state of a build: values and ranks of its models."""
    states = {}
    for row in table.inside:
        if row.named.entry.role == "model":
            metrics = {key: row.metric(key) for key in board.metrics}
            values = {
                key: float(f"{metric.value:{DIGITS}}")
                for key, metric in metrics.items()
                if metric and metric.value is not None
            }
            name = row.named.entry.model.name or row.named.name
            states[row.named.name] = RowState(model=name, values=values, ranks=dict(row.ranks))
    return states


def load_history(folder: Path) -> History | None:
    """Reads ``board.json``; None where the board was never built.

    Raises:
        UserError: If it is not what a build writes.
    """
    path = folder / STATE_NAME
    if not path.is_file():
        return None
    try:
        return History.model_validate(read_json(path))
    except ValidationError:
        raise UserError(
            f"{path}: not the state of a build.", remedy="Restore it from git, or delete it."
        ) from None


def advance(history: History | None, state: State) -> History:
    """Returns the history after a build; an equal build leaves it unchanged."""
    if history is None:
        return History(current=state)
    if history.current == state:
        return history
    return History(current=state, previous=history.current)


def changes(history: History, board: Board, table: Table) -> list[Change]:
    """Returns the changes from the previous build to the current build.

    A new entry is tested against the entry that led each metric before, as far as it is still
    there, by the test that ranks them.

    Args:
        history: Values and ranks of the last two builds.
        board: The board's settings.
        table: Rows and rankings of this build.
    """
    before, now = history.previous, history.current
    if before is None:
        return []
    listed = [
        Change(state.model, "", "no longer ranked")
        for name, state in sorted(before.items())
        if name not in now
    ]
    for name, state in sorted(now.items()):
        old = before.get(name)
        for metric_id in board.metrics:
            if old is None:
                text = _arrival(name, metric_id, history, table)
            else:
                text = _moved(old, state, metric_id)
            if text:
                listed.append(Change(state.model, metric_id, text))
    return listed


def _moved(old: RowState, new: RowState, metric_id: str) -> str:
    clauses = []
    values = (old.values.get(metric_id), new.values.get(metric_id))
    ends = ["none" if number is None else f"{number:.4g}" for number in values]
    if ends[0] != ends[1]:
        clauses.append(" to ".join(ends))
    if old.ranks.get(metric_id) != new.ranks.get(metric_id):
        ranks = (old.ranks.get(metric_id, "none"), new.ranks.get(metric_id, "none"))
        clauses.append(f"rank {ranks[0]} to {ranks[1]}")
    return ", ".join(clauses)


def _arrival(name: str, metric_id: str, history: History, table: Table) -> str:
    value = history.current[name].values.get(metric_id)
    if value is None:
        return ""
    text = f"new, {value:.4g}, rank {history.current[name].ranks.get(metric_id, 'none')}"
    leader = _leader(metric_id, history, table)
    ranking = table.rankings.get(metric_id)
    return (
        text
        if leader is None or ranking is None
        else text + _tested(name, leader, ranking, history)
    )


def _leader(metric_id: str, history: History, table: Table) -> str | None:
    """Returns the best entry of the previous build that is still ranked."""
    higher = any(
        metric.higher_is_better
        for row in table.inside
        if (metric := row.metric(metric_id)) is not None
    )
    scored = {
        name: state.values[metric_id]
        for name, state in (history.previous or {}).items()
        if metric_id in state.values and name in history.current
    }
    if not scored:
        return None
    sign = -1 if higher else 1
    return min(scored, key=lambda name: (sign * scored[name], name))


def _tested(name: str, leader: str, ranking: Ranking, history: History) -> str:
    first, second = sorted((name, leader))
    verdict = ranking.tests.get((first, second))
    against = history.current[leader].model
    if verdict is None or verdict.p_value is None:
        return f"; no sound test against the previous leader {against}"
    if verdict.p_value > ALPHA:
        outcome = "could be noise"
    else:
        outcome = "differs"
    return (
        f"; {outcome} against the previous leader {against} "
        f"(p = {verdict.p_value:.2g}, {verdict.method})"
    )
