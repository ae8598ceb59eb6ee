"""The published validation: four parts, each at the largest n that its cost allows, and merged.

``python -m figbench.validation.published_run --out FOLDER`` runs, or resumes, all of it;
``--finished`` reports the finished cells. The parts are graph and label scores of the scenes (a
perfect reader), metrics of images without OCR, metrics through an OCR engine, and graph scores
through the SVG reader. The changes of ``FIRST`` run in all parts before the others, so that an
interrupted run holds them.
"""

from __future__ import annotations

import argparse
import itertools
from dataclasses import replace
from pathlib import Path

from figbench.evaluation.progress import SilentProgress
from figbench.protocol import Protocol
from figbench.synthfig.degrade import flaw_registry
from figbench.validation.run import Request, validate

SEED = 0
PARTS = ("exact", "images", "ocr", "svg")
FIRST = (
    "arrows-reversed", "arrows-removed", "text-shuffled", "boxes-displaced", "text-garbled",
    "blur", "shift", "palette", "layout", "padding", "font", "encoding",
)  # fmt: skip
"""Changes that run before the others: the flaws that matter most, then the neutral changes."""
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
        "exact": replace(base, out=out / "exact", n=1000, levels=(1, 2), metrics=(),
                         structure=("exact",)),
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
    by_name = requests(options.out)
    names = [name for name in PARTS if name in options.parts.split(",")]
    some = [int(level) for level in options.levels.split(",") if level]
    passes = (None,) if options.finished else (FIRST, None)
    for first, name in itertools.product(passes, names):
        request = by_name[name]
        levels = tuple(level for level in request.levels if level in some or not some)
        flaws = request.flaws
        if first is not None:
            flaws = tuple(flaw for flaw in first if flaw in (request.flaws or first))
        validate(
            replace(request, finished=options.finished, levels=levels, flaws=flaws),
            SilentProgress(),
        )
    merged = replace(
        by_name["exact"], out=options.out / "all", structure=(),
        merge=tuple(options.out / name for name in names),
    )  # fmt: skip
    validate(merged, SilentProgress())


if __name__ == "__main__":
    main()
