"""Part ``models``: ten models on one reference, one after another on one store."""

from __future__ import annotations

from collections.abc import Iterator
from statistics import median as middle

from tests.benchmarks.side_by_side.pictures import (
    EVERYTHING,
    SETS,
    prepare,
    write_protocol,
)
from tests.benchmarks.side_by_side.report import Chart, Lines, Record, Table, grouped
from tests.benchmarks.side_by_side.settings import Settings, Work
from tests.benchmarks.side_by_side.tools import FIDELITY, OURS, Tool, run_figbench, run_peer

FULL = "figbench, FID IS KID OCR-SIM labels"
NETWORK = "figbench, FID IS KID"
PEER = "torch-fidelity, FID IS KID, reference cached"
NOTE = (
    "Every run is a process of its own, start-up included. Model k is the reference's scenes "
    "redrawn in another hand. Label fidelity by RapidOCR; OCR-SIM compares each model with the "
    "reference."
)


class Models:
    """What each further model costs."""

    rounds = 1
    n = 48

    @staticmethod
    def run(settings: Settings, work: Work) -> Iterator[Record]:
        prepare(work, "models", settings.n, settings.side, settings.models)
        tool = chosen_tool(settings)
        protocols = {
            FULL: write_protocol(work, EVERYTHING, "full"),
            NETWORK: write_protocol(work, SETS, "network"),
        }
        for turn in range(settings.rounds):
            for k in range(settings.models):
                named = {"round": turn, "model": k + 1}
                for name, protocol in protocols.items():
                    store = f"store-{turn}-{protocol.stem}"
                    found = run_figbench(tool, work, settings, f"model-{k}", protocol, store)
                    yield {**named, **found, "tool": name}
                cache = str(work.root / f"cache-{turn}")
                found = run_peer(FIDELITY, work, f"model-{k}", settings.device, cache)
                yield {**named, **found, "tool": PEER}

    @staticmethod
    def tables(runs: list[Record]) -> list[Table]:
        head = ["model", *(f"{name}: s" for name in grouped(runs))]
        head += ["ratio to model 1", "rows computed"]
        rows = [_row(k, runs) for k in grouped(runs, "model")]
        further = sorted({k for k in grouped(runs, "model") if k > 1})
        means = [_mean_ratio(name, further, runs) for name in grouped(runs)]
        rows.append(["2 and on, median / model 1", *means, "", ""])
        note = f"{NOTE} Ratio and rows are of '{FULL}'."
        return [Table(head, rows, note)]

    @staticmethod
    def chart(runs: list[Record]) -> Chart | None:
        series = {
            name: [(k, _seconds(name, k, runs)) for k in grouped(mine, "model")]
            for name, mine in grouped(runs).items()
        }
        return Lines(series, "model", "seconds, whole command")


def chosen_tool(settings: Settings) -> Tool:
    """The way of running figbench that the settings name."""
    wanted = (settings.engine, settings.precision)
    return next(one for one in OURS if (one.engine, one.precision) == wanted)


def _seconds(name: str, k: int, runs: list[Record]) -> float:
    return middle(one["seconds"] for one in runs if (one["tool"], one["model"]) == (name, k))


def _row(k: int, runs: list[Record]) -> list[str]:
    names = list(grouped(runs))
    mine = [one for one in runs if one["model"] == k]
    done = {one["tool"] for one in mine}
    cells = [f"{_seconds(name, k, runs):.1f}" if name in done else "–" for name in names]
    ratio = _seconds(names[0], k, runs) / _seconds(names[0], 1, runs)
    computed = next(one.get("computed", "–") for one in mine if one["tool"] == names[0])
    return [str(k), *cells, f"{ratio:.0%}", str(computed)]


def _mean_ratio(name: str, further: list[int], runs: list[Record]) -> str:
    done = {one["model"] for one in runs if one["tool"] == name}
    values = [_seconds(name, k, runs) / _seconds(name, 1, runs) for k in further if k in done]
    return f"{middle(values):.0%}" if values else "–"
