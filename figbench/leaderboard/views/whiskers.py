"""Small inline pictures for table cells: a bar with its interval on the column's axis."""

from __future__ import annotations

from collections.abc import Sequence

from figbench.leaderboard.views.board_rows import BoardRow
from figbench.pages.whiskers import Scale, scale_of, whisker

__all__ = ["scales", "whisker"]


def scales(metric_ids: Sequence[str], rows: Sequence[BoardRow]) -> dict[str, Scale]:
    """Returns the axis of each metric: 0 to 1 for shares, else from 0 over the models' intervals.

    Baselines do not stretch an axis, so that a blank page does not squeeze the models; without
    a ranked model all rows count.
    """
    models = [row for row in rows if row.named.entry.role == "model"] or list(rows)
    judged = {name for row in models for name in row.named.entry.judged}
    return {
        metric_id: (0.0, 1.0)
        if metric_id in judged
        else scale_of(metric_id, [row.metric(metric_id) for row in models])
        for metric_id in metric_ids
    }
