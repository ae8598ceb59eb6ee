"""Results of two checkouts of figbench on the same inputs.

``python -m tests.against_checkout OLD --out DIR`` runs both checkouts on the figures of the quality
gate and on a mixed set under two protocols, and the demo of each. It prints every value, interval
and count that differs, with the deliberate change that explains it, and fails when a difference has
no explanation. ``--sets quality,mixed,demo`` selects sets; a stopped run resumes.
"""

import argparse
import json
import math
import os
import subprocess
import sys
from pathlib import Path

import yaml
from PIL import Image

from figbench.synthfig import degraded, iter_synthfig, png_bytes, synthesize

ROOT = Path(__file__).resolve().parents[1]
N, SEED = 12, 13
ROUNDING = 1e-5
"""Relative difference that rounding of float32 networks explains."""

SMALL = {
    "id": "against-checkout-small",
    "preprocess": "pad256",
    "metrics": [{"metric": name} for name in ("validity", "ssim", "fd@efficientnet-lite0")],
}
CHEAP = "fd@efficientnet-lite0,kd@efficientnet-lite0,prdc@efficientnet-lite0,ssim,validity"
CHANGED_VALUES = {
    "kd@": "version 2 of the kernel distance leaves dependent pairs out",
    "kid": "version 2 of the kernel distance leaves dependent pairs out",
}
CHANGED_INTERVALS = {
    "logit t by paper": "t intervals on the logit scale replaced the bootstrap of bounded means",
    "t by paper": "t intervals replaced the bootstrap of means",
    "influence function, both sides joint by paper": "the error of FD joins both sides",
    "joint jackknife by paper, matched pairs left out": "the error of KD joins both sides",
    "jackknife of both sets, radii held fixed": "the same standard error on the logit scale",
    "exact bound over papers, no variation": "values without variation have exact bounds",
}
"""Method of the newer interval to the reason of the change."""


def draw_mixed(folder: Path) -> None:
    """Writes generated figures of several formats; one is truncated, one is missing."""
    synthesize(folder / "reference", N, SEED, test_fraction=1.0)
    figures = list(iter_synthfig(N, SEED, test_fraction=1.0))
    images = list(degraded("garbled", [figure.scene for figure in figures], SEED))
    generated = folder / "generated"
    generated.mkdir(parents=True, exist_ok=True)
    for index, (figure, pixels) in enumerate(zip(figures[:-1], images, strict=False)):
        image, name = Image.fromarray(pixels), generated / figure.figure_id
        if index == 0:
            image.convert("P").save(f"{name}.png")
        elif index == 1:
            image.save(f"{name}.jpg", quality=90)
        elif index == 2:
            image.convert("RGBA").resize((300, 200)).save(f"{name}.png")
        elif index == 3:
            Path(f"{name}.png").write_bytes(png_bytes(pixels)[:500])
        elif index == 4:
            image.convert("L").save(f"{name}.webp", lossless=True)
        else:
            Path(f"{name}.png").write_bytes(png_bytes(pixels))


def run(checkout: Path, folder: Path, *arguments: str) -> None:
    """Runs ``figbench`` of a checkout in a folder."""
    path = os.pathsep.join([str(checkout), str(checkout / "reference_models")])
    environment = {**os.environ, "PYTHONPATH": path, "MPLBACKEND": "Agg"}
    command = [sys.executable, "-m", "figbench", *arguments]
    folder.mkdir(parents=True, exist_ok=True)
    subprocess.run(command, cwd=folder, env=environment, check=True, stdout=subprocess.DEVNULL)


