"""Ten models on one reference, one changed image of many: ``python -m tests.benchmarks.family``.

Every run is a process of its own on one store, one thread, seeded random Inception weights. Prints
one JSON line per run: seconds with start-up, rows computed, peak memory.

* ``models``: FID, IS, KID, OCR-SIM and label fidelity (RapidOCR) of ten models, one after another.
* ``changed``: FID, IS and KID of n figures a side: cold, then with one image changed, then again.
* ``workers``: the same cold run by one process and by two under torchrun.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from figbench.data.preprocess import preprocess
from figbench.data.synthfig import blur, iter_synthfig, png_bytes
from figbench.features.weights import import_weights
from tests.benchmarks.peer_runs import METRICS, WEIGHTS
from tests.parity.inception_file import write_random_inception

ALL = [*METRICS, {"metric": "ocr_sim"}, {"metric": "label_f1", "ocr": "rapidocr"}]
MODELS = 10


def main() -> None:
    """Runs the chosen part."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("part", choices=("models", "changed", "workers"))
    arguments.add_argument("--n", type=int, default=16, help="Figures on each side.")
    arguments.add_argument("--side", type=int, default=256, help="Pixels.")
    arguments.add_argument("--out", type=Path, required=True)
    chosen = arguments.parse_args()
    work = chosen.out / f"family-{chosen.part}"
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    write_random_inception(work / WEIGHTS, seed=0)
    os.environ["FIGBENCH_WEIGHTS"] = str(work / "weights")
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    import_weights("inception-v3", work / WEIGHTS, allow_unverified=True)
    parts = {"models": ten_models, "changed": one_changed, "workers": two_workers}
    parts[chosen.part](work, chosen.n, chosen.side)
    shutil.rmtree(work)


def ten_models(work: Path, n: int, side: int) -> None:
    """Model k is the reference under a blur of (k + 1) / 4 pixels."""
    protocol = write_protocol(work, ALL)
    draw(work, n, side, {f"model-{k}": (k + 1) / 4 for k in range(MODELS)})
    for k in range(MODELS):
        say(f"model {k + 1}", score(work, f"model-{k}", protocol))


def one_changed(work: Path, n: int, side: int) -> None:
    """The same store sees the set cold, with one image changed, and once more."""
    protocol = write_protocol(work, METRICS)
    draw(work, n, side, {"model": 1.0})
    say("cold", score(work, "model", protocol))
    first = min((work / "model").iterdir())
    shutil.copyfile(work / "reference" / first.name, first)
    say("one changed", score(work, "model", protocol))
    say("again", score(work, "model", protocol))


def two_workers(work: Path, n: int, side: int) -> None:
    """Turns are taken: one, two, one, two; every run has a store of its own."""
    protocol = write_protocol(work, METRICS)
    draw(work, n, side, {"model": 1.0})
    for turn in range(2):
        for count in (1, 2):
            launcher = ["torch.distributed.run", "--nproc_per_node", str(count), "-m"]
            found = score(work, "model", protocol, launcher, store=f"store-{turn}-{count}")
            say(f"{count} under torchrun", found)


def write_protocol(work: Path, metrics: list[dict[str, str]]) -> Path:
    """Writes a protocol that leaves the pictures as they are."""
    path = work / "protocol.yaml"
    document = {"id": "family", "version": 1, "preprocess": "none", "metrics": metrics}
    path.write_text(json.dumps(document))
    return path


def draw(work: Path, n: int, side: int, models: dict[str, float]) -> None:
    """Writes the reference and a blurred copy of it for every model."""
    for name in ("reference", *models):
        (work / name).mkdir()
    for one in iter_synthfig(n, 11):
        image = preprocess(one.image, f"pad{side}", "bicubic")
        name = f"{one.figure_id}.png"
        (work / "reference" / name).write_bytes(png_bytes(image))
        for model, radius in models.items():
            (work / model / name).write_bytes(png_bytes(blur(image, radius)))


def score(
    work: Path, model: str, protocol: Path, launcher: list[str] | None = None, store: str = "store"
) -> dict[str, Any]:
    """Returns seconds of the command and what its result says it computed."""
    command = [sys.executable, "-m", *(launcher or []), "figbench", "evaluate", str(work / model)]
    command += ["--reference", str(work / "reference"), "--protocol", str(protocol)]
    command += ["--device", "cpu", "--store", str(work / store), "--output", str(work / "run")]
    start = time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True)
    seconds = time.perf_counter() - start
    if done.returncode:
        raise SystemExit(done.stderr)
    result = json.loads((work / "run/result.json").read_text())
    extraction = result["provenance"]["extraction"]
    return {"seconds": round(seconds, 2), **extraction}


def say(name: str, found: dict[str, Any]) -> None:
    """Prints one line."""
    print(json.dumps({"run": name, **found}), flush=True)


if __name__ == "__main__":
    main()
