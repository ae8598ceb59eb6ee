"""Seconds that each metric takes, from two runs of different size on an empty store."""

from __future__ import annotations

import shutil
import time
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from figbench.evaluation import evaluate
from figbench.evaluation.planning.options import Options
from figbench.protocol import Protocol

FEW, MANY = 4, 12


def measured_costs(
    figures: Path, reference: Path, protocol: Protocol, metrics: Sequence[str] | None
) -> dict[str, float]:
    """Returns seconds per 1,000 generated figures by output id, measured on this machine.

    Each metric runs alone on 4 and on 12 figures with a store that has the references and no
    generated figure; the difference over 8 is the cost of one figure, loading left out.

    Args:
        figures: At least 12 generated figures, one file each.
        reference: Their references.
        protocol: Whose metrics are timed.
        metrics: Requests among the protocol's; None for all.
    """
    paths = sorted(path for path in figures.iterdir() if path.suffix in (".png", ".jpg"))[:MANY]
    costs: dict[str, float] = {}
    options = Options(skip_unavailable=True, allow_unpaired=True)
    for request in protocol.metrics:
        if len(paths) < MANY or (metrics and request.metric not in metrics):
            continue
        with TemporaryDirectory() as folder:
            root = Path(folder)
            seconds = []
            for count in (1, FEW, MANY):
                subset, store = root / f"n{count}", root / f"store{count}"
                subset.mkdir()
                if count > 1:
                    shutil.copytree(root / "store1", store)
                for path in paths[-count:] if count == 1 else paths[:count]:
                    shutil.copy(path, subset / path.name)
                started = time.perf_counter()
                result = evaluate(
                    subset, reference, protocol, [request.metric], store=store, options=options
                )
                seconds.append(time.perf_counter() - started)
            rate = max(seconds[2] - seconds[1], 0.0) / (MANY - FEW) * 1000
        costs |= {output: round(rate, 1) for output in result.metrics}
    return costs
