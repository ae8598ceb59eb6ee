"""Part ``changed``: one image of n is another; what a second scoring costs."""

from __future__ import annotations

from collections.abc import Iterator

from tests.benchmarks.side_by_side.models import chosen_tool
from tests.benchmarks.side_by_side.pictures import SETS, prepare, touch_one, write_protocol
from tests.benchmarks.side_by_side.processes import measure
from tests.benchmarks.side_by_side.report import Bars, Chart, Record, Table, grouped, median, spread
from tests.benchmarks.side_by_side.settings import Settings, Work
from tests.benchmarks.side_by_side.tools import FIDELITY, run_figbench, run_peer

PEER_UP_TO = 300
"""Figures a side above which torch-fidelity runs only when asked for: it computes a side anew."""
STARTING = 2
"""Figures of the run that is all start-up: FID needs two; IS, of the same network, needs ten."""
NOTE = (
    "FID, IS and KID, whole commands. *Start-up* is FID of 2 figures a side, cold: imports, the "
    "network's loading and compiling, and next to no work. *Warm* is the command again with "
    "nothing changed; it loads no network."
)


class Changed:
    """Cold once; then in turns: start-up alone, nothing changed, one image changed."""

    rounds = 3
    n = 2000

    @staticmethod
    def run(settings: Settings, work: Work) -> Iterator[Record]:
        prepare(work, "pair", settings.n, settings.side)
        small = Work(work.root / "small")
        small.root.mkdir()
        prepare(small, "pair", STARTING, settings.side)
        protocol, fid = write_protocol(work, SETS), write_protocol(work, SETS[:1], "start-up")
        tool = chosen_tool(settings)
        peer = settings.peer or settings.n <= PEER_UP_TO

        def ours(store: str) -> Record:
            return run_figbench(tool, work, settings, "generated", protocol, store)

        def start(store: str) -> Record:
            return run_figbench(tool, small, settings, "generated", fid, store)

        def theirs() -> Record:
            cache = str(work.root / "cache")
            return run_peer(FIDELITY, work, "generated", settings.device, cache)

        yield {"step": "cold", "round": 0, **ours("store")}
        if peer:
            yield {"step": "cold", "round": 0, **theirs()}
        for turn in range(settings.rounds):
            version = measure("figbench", ["--version"], work).record()
            yield {"step": "--version", "round": turn, "tool": tool.name, **version}
            yield {"step": "start-up", "round": turn, **start(f"store-{turn}")}
            yield {"step": "warm", "round": turn, **ours("store")}
            touch_one(work.root / "generated", turn)
            yield {"step": "one changed", "round": turn, **ours("store")}
            if peer:
                yield {"step": "one changed", "round": turn, **theirs()}

    @staticmethod
    def tables(runs: list[Record]) -> list[Table]:
        rows = [
            [tool, step, f"{median(mine):.2f}", _stages(mine), _computed(mine)]
            for tool, some in grouped(runs).items()
            for step, mine in grouped(some, "step").items()
        ]
        head = ("tool", "run", "s", "reading / networks / scoring, s", "rows computed")
        return [Table(head, rows, NOTE), _shares(runs)]

    @staticmethod
    def chart(runs: list[Record]) -> Chart | None:
        values = {
            f"{tool}: {step}": median(mine)
            for tool, some in grouped(runs).items()
            for step, mine in grouped(some, "step").items()
            if step != "cold"
        }
        return Bars(values, "seconds, whole command") if values else None


def _shares(runs: list[Record]) -> Table:
    rows = []
    for tool, some in grouped(runs).items():
        steps = grouped(some, "step")
        if "one changed" not in steps:
            continue
        cold, changed = median(steps["cold"]), steps["one changed"]
        whole = [one["seconds"] / cold for one in changed]
        cells = [spread([100 * one for one in whole], 1)]
        for less in ("warm", "start-up"):
            before = {one["round"]: one["seconds"] for one in steps.get(less, [])}
            rest = [(o["seconds"] - before[o["round"]]) / cold for o in changed if before]
            cells.append(spread([100 * one for one in rest], 1))
        rows.append([tool, *cells])
    head = ("tool", "changed / cold, %", "(changed - warm) / cold, %",
            "(changed - start-up) / cold, %")  # fmt: skip
    return Table(head, rows)


def _stages(mine: list[Record]) -> str:
    if "stages" not in mine[0]:
        return "–"
    stages = [one["stages"] for one in mine]
    names = ("manifests", "extract", "score")
    return " / ".join(f"{median(stages, name):.2f}" for name in names)


def _computed(mine: list[Record]) -> str:
    return str(mine[-1].get("computed", "–"))
