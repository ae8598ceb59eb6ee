"""The pictures, the weights and the protocols that every tool of a part sees.

``python -m tests.benchmarks.side_by_side.pictures ROOT WHAT [N SIDE [MODELS]]`` draws in a process
of its own, since that needs more memory than some of what is measured.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from tests.benchmarks.side_by_side.processes import HERE, measure
from tests.benchmarks.side_by_side.settings import WEIGHTS, Work

SETS = ("fid", "kid", "isc")
EVERYTHING = (*SETS, "ocr_sim", "label_fidelity")
TINY = 32
"""Pixels of pictures whose content does not matter."""


def write_protocol(work: Work, metrics: tuple[str, ...], name: str = "protocol") -> Path:
    """Writes a protocol that leaves the pictures as they are."""
    document: dict[str, Any] = {"id": "side-by-side", "version": 1, "preprocess": "none"}
    document["metrics"] = [{"metric": one} for one in metrics]
    if "label_fidelity" in metrics:
        document["ocr"] = {"engine": "rapidocr"}
    path = work.root / f"{name}.yaml"
    path.write_text(json.dumps(document))
    return path


def prepare(work: Work, what: str, *numbers: int) -> None:
    """Draws ``what`` with numbers of figures, pixels and models, and writes the weights."""
    measure(f"{HERE}.pictures", [str(work.root), what, *map(str, numbers)], work)


def draw_pair(root: Path, n: int, side: int) -> None:
    """The reference, and its blurred copy as ``generated``."""
    from figbench.images.preprocess import preprocess
    from figbench.synthfig import blur, iter_synthfig

    for one in iter_synthfig(n, 11):
        image = preprocess(one.image, f"pad{side}", "bicubic")
        save(root / "reference", one.figure_id, image)
        save(root / "generated", one.figure_id, blur(image, 1.0))


def draw_models(root: Path, n: int, side: int, models: int) -> None:
    """The reference and the models, each the same scenes in another hand, as legible as it."""
    from figbench.images.preprocess import preprocess
    from figbench.synthfig import degraded, iter_synthfig

    made = list(iter_synthfig(n, 11))
    for one in made:
        save(root / "reference", one.figure_id, preprocess(one.image, f"pad{side}", "bicubic"))
    for k in range(models):
        drawn = degraded("redrawn", [one.scene for one in made], k)
        for one, image in zip(made, drawn, strict=True):
            shaped = preprocess(image, f"pad{side}", "bicubic")
            save(root / f"model-{k}", one.figure_id, shaped)


def draw_tiny(root: Path, n: int, side: int) -> None:
    """Noise: quick to draw, and no two files are equal."""
    import numpy as np

    rng = np.random.default_rng(n)
    for name in ("reference", "generated"):
        for place in range(n):
            pixels = rng.integers(0, 256, (side, side, 3), dtype=np.uint8)
            save(root / name, f"{place:05d}", pixels)


def save(folder: Path, name: str, image: Any) -> None:
    """Writes one PNG."""
    from figbench.synthfig import png_bytes

    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.png").write_bytes(png_bytes(image))


def touch_one(folder: Path, turn: int) -> None:
    """Changes one pixel of the first picture to a value that no earlier turn used."""
    import numpy as np
    from PIL import Image

    path = min(folder.iterdir())
    pixels = np.asarray(Image.open(path).convert("RGB")).copy()
    pixels[0, 0] = (turn + 1, 2, 3)
    Image.fromarray(pixels).save(path)


def write_weights(root: Path) -> None:
    """Writes the seeded random network for the peers and imports it for figbench."""
    from figbench.features.weights import import_weights
    from tests.parity.inception_file import write_random_inception

    if not (root / WEIGHTS).exists():
        write_random_inception(root / WEIGHTS, seed=0)
        import_weights("inception-v3", root / WEIGHTS, allow_unverified=True)


if __name__ == "__main__":
    target = Path(sys.argv[1])
    if sys.argv[2] != "weights":
        draw = {"pair": draw_pair, "models": draw_models, "tiny": draw_tiny}[sys.argv[2]]
        draw(target, *map(int, sys.argv[3:]))
    write_weights(target)
