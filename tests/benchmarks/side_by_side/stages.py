"""CPU seconds of each stage of ``offline``, of two versions of figbench taking turns.

::

    python -m tests.benchmarks.side_by_side.stages --before CHECKOUT --n 60 --rounds 5 --out DIR

``CHECKOUT`` is a checkout of the version to compare with (``git worktree add``). Each run is a new
process with an empty store and one thread; CPU seconds, and not seconds, since they depend less on
what else the machine does. Writes ``stages.json`` and ``stages.md``.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from tests.benchmarks.side_by_side.machine import machine
from tests.benchmarks.side_by_side.report import Table, markdown, spread, write_json

ROOT = Path(__file__).parents[3]
CHILD = """
import time
start = time.process_time()
import importlib, json, sys
from collections import defaultdict
cpu = defaultdict(float)
def timed(owner, name, stage):
    call = getattr(owner, name)
    def wrapper(*args, **kwargs):
        begun = time.process_time()
        try:
            return call(*args, **kwargs)
        finally:
            cpu[stage(*args) if callable(stage) else stage] += time.process_time() - begun
    setattr(owner, name, wrapper)
evaluation = importlib.import_module("figbench.evaluation.evaluate")
engine = importlib.import_module("figbench.evaluation.inference.engine")
timed(getattr(engine, "_Run", None) or engine._Work, "run", lambda work, task, batch: task.network)
timed(engine.Preparer, "prepare", "decoding and padding")
timed(evaluation, "prepare", "manifests and planning")
timed(evaluation, "score", "scoring")
timed(evaluation, "run_networks", "networks")
from figbench.evaluation.planning.options import Options
generated, reference, store = sys.argv[1:]
result = evaluation.evaluate(generated, reference, "offline", store=store,
                             options=Options(device="cpu", workers=0))
total = time.process_time() - start
inside = sum(value for stage, value in cpu.items()
             if stage not in ("networks", "manifests and planning", "scoring"))
cpu["imports and loading"] = total - inside - cpu["manifests and planning"] - cpu["scoring"]
del cpu["networks"]
values = {name: one.value for name, one in result.metrics.items() if one.value is not None}
json.dump({"total": total, "stages": cpu, "values": values}, sys.stdout)
"""
"""Wraps functions that both versions have."""


def main(arguments: list[str] | None = None) -> None:
    """Runs both versions in turns."""
    parser = argparse.ArgumentParser(prog="stages", description=__doc__.splitlines()[0])
    parser.add_argument("--before", type=Path, required=True, help="Checkout to compare with.")
    parser.add_argument("--n", type=int, default=60, help="Figures on each side.")
    parser.add_argument("--rounds", type=int, default=5, help="Turns of each version.")
    parser.add_argument("--side", type=int, default=512, help="Pixels.")
    parser.add_argument("--out", type=Path, required=True, help="Folder for the results.")
    chosen = parser.parse_args(arguments)
    chosen.out.mkdir(parents=True, exist_ok=True)
    document: dict[str, Any] = {
        "part": "stages",
        "settings": {"n": chosen.n, "rounds": chosen.rounds, "side": chosen.side},
        "machine": machine("cpu"),
        "runs": [],
    }
    with tempfile.TemporaryDirectory() as folder:
        draw(Path(folder), chosen.n, chosen.side)
        for turn in range(chosen.rounds):
            for version, checkout in (("before", chosen.before), ("after", ROOT)):
                run = {"version": version, "round": turn, **measure(checkout, Path(folder))}
                document["runs"].append(run)
                write_json(document, chosen.out / "stages.json")
                sys.stderr.write(f"{version} {turn}: {run['total']:.1f} s\n")
    (chosen.out / "stages.md").write_text(markdown("stages", document, tables(document)))


def tables(document: dict[str, Any]) -> list[Table]:
    """Returns the tables of a document that :func:`main` wrote."""
    return [table(document["runs"], document["settings"]["n"])]


def draw(folder: Path, n: int, side: int) -> None:
    """Writes SynthFig figures: ``reference`` and, of another seed, ``generated``."""
    from PIL import Image

    from figbench.images.preprocess import preprocess
    from figbench.synthfig import iter_synthfig

    for name, seed in (("reference", 17), ("generated", 18)):
        (folder / name).mkdir()
        for number, figure in enumerate(iter_synthfig(n, seed)):
            image = preprocess(figure.image, f"pad{side}", "bicubic")
            Image.fromarray(image).save(folder / name / f"f{number:05d}.png")


def measure(checkout: Path, folder: Path) -> dict[str, Any]:
    """Returns CPU seconds in all and by stage, and the values of the metrics."""
    variables = {
        **os.environ,
        "PYTHONPATH": str(checkout.resolve()),
        "OMP_NUM_THREADS": "1",
        "MKL_NUM_THREADS": "1",
    }
    with tempfile.TemporaryDirectory() as store:
        command = [sys.executable, "-c", CHILD, str(folder.resolve() / "generated")]
        done = subprocess.run(
            [*command, str(folder.resolve() / "reference"), store],
            env=variables,
            cwd=checkout,
            capture_output=True,
            text=True,
            check=False,
        )
    if done.returncode:
        raise SystemExit(f"{checkout} failed:\n{done.stderr[-2000:]}")
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def table(runs: list[dict[str, Any]], n: int) -> Table:
    """Returns CPU milliseconds per pair by stage, before and after, and the ratios of the turns.

    Args:
        runs: Of both versions.
        n: Figures on each side.
    """
    sides = {
        version: sorted(
            (run for run in runs if run["version"] == version), key=lambda run: run["round"]
        )
        for version in ("before", "after")
    }

    def line(name: str, values: dict[str, list[float]]) -> list[str]:
        ratios = [a / b for a, b in zip(values["before"], values["after"], strict=False) if b]
        cells = [f"{1000 * statistics.median(values[version]) / n:.1f}" for version in sides]
        return [name, *cells, spread(ratios, 2) if ratios else "–"]

    names = sorted(
        {stage for run in runs for stage in run["stages"]},
        key=lambda stage: -max(run["stages"].get(stage, 0.0) for run in runs),
    )
    rows = [
        line(
            name,
            {v: [run["stages"].get(name, 0.0) for run in some] for v, some in sides.items()},
        )
        for name in names
    ]
    rows.append(line("in all", {v: [run["total"] for run in some] for v, some in sides.items()}))
    differing = ", ".join(f"`{name}` {value:.0e}" for name, value in deviations(sides).items())
    note = f"CPU milliseconds per pair; {n} pairs, cold, one thread. Relative differences of "
    note += f"metrics between both versions: {differing or 'none'}; all others are equal."
    return Table(("stage", "before", "after", "before / after"), rows, note)


def deviations(sides: dict[str, list[dict[str, Any]]]) -> dict[str, float]:
    """Returns the relative difference of each metric that differs between the first runs.

    A metric that one version lacks differs by infinity.
    """
    if not all(sides.values()):
        return {}
    before, after = (some[0]["values"] for some in sides.values())
    lacking = dict.fromkeys(before.keys() ^ after.keys(), float("inf"))
    common = {
        name: abs(after[name] - value) / max(abs(value), 1e-12)
        for name, value in before.items()
        if name in after
    }
    return lacking | {name: value for name, value in common.items() if value > 1e-12}


if __name__ == "__main__":
    main()
