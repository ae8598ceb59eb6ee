"""Runs parts and writes ``PART.json``, ``PART.md`` and ``PART.svg`` into a folder.

Parts: cold, warm, models, changed, memory, workers, floor, neighbours, or all. ``--render``
writes tables and plots anew from the JSON that is there.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

from tests.benchmarks.side_by_side.changed import Changed
from tests.benchmarks.side_by_side.floor import Floor
from tests.benchmarks.side_by_side.machine import machine
from tests.benchmarks.side_by_side.memory import Memory
from tests.benchmarks.side_by_side.models import Models
from tests.benchmarks.side_by_side.neighbours import Neighbours
from tests.benchmarks.side_by_side.report import draw, markdown, write_json
from tests.benchmarks.side_by_side.settings import Settings, Work
from tests.benchmarks.side_by_side.tools import OURS, PEERS
from tests.benchmarks.side_by_side.whole import Cold, Warm
from tests.benchmarks.side_by_side.workers import Workers

PARTS: dict[str, Any] = {
    "cold": Cold,
    "warm": Warm,
    "models": Models,
    "changed": Changed,
    "memory": Memory,
    "workers": Workers,
    "floor": Floor,
    "neighbours": Neighbours,
}

AT_LEAST = 10
"""Figures on each side: IS has ten splits."""


def main(arguments: list[str] | None = None) -> None:
    """Runs the chosen parts one after another."""
    chosen = parser().parse_args(arguments)
    chosen.out.mkdir(parents=True, exist_ok=True)
    for name in PARTS if "all" in chosen.parts else chosen.parts:
        if not chosen.render:
            run_part(name, settings_of(name, chosen), chosen.out)
        render(name, chosen.out)


def parser() -> argparse.ArgumentParser:
    """Returns the command line."""
    made = argparse.ArgumentParser(
        prog="side_by_side", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    made.add_argument("parts", nargs="+", choices=[*PARTS, "all"], metavar="PART")
    made.add_argument("--out", type=Path, required=True, help="Folder for the results.")
    made.add_argument("--n", type=int, help="Figures on each side [default: the part's].")
    made.add_argument("--rounds", type=int, help="Turns of every tool [default: the part's].")
    made.add_argument("--side", type=int, default=512, choices=(256, 384, 512), help="Pixels.")
    made.add_argument("--device", default="cpu", choices=("cpu", "cuda"))
    made.add_argument("--engine", default="torch", choices=("torch", "openvino"),
                      help="figbench's, where a part runs it one way only.")  # fmt: skip
    made.add_argument("--precision", default="float32", choices=("float32", "bfloat16"))
    made.add_argument("--sizes", type=int, nargs="+", default=Settings.sizes,
                      help="Figures a side of the memory part.")  # fmt: skip
    made.add_argument("--models", type=int, default=10, help="Of the models part [default: 10].")
    made.add_argument("--peer", action="store_true", help="torch-fidelity for changed as well.")
    names = [one.name for one in (*PEERS, *OURS)]
    made.add_argument("--tools", nargs="+", default=(), choices=names, metavar="NAME",
                      help="Of cold, warm and floor: only these, as tables name them.")  # fmt: skip
    made.add_argument("--render", action="store_true", help="From the JSON that is there.")
    return made


def settings_of(name: str, chosen: argparse.Namespace) -> Settings:
    """Returns what was chosen, with the part's own defaults for the rest."""
    given = {one.name: getattr(chosen, one.name) for one in fields(Settings)}
    given |= {key: tuple(given[key]) for key in ("sizes", "tools")}
    for key in ("n", "rounds"):
        given[key] = getattr(PARTS[name], key) if given[key] is None else given[key]
    if 0 < given["n"] < AT_LEAST:
        raise SystemExit(f"--n {given['n']}: IS needs {AT_LEAST} figures.")
    return Settings(**given)


def run_part(name: str, settings: Settings, out: Path) -> None:
    """Runs a part in a folder of its own, which goes when it is done."""
    work = Work((out / f"work-{name}").resolve())
    shutil.rmtree(work.root, ignore_errors=True)
    work.root.mkdir()
    document: dict[str, Any] = {
        "part": name,
        "settings": asdict(settings),
        "machine": machine(settings.device),
        "runs": [],
    }
    try:
        for one in PARTS[name].run(settings, work):
            document["runs"].append(one)
            write_json(document, out / f"{name}.json")
            sys.stderr.write(f"{name}: {one}\n")
    finally:
        shutil.rmtree(work.root, ignore_errors=True)


def render(name: str, out: Path) -> None:
    """Writes a part's table and plot from its records."""
    document = json.loads((out / f"{name}.json").read_text())
    part = PARTS[name]
    tables = part.tables(document["runs"])
    (out / f"{name}.md").write_text(markdown(name, document, tables))
    chart = part.chart(document["runs"])
    if chart is not None:
        draw(chart, out / f"{name}.svg")


if __name__ == "__main__":
    main()
