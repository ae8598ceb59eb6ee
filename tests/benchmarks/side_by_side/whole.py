"""Parts ``cold`` and ``warm``: FID, IS and KID of a whole command against torch-fidelity's."""

from __future__ import annotations

from collections.abc import Iterator
from statistics import median as middle
from typing import Any

from tests.benchmarks.side_by_side.pictures import SETS, prepare, write_protocol
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
from tests.benchmarks.side_by_side.tools import FIDELITY, ours_on, peers, run_figbench, run_peer

NOTE = (
    "Every run is a process of its own, start-up included, the tools taking turns; medians over "
    "the rounds, ratios taken round by round. One file of seeded random Inception weights for all. "
    "pytorch-fid, clean-fid and torchmetrics compute FID only. The first two have resizes of their "
    "own, which is their deviation; clean-fid's network is replaced by torch-fidelity's, and it "
    "resizes with Pillow's bicubic filter. Peak MiB is of the process itself; the largest worker "
    "process is listed next to it."
)


class Cold:
    """Nothing stored: pictures from disk through the network to the scores."""

    rounds = 3
    n = 300

    @staticmethod
    def run(settings: Settings, work: Work) -> Iterator[Record]:
        prepare(work, "pair", settings.n, settings.side)
        protocol = write_protocol(work, SETS)
        for turn in range(settings.rounds):
            for tool in peers(settings):
                found = run_peer(tool, work, "generated", settings.device)
                yield {"round": turn, **found}
            for tool in ours_on(settings):
                store = f"store-{turn}-{tool.name}"
                found = run_figbench(tool, work, settings, "generated", protocol, store)
                yield {"round": turn, **found}

    @staticmethod
    def tables(runs: list[Record]) -> list[Table]:
        return [whole_table(runs)]

    @staticmethod
    def chart(runs: list[Record]) -> Chart | None:
        return whole_chart(runs)


class Warm:
    """The same command again; torch-fidelity has both sides' features cached by name as well."""

    rounds = 3
    n = 300

    @staticmethod
    def run(settings: Settings, work: Work) -> Iterator[Record]:
        prepare(work, "pair", settings.n, settings.side)
        protocol = write_protocol(work, SETS)
        cache = str(work.root / "cache")
        # Round -1 fills caches and stores.
        for turn in range(-1, settings.rounds):
            if turn >= 0:
                yield {"round": turn, **run_peer(FIDELITY, work, "generated", settings.device)}
            found = run_peer(FIDELITY, work, "generated", settings.device, cache, "generated")
            yield {"round": turn, **found, "tool": "torch-fidelity, both sides cached by name"}
            for tool in ours_on(settings):
                store = f"store-{tool.name}"
                found = run_figbench(tool, work, settings, "generated", protocol, store)
                yield {"round": turn, **found}

    @staticmethod
    def tables(runs: list[Record]) -> list[Table]:
        return [whole_table(_timed(runs))]

    @staticmethod
    def chart(runs: list[Record]) -> Chart | None:
        return whole_chart(_timed(runs))


def _timed(runs: list[Record]) -> list[Record]:
    return [one for one in runs if one["round"] >= 0]


def whole_table(runs: list[Record]) -> Table:
    """One row per tool with its ratio to torch-fidelity."""
    tools = grouped(runs)
    peer = tools.get(FIDELITY.name, [])
    rows = [_row(name, mine, peer) for name, mine in tools.items()]
    head = ("tool", "s", "torch-fidelity / tool", "peak MiB", "largest child", "FID deviation")
    return Table(head, rows, NOTE)


def _row(name: str, mine: list[Record], peer: list[Record]) -> list[str]:
    missing = next((one["missing"] for one in mine if "missing" in one), "")
    if missing:
        return [name, missing, "", "", "", ""]
    deviation = abs(mine[0]["fid"] / peer[0]["fid"] - 1) if peer else float("nan")
    return [
        name,
        f"{median(mine):.1f}",
        spread(ratios(peer, mine)),
        f"{max(one['peak_mib'] for one in mine)}",
        f"{max(one['child_mib'] for one in mine) or '–'}",
        f"{deviation:.0e}" if deviation else "0",
    ]


def whole_chart(runs: list[Record]) -> Chart | None:
    """Bars of the ratios."""
    tools = grouped(one for one in runs if "missing" not in one)
    peer = tools.get(FIDELITY.name, [])
    found: dict[str, Any] = {name: ratios(peer, mine) for name, mine in tools.items()}
    values = {name: middle(some) for name, some in found.items() if some}
    return Bars(values, "times torch-fidelity's speed (whole command)", 1.0) if values else None
