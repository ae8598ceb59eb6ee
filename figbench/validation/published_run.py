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
    "text-characters", "text-garbled", "text-shuffled", "text-removed", "text-invented",
    "text-shrunk", "text-blurred", "nodes-removed", "boxes-displaced", "boxes-overlapping",
    "layout-mirrored", "blur", "jpeg", "palette", "font", "layout", "shift", "padding",
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
        "images": replace(base, out=out / "images", n=100, levels=(1, 2), metrics=images),
        "svg": replace(base, out=out / "svg", n=100, levels=(1, 2), metrics=(), structure=("svg",),
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
    parser.add_argument("--finished", action="store_true", help="report the finished cells alone")
    options = parser.parse_args(arguments)
    chosen = requests(options.out)
    names = [name for name in PARTS if name in options.parts.split(",")]
    for name in names:
        validate(replace(chosen[name], finished=options.finished), SilentProgress())
    merged = replace(
        chosen["exact"], out=options.out / "all", structure=(),
        merge=tuple(options.out / name for name in names),
    )  # fmt: skip
    validate(merged, SilentProgress())


if __name__ == "__main__":
    main()
