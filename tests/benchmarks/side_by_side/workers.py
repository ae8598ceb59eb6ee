"""Part ``workers``: one single-threaded worker against two, under torchrun and on Ray."""

from __future__ import annotations

import statistics
from collections.abc import Iterator

from tests.benchmarks.side_by_side.models import chosen_tool
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
from tests.benchmarks.side_by_side.scaling import KINDS, machine_scaling
from tests.benchmarks.side_by_side.settings import Settings, Work
from tests.benchmarks.side_by_side.tools import Tool, run_figbench

TORCHRUN = ("torch.distributed.run", "--standalone", "--nproc_per_node", "2", "-m")
RAY = ("--executor", "ray", "--ray-address", "local", "--ray-workers")
ONE = "one process"
WAYS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    ONE: ((), ()),
    "two under torchrun": (TORCHRUN, ()),
    "one Ray worker": ((), (*RAY, "1")),
    "two Ray workers": ((), (*RAY, "2")),
}
PEER_OF = {"two under torchrun": ONE, "two Ray workers": "one Ray worker"}
MACHINE = "this machine: two processes of "
NOTE = (
    "FID, IS, KID and OCR-SIM; every process single-threaded (OMP_NUM_THREADS=1, no decoding "
    "threads), every run with a store of its own, the ways taking turns. Ratios are to one worker "
    "of the same kind, round by round; *networks* is the stage that is divided, with loading them. "
    "*Deviation* is the largest relative difference of any score from that of one process."
)


class Workers:
    """The same cold evaluation in four ways, beside what the machine gives to two processes."""

    rounds = 3
    n = 48

    @staticmethod
    def run(settings: Settings, work: Work) -> Iterator[Record]:
        prepare(work, "pair", settings.n, settings.side)
        protocol = write_protocol(work, (*SETS, "ocr_sim"))
        single = Work(work.root, {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"})
        tool = chosen_tool(settings)
        for turn in range(settings.rounds):
            for kind in KINDS:
                found = machine_scaling(single, kind)
                yield {"round": turn, "way": f"{MACHINE}{kind}", **found}
            for way, (launcher, more) in WAYS.items():
                if "Ray" in way and Tool(way, "ray").missing(settings.device):
                    yield {"round": turn, "way": way, "missing": "Ray is not installed"}
                    continue
                store = f"store-{turn}-{way}"
                options = ("--workers", "0", *more)
                found = run_figbench(
                    tool, single, settings, "generated", protocol, store, options, launcher
                )
                yield {"round": turn, "way": way, "networks": found["stages"]["extract"], **found}

    @staticmethod
    def tables(runs: list[Record]) -> list[Table]:
        ways = grouped(runs, "way")
        rows = [_row(way, mine, ways) for way, mine in ways.items()]
        head = ("", "networks, s", "times one worker", "whole command, s", "times one worker",
                "deviation")  # fmt: skip
        return [Table(head, rows, NOTE)]

    @staticmethod
    def chart(runs: list[Record]) -> Chart | None:
        ways = grouped(runs, "way")
        values = {}
        for way, mine in ways.items():
            if way.startswith(MACHINE):
                values[way] = median(mine, "times")
            elif _comparable(way, ways):
                values[f"{way}: networks"] = middle(way, ways, "networks")
                values[f"{way}: whole command"] = middle(way, ways, "seconds")
        return Bars(values, "times one worker's speed", 1.0) if values else None


def middle(way: str, ways: dict[str, list[Record]], key: str) -> float:
    """Returns the median ratio of one worker's time to that of two."""
    return statistics.median(ratios(ways[PEER_OF[way]], ways[way], key))


def _comparable(way: str, ways: dict[str, list[Record]]) -> bool:
    peer = PEER_OF.get(way, "")
    return peer in ways and not any("missing" in one for one in (*ways[way], *ways[peer]))


def _row(way: str, mine: list[Record], ways: dict[str, list[Record]]) -> list[str]:
    if "missing" in mine[0]:
        return [way, mine[0]["missing"], "", "", "", ""]
    if way.startswith(MACHINE):
        return [way, "", spread([one["times"] for one in mine]), "", "", ""]
    peer = ways[PEER_OF[way]] if _comparable(way, ways) else []
    return [
        way,
        f"{median(mine, 'networks'):.1f}",
        spread(ratios(peer, mine, "networks")),
        f"{median(mine):.1f}",
        spread(ratios(peer, mine)),
        f"{deviation(ways[ONE][0]['values'], [one['values'] for one in mine]):.0e}",
    ]


def deviation(expected: dict[str, float], found: list[dict[str, float]]) -> float:
    """Returns the largest relative difference of a score; a score that is absent is infinite."""
    return max(
        abs(values.get(name, float("inf")) - score) / (abs(score) or 1)
        for values in found
        for name, score in expected.items()
    )
