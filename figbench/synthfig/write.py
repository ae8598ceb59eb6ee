"""SynthFig on disk, in the layout and JSON generation of Paper2Fig100k's public release."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from math import ceil
from pathlib import Path
from typing import Any

from PIL import Image

from figbench.data.types import TextLine
from figbench.errors import UserError
from figbench.images.types import RGBImage
from figbench.synthfig.drawing.fonts import font_differences
from figbench.synthfig.make import make_scene
from figbench.synthfig.render import render_scene
from figbench.synthfig.rng import StableRng
from figbench.synthfig.scene import Scene
from figbench.synthfig.simple import make_simple_scene

_PAPER = 15
_SIMPLE = 16


@dataclass(frozen=True, slots=True)
class FigureName:
    """Name of a figure: its paper (from 0) and its number in the paper (from 1)."""

    seed: int
    paper: int
    number: int

    @property
    def figure_id(self) -> str:
        """Paper2Fig100k's form, ``synth.0001.00042v1-Figure2-1``."""
        return f"synth.{self.seed:04d}.{self.paper:05d}v1-Figure{self.number}-1"

    @property
    def paper_id(self) -> str:
        """The text before ``-Figure``."""
        return self.figure_id.split("-Figure")[0]


@dataclass(frozen=True, slots=True)
class SynthFigure:
    """One figure in memory; ``image`` is drawn on access."""

    name: FigureName
    scene: Scene
    split: str

    @property
    def figure_id(self) -> str:
        """Id as in the file name."""
        return self.name.figure_id

    @property
    def paper_id(self) -> str:
        """Figures of one paper share it."""
        return self.name.paper_id

    @property
    def caption(self) -> str:
        """The caption with its ``Figure k:``."""
        return self.scene.caption

    @property
    def labels(self) -> tuple[TextLine, ...]:
        """The exact label texts and boxes."""
        return self.scene.labels

    @property
    def image(self) -> RGBImage:
        """The drawing at native size, uint8 of shape (height, width, 3)."""
        return render_scene(self.scene)


@dataclass(frozen=True, slots=True)
class SynthReport:
    """Result of ``synthesize``.

    Attributes:
        root: The data set's folder.
        figures: Number of figures.
        papers: Number of papers.
        train: Figures in ``paper2fig_train.json``.
        test: Figures in ``paper2fig_test.json``.
        fonts_differ: Names of fonts that are not the pinned files; pixels then differ from those
            of other machines.
    """

    root: Path
    figures: int
    papers: int
    train: int
    test: int
    fonts_differ: tuple[str, ...]


def names(n: int, seed: int) -> Iterator[FigureName]:
    """Yields the names of the first ``n`` figures: one to four figures per paper."""
    count, paper = 0, 0
    while count < n:
        size = StableRng(seed, paper, _PAPER).integer(1, 4)
        for number in range(1, min(size, n - count) + 1):
            yield FigureName(seed, paper, number)
        count += size
        paper += 1


def iter_synthfig(
    n: int, seed: int, test_fraction: float = 0.2, *, simple: bool = False
) -> Iterator[SynthFigure]:
    """Yields the first ``n`` figures of a seed, in memory; figure i does not depend on n.

    Args:
        n: Number of figures, at least 1.
        seed: Non-negative.
        test_fraction: Part of the papers whose figures have ``split == "test"``, 0 to 1.
        simple: Draw the small 64 x 64 figures of ``make_simple_scene``.

    Raises:
        UserError: When an argument is out of range.
    """
    _check(n, seed, test_fraction)
    for index, name in enumerate(names(n, seed)):
        test = ceil((name.paper + 1) * test_fraction) > ceil(name.paper * test_fraction)
        if simple:
            scene = make_simple_scene(StableRng(seed, index, _SIMPLE))
        else:
            scene = make_scene(seed, index, number=name.number)
        yield SynthFigure(name, scene, "test" if test else "train")


def _check(n: int, seed: int, test_fraction: float) -> None:
    if n < 1 or seed < 0 or not 0 <= test_fraction <= 1:
        raise UserError(
            f"SynthFig cannot make n={n} figures of seed {seed} with test fraction "
            f"{test_fraction}.",
            remedy="Use n >= 1, seed >= 0 and a test fraction from 0 to 1.",
        )


def synthesize(
    out: Path,
    n: int,
    seed: int,
    test_fraction: float = 0.2,
    *,
    simple: bool = False,
    on_figure: Callable[[], None] | None = None,
) -> SynthReport:
    """Writes a data set: ``figures/<figure_id>.png``, ``paper2fig_train.json``, ``..._test.json``.

    The split is by paper: all figures of a paper are in one file.

    Args:
        out: Folder to create; it must be empty or absent.
        n: Number of figures.
        seed: Non-negative.
        test_fraction: Part of the papers that goes to the test file.
        simple: Draw the small 64 x 64 figures of ``make_simple_scene``.
        on_figure: Called after each figure, for progress bars.

    Raises:
        UserError: When the folder is not empty or an argument is out of range.
    """
    _check(n, seed, test_fraction)
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise UserError(
            f"{out} exists and is not an empty folder.",
            remedy="Choose another --out, or remove it.",
        )
    (out / "figures").mkdir(parents=True, exist_ok=True)
    records: dict[str, list[dict[str, Any]]] = {"train": [], "test": []}
    papers = set()
    for figure in iter_synthfig(n, seed, test_fraction, simple=simple):
        (out / "figures" / f"{figure.figure_id}.png").write_bytes(png_bytes(figure.image))
        records[figure.split].append(record(figure))
        papers.add(figure.paper_id)
        if on_figure:
            on_figure()
    for split, entries in records.items():
        text = json.dumps(entries, ensure_ascii=False, indent=1) + "\n"
        (out / f"paper2fig_{split}.json").write_text(text, encoding="utf-8")
    counts = len(records["train"]), len(records["test"])
    return SynthReport(out, n, len(papers), *counts, font_differences())


def png_bytes(image: RGBImage) -> bytes:
    """Returns the image as PNG with fixed settings and no metadata."""
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, "PNG", compress_level=2, optimize=False)
    return buffer.getvalue()


def record(figure: SynthFigure) -> dict[str, Any]:
    """Returns one object of the JSON, in the form of the public release."""
    texts = [figure.scene.caption, *figure.scene.paragraphs]
    ocr_lines = [
        {
            "text": line.text,
            "bbox": str([[int(x), int(y)] for x, y in line.box]),
            "confidence": str(line.confidence),
        }
        for line in figure.labels
    ]
    return {
        "figure_id": figure.figure_id,
        "captions": texts,
        "captions_norm": [normalised(text) for text in texts],
        "ocr_result": {"figure_id": figure.figure_id, "ocr_result": ocr_lines},
        "aspect": figure.scene.width / figure.scene.height,
    }


def normalised(text: str) -> str:
    """Returns a caption in lower case, numbers as ``number-tk``, citations as ``citation-tk``."""
    lower = re.sub(r"\[\d+(?:,\s*\d+)*\]", "citation-tk", text.lower())
    return re.sub(r"(?<![\w-])\d+(?:\.\d+)?(?![\w-])", "number-tk", lower)
