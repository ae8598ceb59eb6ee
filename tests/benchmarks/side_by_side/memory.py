"""Part ``memory``: peak memory against the number of figures."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

from tests.benchmarks.side_by_side.models import chosen_tool
from tests.benchmarks.side_by_side.pictures import SETS, TINY, prepare, write_protocol
from tests.benchmarks.side_by_side.processes import HERE, measure
from tests.benchmarks.side_by_side.report import Chart, Lines, Record, Table, grouped, median
from tests.benchmarks.side_by_side.settings import Settings, Work
from tests.benchmarks.side_by_side.tools import run_figbench

CHEAP = ("fd@efficientnet-lite0", "kd@efficientnet-lite0", "is@efficientnet-lite0")
COLD = "cold, EfficientNet-Lite0"
FIRST = "Inception rows stored, first scoring"
AGAIN = "Inception rows stored, again"
FROM, TO = 2000, 20000
"""The growth that is reported where both sizes ran."""
NOTE = (
    f"Noise of {TINY} px. *Cold* runs EfficientNet-Lite0 on every figure (FD, KD and IS); the "
    "other two score random InceptionV3 rows that a store holds (FID, KID and IS). "
    "Peak resident memory of the one process."
)


class Memory:
    """A real evaluation, and scoring alone."""

    rounds = 1
    n = 0

    @staticmethod
    def run(settings: Settings, work: Work) -> Iterator[Record]:
        tool = chosen_tool(settings)
        for turn in range(settings.rounds):
            for n in settings.sizes:
                here = Work(work.root / f"{turn}-{n}")
                here.root.mkdir()
                prepare(here, "tiny", n, TINY)
                cheap = write_protocol(here, CHEAP, "cheap")
                sets = write_protocol(here, SETS, "sets")
                named = {"round": turn, "n": n}
                found = run_figbench(tool, here, settings, "generated", cheap, "cold")
                yield {**named, "kind": COLD, **found}
                filled = [str(one) for one in (here.root, sets, here.root / "filled")]
                measure(f"{HERE}.stored", filled, here)
                usual = Settings(n, 1, device=settings.device)
                for kind in (FIRST, AGAIN):
                    found = run_figbench(
                        chosen_tool(usual), here, usual, "generated", sets, "filled"
                    )
                    yield {**named, "kind": kind, **found}
                shutil.rmtree(here.root)

    @staticmethod
    def tables(runs: list[Record]) -> list[Table]:
        kinds = grouped(runs, "kind")
        head = ["figures a side", *(f"{kind}: {what}" for kind in kinds for what in ("s", "MiB"))]
        rows = [
            [f"{n:,}", *(cell for kind in kinds for cell in _cells(some, kind))]
            for n, some in sorted(grouped(runs, "n").items())
        ]
        growth = [cell for some in kinds.values() for cell in ("", _growth(some))]
        rows.append([f"growth, {FROM:,} to {TO:,}", *growth])
        return [Table(head, rows, NOTE)]

    @staticmethod
    def chart(runs: list[Record]) -> Chart | None:
        series = {
            kind: [(n, median(mine, "peak_mib")) for n, mine in grouped(some, "n").items()]
            for kind, some in grouped(runs, "kind").items()
        }
        return Lines(series, "figures a side", "peak MiB", logarithmic=True)


def _cells(some: list[Record], kind: str) -> tuple[str, str]:
    mine = [one for one in some if one["kind"] == kind]
    if not mine:
        return "–", "–"
    return f"{median(mine):.1f}", f"{median(mine, 'peak_mib'):.0f}"


def _growth(some: list[Record]) -> str:
    sizes = grouped(some, "n")
    if FROM not in sizes or TO not in sizes:
        return "–"
    return f"{median(sizes[TO], 'peak_mib') / median(sizes[FROM], 'peak_mib') - 1:+.0%}"
