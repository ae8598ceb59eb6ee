"""Rows of a board as plain values, for the page and the exports."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from figbench.errors import UserError
from figbench.leaderboard.attachments import Attachment
from figbench.leaderboard.entries import Board, NamedEntry
from figbench.leaderboard.ranking import Ranking, rank_all
from figbench.leaderboard.validation import incomplete
from figbench.leaderboard.views.details import Group, entry_details, plain
from figbench.protocol import Protocol
from figbench.results.schema import MetricValue

RESOLVED = ("weights", "decoder_version", "metric_versions")
"""Parts that a run fills in."""

MOST_TAGS = 8


@dataclass(frozen=True, slots=True)
class BoardRow:
    """One line of a table.

    Attributes:
        named: The entry.
        ranks: Rank per metric id, such as "1-3"; empty outside the ranking.
        why_apart: Why the row is not ranked, or None.
    """

    named: NamedEntry
    ranks: dict[str, str] = field(default_factory=dict)
    why_apart: str | None = None

    def metric(self, metric_id: str) -> MetricValue | None:
        """Returns the measured or judged value, None for a literature row."""
        return self.named.entry.metric(metric_id)

    @property
    def tags(self) -> list[str]:
        """Returns the tags that the page shows."""
        return self.named.entry.model.tags[:MOST_TAGS]

    @property
    def protocol(self) -> str | None:
        """Returns protocol id and the start of its hash, None for a literature row."""
        result = self.named.entry.result
        return f"{result.protocol.id[:80]} {result.protocol.hash[:8]}" if result else None

    def note(self, board: Board) -> str | None:
        """Returns the note next to the name: why it is not ranked, or a smaller reference."""
        result = self.named.entry.result
        if result is None or self.why_apart or not board.prompts_digest:
            return self.why_apart
        against = result.manifests.reference
        if against.prompts_digest == board.prompts_digest:
            return None
        return f"scored against {against.n_figures} figures of the reference"

    @property
    def leads(self) -> set[str]:
        """Returns the metrics in which the row is the best, or not told apart from the best."""
        return {key for key, rank in self.ranks.items() if rank == "1" or rank.startswith("1-")}

    @property
    def details(self) -> list[Group]:
        """Returns the row's provenance as tables."""
        return entry_details(self.named.entry, self.definition_diff)

    @property
    def definition_diff(self) -> list[str]:
        """Returns the parts of the protocol that differ from the shipped one of that name."""
        result = self.named.entry.result
        return protocol_diff(result.protocol.definition, result.protocol.id) if result else []


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of a board: those inside by the first metric, best first, and those apart."""

    inside: list[BoardRow]
    apart: list[BoardRow]
    rankings: dict[str, Ranking]


def board_rows(
    board: Board, entries: list[NamedEntry], reference: Attachment | None = None
) -> Table:
    """Returns the rows of a board with the rankings of its metrics.

    Args:
        board: The board's settings.
        entries: All entries of the board.
        reference: The board's own figures and features; None where it stores none.
    """
    reasons = {entry.name: incomplete(entry, board, reference) for entry in entries}
    apart = [
        BoardRow(entry, why_apart=reasons[entry.name]) for entry in entries if reasons[entry.name]
    ]
    inside = [entry for entry in entries if not reasons[entry.name]]
    attachments = {entry.name: entry.attachment for entry in inside if entry.attachment is not None}
    rankings = {
        metric_id: rank_all(
            metric_id,
            {
                named.name: value
                for named in inside
                if named.entry.role == "model"
                and (value := named.entry.metric(metric_id)) is not None
            },
            attachments,
            reference,
        )
        for metric_id in board.metrics
    }
    rows = [
        BoardRow(
            entry,
            {
                key: str(ranking.ranks[entry.name])
                for key, ranking in rankings.items()
                if entry.name in ranking.ranks
            },
        )
        for entry in inside
    ]
    rows.sort(key=lambda row: _order(row, board.metrics[0]))
    return Table(rows, apart, rankings)


def _order(row: BoardRow, metric_id: str) -> tuple[bool, float, str]:
    metric = row.metric(metric_id)
    if metric is None or metric.value is None:
        return True, 0.0, row.named.name
    return False, -metric.value if metric.higher_is_better else metric.value, row.named.name


def protocol_diff(definition: dict[str, Any], name: str) -> list[str]:
    """Returns "key: value (shipped: value)" for every part that differs."""
    try:
        shipped = Protocol.load(name).model_dump(mode="json")
    except UserError:
        return [f"no shipped protocol named {name[:80]}"]
    keys = sorted(set(shipped) | set(definition))
    return [
        f"{key}: {plain(definition.get(key))[:160]} (shipped: {plain(shipped.get(key))[:160]})"
        for key in keys
        if key in definition and definition[key] != shipped.get(key) and key not in RESOLVED
    ]
