"""Part ``neighbours``: precision, recall, density and coverage beside the package prdc."""

from __future__ import annotations

import contextlib
import io
import time
from collections.abc import Iterator
from importlib.util import find_spec
from typing import Any

import numpy as np

from tests.benchmarks.side_by_side.report import (
    Bars,
    Chart,
    Record,
    Table,
    grouped,
    median,
    ratios,
    spread,
)
from tests.benchmarks.side_by_side.settings import Settings, Work

PEER, OWN = "prdc", "figbench, with intervals"
WIDTH = 2048
NEIGHBOURS = 5
NOTE = (
    "Normal random features of 2,048 numbers, the same for both, in one process; the tools take "
    "turns. Five neighbours for all four metrics. figbench's time has the 95% intervals in it. "
    "*Deviation* is the largest difference of a metric from prdc's."
)


class Neighbours:
    """The same features, seconds in turns."""

    rounds = 5
    n = 2000

    @staticmethod
    def run(settings: Settings, work: Work) -> Iterator[Record]:
        rng = np.random.default_rng(0)
        sets = [rng.normal(mean, 1, (settings.n, WIDTH)).astype(np.float32) for mean in (0.0, 0.02)]
        if find_spec("prdc") is None:
            yield {"tool": PEER, "round": 0, "missing": "not installed"}
        for turn in range(settings.rounds):
            for name, compute in ((PEER, of_prdc), (OWN, of_figbench)):
                if name == PEER and find_spec("prdc") is None:
                    continue
                start = time.perf_counter()
                values = compute(*sets)
                seconds = time.perf_counter() - start
                yield {"tool": name, "round": turn, "seconds": seconds, "values": values}

    @staticmethod
    def tables(runs: list[Record]) -> list[Table]:
        tools = grouped(runs)
        peer = [run for run in tools.get(PEER, []) if "missing" not in run]
        rows = [_row(name, mine, peer) for name, mine in tools.items()]
        return [Table(("tool", "s", "prdc / tool", "deviation"), rows, NOTE)]

    @staticmethod
    def chart(runs: list[Record]) -> Chart | None:
        tools = grouped(runs)
        values = {name: median(mine) for name, mine in tools.items() if "missing" not in mine[0]}
        return Bars(values, "seconds") if values else None


def of_prdc(reference: Any, generated: Any) -> dict[str, float]:
    """Returns the four metrics by the package prdc."""
    import prdc

    with contextlib.redirect_stdout(io.StringIO()):
        found = prdc.compute_prdc(reference, generated, nearest_k=NEIGHBOURS)
    return {name: float(value) for name, value in found.items()}


def of_figbench(reference: Any, generated: Any) -> dict[str, float]:
    """Returns the four metrics by figbench."""
    from figbench.functional import precision_recall_density_coverage

    scores = precision_recall_density_coverage(
        generated, reference, k_balls=NEIGHBOURS, k_density=NEIGHBOURS
    )
    return {name: float(score.value) for name, score in scores.items() if score.value is not None}


def _row(name: str, mine: list[Record], peer: list[Record]) -> list[str]:
    if "missing" in mine[0]:
        return [name, mine[0]["missing"], "", ""]
    differences = (
        [abs(value - peer[0]["values"][metric]) for metric, value in mine[0]["values"].items()]
        if peer
        else []
    )
    deviation = f"{max(differences):.0e}" if differences and max(differences) else "0"
    return [name, f"{median(mine):.1f}", spread(ratios(peer, mine)), deviation]
