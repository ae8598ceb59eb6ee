"""Checks of an entry before a board shows it; entries are untrusted."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from figbench.errors import UserError
from figbench.leaderboard.attachment_checks import attachment_problems, near_copies
from figbench.leaderboard.attachments import Attachment
from figbench.leaderboard.entries import Board, Entry, NamedEntry
from figbench.leaderboard.instruments import instrument_problems
from figbench.metrics import output_spec
from figbench.protocol import Protocol
from figbench.results.schema import MetricValue

MAX_STRING = 500
LINKS = ("paper", "code", "weights")
ROUNDING = 1e-6
"""Distances are never clamped: of a set to itself they may lie this far below zero."""
URL = re.compile(r"^https?://[^\s\"'<>]+$")


def check_entry(named: NamedEntry, board: Board, reference: Attachment | None = None) -> list[str]:
    """Returns every problem of an entry in words; an empty list means it may be added.

    Args:
        named: The entry with what is attached to it.
        board: Which it is meant for.
        reference: The board's reference rows, against which attached rows are checked.
    """
    entry = named.entry
    problems = list(_card_problems(entry)) + list(_long_strings(entry.model_dump(mode="json")))
    if entry.standing == "as published":
        if entry.result is not None or not entry.published:
            problems.append("as published: needs 'published' values and no 'result'")
        problems += [
            f"published.{value.metric}: source is not a link"
            for value in entry.published
            if not URL.match(value.source)
        ]
        return problems
    if entry.result is None or entry.published:
        return [*problems, f"{entry.standing}: needs a 'result' and no 'published' values"]
    problems += list(_result_problems(entry, board))
    if named.attachment is not None:
        problems += list(attachment_problems(entry, named.attachment, reference, board))
    return problems


def require_valid(named: NamedEntry, board: Board, reference: Attachment | None = None) -> None:
    """Raises a UserError that lists every problem of the entry, if there is any.

    Args:
        named: An entry with its name and attachment.
        board: The board's settings.
        reference: The board's own figures and features; None where it stores none.
    """
    problems = check_entry(named, board, reference)
    if problems:
        raise UserError(f"{named.name}: refused: {'; '.join(problems[:12])}.")


def incomplete(named: NamedEntry, board: Board, reference: Attachment | None = None) -> str | None:
    """Returns why a result stays out of the ranking, or None.

    Args:
        named: An entry with its name and attachment.
        board: The board's settings.
        reference: The board's own figures and features; None where it stores none.
    """
    entry, result = named.entry, named.entry.result
    if result is None:
        return "literature value, measured elsewhere"
    if result.protocol.hash != board.protocol_hash:
        return f"protocol {result.protocol.id} ({result.protocol.hash[:12]})"
    if entry.role == "baseline":
        return None
    prompts = result.manifests.reference.prompts_digest
    if board.prompts_digest and prompts != board.prompts_digest:
        return "other test prompts"
    if result.manifests.generated.missing:
        return f"{len(result.manifests.generated.missing)} expected figures are missing"
    if named.attachment is not None and reference is not None:
        copied, n = near_copies(named.attachment, reference), result.manifests.generated.n_figures
        if copied > board.most_near_copies * n:
            return f"{copied} of {n} figures are near copies of reference figures"
    return None


def _card_problems(entry: Entry) -> Iterator[str]:
    for field in ("name", "organisation"):
        if not getattr(entry.model, field):
            yield f"model.{field}: required"
    for field in LINKS:
        link = getattr(entry.model, field)
        if link and not URL.match(link):
            yield f"model.{field}: not an http(s) link"


def _long_strings(value: Any, path: str = "") -> Iterator[str]:
    if isinstance(value, str) and len(value) > MAX_STRING and not path.startswith("result."):
        yield f"{path}: longer than {MAX_STRING} characters"
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from _long_strings(inner, f"{path}.{key}".lstrip("."))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _long_strings(inner, f"{path}[{index}]")


def _result_problems(entry: Entry, board: Board) -> Iterator[str]:
    result = entry.result
    if result is None:
        return
    try:
        declared = Protocol.from_document(result.protocol.definition, "protocol").hash
        if declared != result.protocol.hash:
            yield "protocol.hash: does not belong to its definition"
    except UserError as error:
        yield f"protocol.definition: {error.message[:200]}"
    generated = result.manifests.generated
    if generated.digest == result.manifests.reference.digest:
        yield "manifests: the generated figures are the reference figures"
    yield from _judged_problems(entry, board)
    for metric_id in board.metrics:
        metric = entry.metric(metric_id)
        if metric is None and metric_id in board.judged:
            continue
        if metric is None:
            yield f"metrics.{metric_id}: absent"
        elif metric.value is not None:
            yield from _value_problems(metric_id, metric)


def _judged_problems(entry: Entry, board: Board) -> Iterator[str]:
    for column, judged in entry.judged.items():
        if column not in board.judged:
            yield f"judged.{column[:60]}: the board has no such judged column"
            continue
        problems = instrument_problems(board.judged[column], judged.instrument)
        yield from (f"judged.{column}: {problem}" for problem in problems)
        value = judged.value.value
        if value is not None and not 0 <= value <= 1:
            yield f"judged.{column}: {value} is outside 0..1"
        sides = entry.result.manifests if entry.result else None
        digest = judged.instrument.reference_digest
        if sides and digest and digest != sides.reference.digest:
            yield f"judged.{column}: judged against another reference than the run's"


def _value_problems(metric_id: str, metric: MetricValue) -> Iterator[str]:
    value = metric.value or 0.0
    output = output_spec(metric_id)
    if output is not None and not output.low - ROUNDING <= value <= output.high + ROUNDING:
        yield f"metrics.{metric_id}: {value} is outside {output.low:g}..{output.high:g}"
    interval = metric.interval
    if interval and not interval.low <= value <= interval.high:
        yield f"metrics.{metric_id}: the value lies outside its interval"
    if metric.n_used > metric.n_expected:
        yield f"metrics.{metric_id}: n_used is more than n_expected"
