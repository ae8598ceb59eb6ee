"""CPU seconds of each stage of ``offline``, of two versions of figbench taking turns.

::

    python -m tests.benchmarks.side_by_side.stages --before CHECKOUT --n 100 --rounds 3 --out DIR

``CHECKOUT`` is a checkout of the version to compare with (``git worktree add``). In each round both
versions run at the same time, each in a new process with an empty store and one thread, and take
turns: after every eight figures whose labels were read a process waits until the other has read as
many. Whatever else the machine does then slows down both alike. CPU seconds are counted, and not
seconds. Writes ``stages.json`` and ``stages.md``.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from tests.benchmarks.side_by_side.machine import machine
from tests.benchmarks.side_by_side.report import Table, markdown, spread, write_json

ROOT = Path(__file__).parents[3]
TURN = 8
"""Figures whose labels a version reads before it is the other one's turn."""
CHILD = """
import time
start = time.process_time()
import importlib, json, sys, threading
from collections import defaultdict
def wait():
    print("turn", flush=True)
    sys.stdin.readline()
wait()
cpu, ahead, lock = defaultdict(float), [0.0], threading.Lock()
def timed(owner, name, stage):
    call = getattr(owner, name)
    def wrapper(*args, **kwargs):
        begun, beside = time.process_time(), ahead[0]
        try:
            return call(*args, **kwargs)
        finally:
            cpu[stage(*args) if callable(stage) else stage] += (
                time.process_time() - begun - (ahead[0] - beside))
    setattr(owner, name, wrapper)
def timed_thread(owner, name, stage):
    call = getattr(owner, name)
    def wrapper(*args, **kwargs):
        begun = time.thread_time()
        try:
            return call(*args, **kwargs)
        finally:
            with lock:
                ahead[0] += time.thread_time() - begun
    setattr(owner, name, wrapper)
class Turns:
    read, due = 0, int(sys.argv[4])
def taking_turns(owner, name):
    call, turns = getattr(owner, name), Turns()
    def wrapper(self, task, batch):
        figures = len(batch) if task.network == "rapidocr" else 0
        call(self, task, batch)
        turns.read += figures
        if turns.read >= turns.due:
            wait()
            turns.due += int(sys.argv[4])
    setattr(owner, name, wrapper)
evaluation = importlib.import_module("figbench.evaluation.evaluate")
engine = importlib.import_module("figbench.evaluation.inference.engine")
owner = getattr(engine, "_Run", None) or engine._Work
timed(owner, "run", lambda work, task, batch: task.network)
taking_turns(owner, "run")
timed_thread(engine.Preparer, "prepare", "decoding and padding")
timed(evaluation, "prepare", "manifests and planning")
timed(evaluation, "score", "scoring")
from figbench.evaluation.planning.options import Options
generated, reference, store = sys.argv[1:4]
result = evaluation.evaluate(generated, reference, "offline", store=store,
                             options=Options(device="cpu", workers=0))
total = time.process_time() - start
cpu["decoding and padding"] = ahead[0]
cpu["imports and loading"] = total - sum(cpu.values())
values = {name: one.value for name, one in result.metrics.items() if one.value is not None}
print(json.dumps({"total": total, "stages": cpu, "values": values}), flush=True)
"""
"""Wraps functions that both versions have."""


def main(arguments: list[str] | None = None) -> None:
    """Runs both versions in turns."""
    parser = argparse.ArgumentParser(prog="stages", description=__doc__.splitlines()[0])
    parser.add_argument("--before", type=Path, required=True, help="Checkout to compare with.")
    parser.add_argument("--n", type=int, default=100, help="Figures on each side.")
    parser.add_argument("--rounds", type=int, default=3, help="Runs of each version.")
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
            checkouts = {"before": chosen.before, "after": ROOT}
            for version, run in measure(checkouts, Path(folder)).items():
                document["runs"].append({"version": version, "round": turn, **run})
                sys.stderr.write(f"{version} {turn}: {run['total']:.1f} s\n")
            write_json(document, chosen.out / "stages.json")
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


def measure(checkouts: dict[str, Path], folder: Path) -> dict[str, dict[str, Any]]:
    """Returns for each version CPU seconds in all and by stage, and the values of the metrics.

    Args:
        checkouts: Of each version; they run at the same time and take turns.
        folder: Folder with ``generated`` and ``reference``.
    """
    results: dict[str, dict[str, Any]] = {}
    with tempfile.TemporaryDirectory() as scratch, ExitStack() as stack:
        running = {
            version: stack.enter_context(_Child(checkout, folder, Path(scratch) / version))
            for version, checkout in checkouts.items()
        }
        while running:
            for version, child in list(running.items()):
                done = child.turn()
                if done is not None:
                    results[version] = done
                    del running[version]
    return results


class _Child:
    """A process that evaluates with one version, a turn at a time; as a context it ends there."""

    def __init__(self, checkout: Path, folder: Path, scratch: Path) -> None:
        scratch.mkdir()
        self._checkout = checkout
        self._errors = (scratch / "stderr").open("w+")
        sides = [str(folder.resolve() / side) for side in ("generated", "reference")]
        self._process = subprocess.Popen(
            [sys.executable, "-c", CHILD, *sides, str(scratch / "store"), str(TURN)],
            env={
                **os.environ,
                "PYTHONPATH": str(checkout.resolve()),
                "OMP_NUM_THREADS": "1",
                "MKL_NUM_THREADS": "1",
            },
            cwd=checkout,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
        )
        self._answer()

    def turn(self) -> dict[str, Any] | None:
        """Lets the process go on until it waits again; returns its result when it is done."""
        assert self._process.stdin is not None
        self._process.stdin.write("go\n")
        self._process.stdin.flush()
        return self._answer()

    def _answer(self) -> dict[str, Any] | None:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if line == "turn\n":
            return None
        if line and not self._process.wait():
            found: dict[str, Any] = json.loads(line)
            return found
        self._process.wait()
        self._errors.seek(0)
        raise SystemExit(f"{self._checkout} failed:\n{self._errors.read()[-2000:]}")

    def __enter__(self) -> _Child:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.communicate()
        self._errors.close()


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
