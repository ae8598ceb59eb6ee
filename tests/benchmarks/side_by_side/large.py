"""Large sets: CPU time per figure and memory of manifests, pairing, planning and scoring.

::

    python -m tests.benchmarks.side_by_side.large --sizes 2000 20000 100000 --out DIR

Noise of 32 px on both sides and metrics that need no network (SSIM and validity), so that what
remains is the work per figure of figbench itself. Each size runs in a new process with an empty
store. Writes ``large.json`` and ``large.md``.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from tests.benchmarks.side_by_side.machine import machine
from tests.benchmarks.side_by_side.pictures import draw_tiny
from tests.benchmarks.side_by_side.report import Table, markdown, write_json

PROTOCOL = """id: large
version: 1
preprocess: none
metrics: [{metric: ssim}, {metric: validity}]
"""
CHILD = """
import json, os, resource, sys
def used():
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system
start = used()
import importlib
evaluation = importlib.import_module("figbench.evaluation.evaluate")
prepare_module = importlib.import_module("figbench.evaluation.planning.prepare")
from figbench.evaluation.planning.options import Options
stages, last = {}, used()
def timed(owner, name, stage):
    call = getattr(owner, name)
    def wrapper(*args, **kwargs):
        begun = used()
        try:
            return call(*args, **kwargs)
        finally:
            stages[stage] = stages.get(stage, 0.0) + used() - begun
    setattr(owner, name, wrapper)
timed(prepare_module, "load_inputs", "manifests and pairing")
timed(prepare_module, "make_plan", "planning")
timed(prepare_module, "build_workload", "workload")
timed(evaluation, "run_networks", "networks")
timed(evaluation, "score", "scoring")
imports = used() - start
folder, protocol, store = sys.argv[1:]
evaluation.evaluate(folder + "/generated", folder + "/reference", protocol, store=store,
                    options=Options(device="cpu", workers=1))
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
json.dump({"stages": stages, "total": used() - start - imports, "peak_mib": peak}, sys.stdout)
"""


def main(arguments: list[str] | None = None) -> None:
    """Runs every size once."""
    parser = argparse.ArgumentParser(prog="large", description=__doc__.splitlines()[0])
    parser.add_argument("--sizes", type=int, nargs="+", default=[2_000, 20_000, 100_000])
    parser.add_argument("--out", type=Path, required=True, help="Folder for the results.")
    chosen = parser.parse_args(arguments)
    chosen.out.mkdir(parents=True, exist_ok=True)
    document: dict[str, Any] = {
        "part": "large",
        "settings": {"sizes": chosen.sizes},
        "machine": machine("cpu"),
        "runs": [],
    }
    for n in chosen.sizes:
        with tempfile.TemporaryDirectory() as folder:
            draw_tiny(Path(folder), n, 32)
            protocol = Path(folder) / "large.yaml"
            protocol.write_text(PROTOCOL)
            document["runs"].append({"n": n, **measure(Path(folder), protocol)})
        write_json(document, chosen.out / "large.json")
    (chosen.out / "large.md").write_text(markdown("large", document, tables(document)))


def measure(folder: Path, protocol: Path) -> dict[str, Any]:
    """Returns CPU seconds by stage and the peak of memory of one evaluation."""
    with tempfile.TemporaryDirectory() as store:
        done = subprocess.run(
            [sys.executable, "-c", CHILD, str(folder), str(protocol), store],
            env={**os.environ, "OMP_NUM_THREADS": "1"},
            capture_output=True,
            text=True,
            check=False,
        )
    if done.returncode:
        raise SystemExit(f"large: failed:\n{done.stderr[-2000:]}")
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def tables(document: dict[str, Any]) -> list[Table]:
    """Returns CPU milliseconds per pair by stage, one column a size."""
    runs = document["runs"]
    stages = list(runs[0]["stages"]) if runs else []
    rows = [
        [stage, *(f"{1000 * run['stages'][stage] / run['n']:.2f}" for run in runs)]
        for stage in stages
    ]
    rows.append(["in all", *(f"{1000 * run['total'] / run['n']:.2f}" for run in runs)])
    rows.append(["peak, MiB", *(f"{run['peak_mib']:.0f}" for run in runs)])
    head = ("stage", *(f"{run['n']:,} pairs" for run in runs))
    note = "CPU milliseconds per pair of noise of 32 px, cold; the peak is the main process's."
    return [Table(head, rows, note)]


if __name__ == "__main__":
    main()
