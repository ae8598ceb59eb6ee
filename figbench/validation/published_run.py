"""The published validation: four parts, each at the largest n that its cost allows, and merged.

``python -m figbench.validation.published_run --out FOLDER`` runs, or resumes, all of it;
``--finished`` reports the finished cells. The parts are, in order: graph and label scores of the
scenes (a perfect reader), metrics of images without OCR, graph scores through the SVG reader, and
metrics through an OCR engine.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

from figbench.evaluation.progress import SilentProgress
from figbench.protocol import Protocol
from figbench.synthfig.degrade import flaw_registry
from figbench.validation.run import Request, validate

SEED = 0
PARTS = ("exact", "images", "svg", "ocr")
OCR_FLAWS = (
    "text-shuffled", "boxes-displaced", "layout", "text-characters", "shift", "palette",
    "padding", "font", "text-removed", "layout-mirrored", "boxes-overlapping", "text-garbled",
    "text-invented", "text-shrunk", "text-blurred", "nodes-removed", "blur", "jpeg",
)  # fmt: skip
"""Changes that an OCR engine could react to, at a second a figure; the others leave text alone."""


def requests(out: Path) -> dict[str, Request]:
    """Returns the request of each part, in the order in which they run.

    Args:
        out: Parent of the parts' folders.
    """
    base = Request(out, Protocol.load("validation"), seed=SEED, cost=False)
    images = ("fd@efficientnet-lite0", "kd@efficientnet-lite0", "prdc@efficientnet-lite0", "ssim",
              "validity")  # fmt: skip
    return {
        "exact": replace(base, out=out / "exact", n=1000, metrics=(), structure=("exact",)),
        "images": replace(base, out=out / "images", n=64, levels=(1, 2), metrics=images),
        "svg": replace(base, out=out / "svg", n=60, levels=(1, 2), metrics=(), structure=("svg",),
                       flaws=tuple(n for n, f in flaw_registry().items() if f.scene is not None)),
        "ocr": replace(base, out=out / "ocr", n=24, levels=(1, 2), flaws=OCR_FLAWS,
                       metrics=("label_fidelity", "label_layout")),
    }  # fmt: skip


def main(arguments: list[str] | None = None) -> None:
    """Runs the parts and merges them into ``OUT/all``.

    Args:
        arguments: Of the command line.
    """
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True, help="folder of the parts")
    parser.add_argument("--parts", default=",".join(PARTS), help="some parts, by commas")
    parser.add_argument("--levels", default="", help="some of a part's levels, by commas")
    parser.add_argument("--finished", action="store_true", help="report the finished cells alone")
    options = parser.parse_args(arguments)
    chosen = requests(options.out)
    names = [name for name in PARTS if name in options.parts.split(",")]
    some = [int(level) for level in options.levels.split(",") if level]
    for name in names:
        levels = tuple(one for one in chosen[name].levels if one in some or not some)
        validate(replace(chosen[name], finished=options.finished, levels=levels), SilentProgress())
    merged = replace(
        chosen["exact"], out=options.out / "all", structure=(),
        merge=tuple(options.out / name for name in names),
    )  # fmt: skip
    validate(merged, SilentProgress())


if __name__ == "__main__":
    main()
