"""figbench beside its peers: ``python -m tests.benchmarks.peers --n 64 --out DIR``.

FID, IS and KID of the same pictures with the same seeded random Inception weights, each run in a
process of its own, the tools taking turns in every round, so that a busy machine slows all alike.
Leaves ``peers.json``, ``peers.svg`` and ``peers.md`` (medians over the rounds, as ratios).
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
from pathlib import Path
from typing import Any

from figbench.data.preprocess import preprocess
from figbench.data.synthfig import blur, iter_synthfig, png_bytes
from tests.benchmarks.peer_runs import WEIGHTS, Case

CASES = (
    Case("cold", "torch-fidelity", "generated"),
    Case("cold", "pytorch-fid", "generated"),
    Case("cold", "figbench", "generated"),
    Case("cold", "figbench-openvino", "generated"),
    Case("cold", "figbench-openvino-bf16", "generated"),
    Case("warm", "torch-fidelity", "generated"),
    Case("warm", "figbench", "generated"),
    Case("second model", "torch-fidelity", "second", cached_reference=True),
    Case("second model", "figbench", "second"),
    Case("one changed image", "torch-fidelity", "changed", cached_reference=True),
    Case("one changed image", "figbench", "changed"),
)
MEMORY_N = (2000, 20000)
"""Figures of the memory runs: a store filled with random rows, scored and nothing else."""


def main() -> None:
    """Makes the pictures, runs every case, and writes the three files."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--n", type=int, default=64, help="Figures on each side.")
    arguments.add_argument("--rounds", type=int, default=2)
    arguments.add_argument("--out", type=Path, required=True)
    chosen = arguments.parse_args()
    work = chosen.out / "work"
    make_pictures(work, chosen.n)
    runs: list[dict[str, Any]] = []
    for turn in range(chosen.rounds):
        for case in CASES:
            found = run(case.arguments(work, turn))
            runs.append({"case": case.name, "tool": case.tool, "round": turn, **found})
            say(runs[-1])
    memory = [remember(work, n) for n in MEMORY_N]
    document = {"n": chosen.n, "machine": machine(), "runs": runs, "memory": memory}
    (chosen.out / "peers.json").write_text(json.dumps(document, indent=2) + "\n")
    rows = table(runs)
    (chosen.out / "peers.md").write_text(markdown(rows, memory))
    plot(rows, chosen.out / "peers.svg")
    shutil.rmtree(work)


def make_pictures(work: Path, n: int) -> None:
    """Writes 512 px pictures (every tool then sees the same) and the weights."""
    from tests.parity.inception_file import write_random_inception

    work.mkdir(parents=True)
    for name in ("reference", "generated", "second", "changed"):
        (work / name).mkdir()
    for place, one in enumerate(iter_synthfig(n, 11)):
        image = preprocess(one.image, "pad512", "bicubic")
        pictures = {"reference": image, "generated": blur(image, 1.0), "second": blur(image, 2.0)}
        changed = pictures["generated"].copy()
        if place == 0:
            changed[0, 0] = (1, 2, 3)
        for name, picture in {**pictures, "changed": changed}.items():
            (work / name / f"{one.figure_id}.png").write_bytes(png_bytes(picture))
    write_random_inception(work / WEIGHTS, seed=0)


def run(arguments: list[str]) -> dict[str, Any]:
    """Returns what one process printed: seconds from its start, peak MiB, and the FID."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.benchmarks.peer_runs", *arguments],
        capture_output=True,
        text=True,
        env={**os.environ, "OMP_NUM_THREADS": os.environ.get("OMP_NUM_THREADS", "1")},
    )
    if done.returncode:
        raise SystemExit(f"{arguments}: {done.stderr}")
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def remember(work: Path, n: int) -> dict[str, Any]:
    """Peak memory of scoring ``n`` stored figures a side, for the first time and again."""
    _, first, again = (
        run([str(work), "memory", str(n), step]) for step in ("fill", "score", "score")
    )
    found = {"n": n, "first": first, "again": again}
    say(found)
    return found


def machine() -> dict[str, Any]:
    """What the numbers were measured on."""
    import torch

    return {"cpu": platform.processor(), "cores": os.cpu_count(), "torch": torch.__version__}


def table(runs: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Medians per case and tool, with the ratio to torch-fidelity of the same case."""
    rows: list[dict[str, Any]] = []
    for case in CASES:
        mine = [r for r in runs if (r["case"], r["tool"]) == (case.name, case.tool)]
        peer = [r for r in runs if (r["case"], r["tool"]) == (case.name, "torch-fidelity")]
        # Taken round by round: what slowed a round slowed both.
        ratios = [p["seconds"] / m["seconds"] for m, p in zip(mine, peer, strict=True)]
        rows.append(
            {
                "case": case.name,
                "tool": case.tool,
                "seconds": statistics.median(r["seconds"] for r in mine),
                "times": statistics.median(ratios),
                "peak_mib": max(r["peak_mib"] for r in mine),
                "fid_deviation": abs(mine[0]["fid"] / peer[0]["fid"] - 1),
            }
        )
    return rows


def markdown(rows: list[dict[str, Any]], memory: list[dict[str, Any]]) -> str:
    """The table of docs/performance.md."""
    lines = [
        "| run | tool | seconds | torch-fidelity / tool | peak MiB | FID, relative deviation |",
        "|---|---|---|---|---|---|",
        *(
            f"| {r['case']} | {r['tool']} | {r['seconds']:.1f} | {r['times']:.1f} "
            f"| {r['peak_mib']} | {r['fid_deviation']:.0e} |"
            for r in rows
        ),
        "",
        "| figures a side, all rows stored | first scoring, s | peak MiB | again, s | peak MiB |",
        "|---|---|---|---|---|",
        *(
            f"| {m['n']} | {m['first']['seconds']:.1f} | {m['first']['peak_mib']} "
            f"| {m['again']['seconds']:.1f} | {m['again']['peak_mib']} |"
            for m in memory
        ),
    ]
    return "\n".join(lines) + "\n"


def plot(rows: list[dict[str, Any]], target: Path) -> None:
    """Bars of the ratios."""
    import matplotlib

    matplotlib.use("svg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(7, 3.6), layout="constrained")
    names = [f"{row['case']}: {row['tool']}" for row in rows]
    bars = axes.barh(names[::-1], [row["times"] for row in rows][::-1])
    axes.bar_label(bars, fmt="%.1f", padding=3)
    axes.axvline(1, color="black", linewidth=0.8)
    axes.set_xlabel("times torch-fidelity's rate (whole process)")
    figure.savefig(target)


def say(found: dict[str, Any]) -> None:
    """Progress on stderr."""
    sys.stderr.write(f"{found}\n")


if __name__ == "__main__":
    main()
