"""``figbench leaderboard init``: a new board from a finished run."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import yaml

from figbench.errors import UserError
from figbench.io.atomic import write_text_atomic
from figbench.leaderboard.entries import BOARD_NAME, ENTRIES, Board
from figbench.metrics.names import expand, headline
from figbench.results.files import load_result

MOST_METRICS = 6


def init_board(
    folder: Path, run: Path, *, title: str, metrics: Sequence[str] | None = None
) -> Board:
    """Writes ``board.yaml`` with the protocol, prompts and metrics of a run, and returns it.

    Args:
        folder: New or empty folder.
        run: Folder of a finished run against the board's reference, or its result file.
        title: Heading of the page.
        metrics: Columns, the first of which sorts; None for the run's headline metrics.

    Raises:
        UserError: If the folder holds a board, or the run lacks a metric.
    """
    target = folder / BOARD_NAME
    if target.exists():
        raise UserError(f"{target}: already there.", remedy="Choose another folder, or edit it.")
    result = load_result(run)
    scored = [name for name, metric in result.metrics.items() if metric.value is not None]
    columns = headline(scored)[:MOST_METRICS] if metrics is None else expand(metrics)
    absent = [name for name in columns if name not in scored]
    if absent or not columns:
        raise UserError(
            f"{run}: no value of {', '.join(absent) or 'any headline metric'}.",
            remedy=f"It has: {', '.join(scored) or 'none'}.",
        )
    board = Board(
        title=title,
        dataset=Path(result.manifests.reference.source).name,
        protocol=result.protocol.id,
        protocol_hash=result.protocol.hash,
        prompts_digest=result.manifests.reference.prompts_digest,
        metrics=columns,
    )
    text = yaml.safe_dump(board.model_dump(exclude_defaults=True), sort_keys=False, width=88)
    (folder / ENTRIES).mkdir(parents=True, exist_ok=True)
    write_text_atomic(target, text)
    return board