def results_of(checkout: Path, folder: Path, inputs: Path, sets: list[str]) -> dict[str, Path]:
    """Runs a checkout on every set and returns the result files by name."""
    done = {}
    for name in sets:
        if name == "demo":
            run(checkout, folder, "demo", "--n", str(N), "--out", "demo")
            for path in sorted((folder / "demo/runs").glob("*/result.json")):
                done[f"demo, {path.parent.name}"] = path
            continue
        protocols = {"small": ["--protocol", str(inputs / "small.yaml")]}
        if name == "quality":
            protocols = {"offline": ["--protocol", "offline"]}
        else:
            protocols["offline"] = ["--protocol", "offline", "--metrics", CHEAP]
        for protocol, options in protocols.items():
            out = folder / f"{name}-{protocol}"
            if not (out / "result.json").is_file():
                sides = (str(inputs / name / "generated"), "--reference")
                reference = str(inputs / name / "reference")
                more = ("--device", "cpu", "--output", str(out), "--store", str(folder / "store"))
                more += ("--allow-rejects",)
                run(checkout, folder, "evaluate", *sides, reference, *options, *more)
            done[f"{name}, {protocol}"] = out / "result.json"
    return done


def differences(old: dict, new: dict) -> list[tuple[str, str, str, bool]]:
    """Returns (metric, what differs, reason, explained) for everything that differs."""
    found = []
    before, after = old["metrics"], new["metrics"]
    for name in sorted(before.keys() | after.keys()):
        if name not in before or name not in after:
            reason = "the output is new" if name in after else ""
            found.append((name, "in one result only", reason, name in after))
            continue
        first, second = before[name], after[name]
        for key in ("status", "n_used", "n_expected"):
            if first[key] != second[key]:
                found.append((name, f"{key}: {first[key]} to {second[key]}", "", False))
        found += _values(name, first, second)
        found += _intervals(name, first, second)
    return found


def _values(name: str, first: dict, second: dict) -> list[tuple[str, str, str, bool]]:
    if first["value"] == second["value"]:
        return []
    text = f"value: {first['value']} to {second['value']}"
    for start, reason in CHANGED_VALUES.items():
        if name.startswith(start):
            return [(name, text, reason, True)]
    both = first["value"] is not None and second["value"] is not None
    rounded = both and math.isclose(first["value"], second["value"], rel_tol=ROUNDING)
    return [(name, text, "rounding" if rounded else "", rounded)]


def _intervals(name: str, first: dict, second: dict) -> list[tuple[str, str, str, bool]]:
    old, new = first["interval"], second["interval"]
    if old == new:
        return []
    if old and new and old["method"] == new["method"]:
        close = all(math.isclose(old[end], new[end], rel_tol=1e-4) for end in ("low", "high"))
        if close:
            return [(name, "interval: last digits", "rounding", True)]
    text = " to ".join(
        f"{end['low']:.4g}..{end['high']:.4g} ({end['method']})" if end else "none"
        for end in (old, new)
    )
    reason = CHANGED_INTERVALS.get(new["method"], "") if new else ""
    return [(name, f"interval: {text}", reason, bool(reason))]


def main() -> int:
    """Runs both checkouts and prints the differences; 1 where one is unexplained."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("old", type=Path)
    parser.add_argument("--new", type=Path, default=ROOT)
    parser.add_argument("--out", type=Path, default=ROOT / "build/against-checkout")
    parser.add_argument("--sets", default="quality,mixed,demo")
    given = parser.parse_args()
    sets, out = given.sets.split(","), given.out.resolve()
    inputs = out / "inputs"
    if not (inputs / "small.yaml").is_file():
        subprocess.run(
            [sys.executable, "-m", "tests.quality", "draw", str(inputs / "quality")], check=True
        )
        draw_mixed(inputs / "mixed")
        (inputs / "small.yaml").write_text(yaml.safe_dump(SMALL))
    old = results_of(given.old.resolve(), out / "old", inputs, sets)
    new = results_of(given.new.resolve(), out / "new", inputs, sets)
    unexplained = 0
    for name in old:
        documents = [
            json.loads(path.read_text(encoding="utf-8")) for path in (old[name], new[name])
        ]
        found = differences(*documents)
        total = len(documents[0]["metrics"].keys() | documents[1]["metrics"].keys())
        touched = len({metric for metric, *_ in found})
        sys.stdout.write(f"\n{name}: {total - touched} of {total} outputs are equal\n")
        for metric, text, reason, explained in found:
            unexplained += not explained
            sys.stdout.write(f"  {metric}: {text}: {reason or 'NOT EXPLAINED'}\n")
    return int(unexplained > 0)


if __name__ == "__main__":
    sys.exit(main())
