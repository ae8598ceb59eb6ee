"""Worst and best figures of a run: images, and labels matched, missed and invented."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from figbench.data.label_text import normalise
from figbench.data.load import load_manifest
from figbench.data.manifest import Manifest
from figbench.data.types import Figure, TextLine
from figbench.errors import FigbenchError
from figbench.evaluation.artifacts.reader import load_graphs, load_lines
from figbench.evaluation.artifacts.writer import FEATURES_NAME, GENERATED_NAME, REFERENCE_NAME
from figbench.images.decode import decode
from figbench.images.preprocess import preprocess
from figbench.io.json_files import read_json
from figbench.pages.choices import figure_metric
from figbench.pages.label_differences import Difference, difference
from figbench.reports.arrows import ArrowDifferences, arrow_differences
from figbench.results.files import IDENTITY_COLUMNS, PER_FIGURE_NAME, load_result

if TYPE_CHECKING:
    from PIL import Image

WITHOUT_OCR = "pad512"
"""Preprocess policy of images from which no text was read."""
LONGEST_SIDE = 512
"""Of the images on the page, pixels."""

GREEN, RED, AMBER = "#0a7a2f", "#b3261e", "#8a5a00"


@dataclass(frozen=True, slots=True)
class ComparedFigure:
    """A generated figure next to its reference; an image is a data URI, empty when unreadable."""

    figure_id: str
    sample: int
    score: float
    caption: str
    generated: str
    reference: str
    labels: Difference
    arrows: ArrowDifferences | None = None


def extremes(
    folder: Path, count: int, *, with_images: bool = True
) -> tuple[str, list[ComparedFigure], list[ComparedFigure]]:
    """Returns (metric, worst figures, best figures) of a run, at most ``count`` of each.

    Args:
        folder: Of the run.
        count: Most figures in each list.
        with_images: Whether the figures are embedded; else only texts and numbers are filled in.

    Figures are ordered by the metric that :func:`figbench.pages.choices.figure_metric` gives, ties
    by id; no figure is in both lists. Without per-figure data all is empty.
    """
    import pyarrow.parquet as pq

    path = folder / PER_FIGURE_NAME
    if not path.is_file() or not (folder / GENERATED_NAME).is_file():
        return "", [], []
    table = pq.read_table(path)
    selected = figure_metric(name for name in table.column_names if name not in IDENTITY_COLUMNS)
    if selected is None:
        return "", [], []
    metric, higher = selected
    records = [record for record in table.to_pylist() if record[metric] is not None]
    records = [record for record in records if np.isfinite(record[metric])]
    sign = 1 if higher else -1
    records.sort(key=lambda record: (sign * record[metric], record["figure_id"], record["sample"]))
    worst = records[: min(count, (len(records) + 1) // 2)]
    best = records[len(worst) :][::-1][:count]
    run_images = _RunImages(folder, with_images=with_images)
    low, high = (
        [run_images.compare(record, metric) for record in selection] for selection in (worst, best)
    )
    return metric, low, high


class _RunImages:
    """Images and text lines of a run."""

    def __init__(self, folder: Path, *, with_images: bool = True) -> None:
        self._with_images = with_images
        self._sides = tuple(
            load_manifest(folder / name) for name in (GENERATED_NAME, REFERENCE_NAME)
        )
        generated, reference = self._sides
        self._generated = {
            (figure.figure_id, figure.sample): figure for figure in generated.figures
        }
        self._reference = {figure.figure_id: figure for figure in reference.figures}
        self._shape = _ocr_input(folder)
        try:
            self._lines = load_lines(folder)
        except FigbenchError:  # the store was deleted: images without labels
            self._lines = {}
        try:
            self._graphs = load_graphs(folder)
        except FigbenchError:  # likewise: images without arrows
            self._graphs = {}

    def compare(self, record: dict[str, Any], metric: str) -> ComparedFigure:
        """Returns a figure of ``per_figure.parquet`` next to its reference."""
        key = record["figure_id"], record["sample"]
        reference = self._reference.get(record["figure_id"])
        lines, reference_lines = self._lines.get(key, ((), ()))
        labels = difference([line.text for line in lines], [line.text for line in reference_lines])
        common = frozenset(labels.matched)
        generated, references = self._sides
        return ComparedFigure(
            figure_id=key[0],
            sample=key[1],
            score=record[metric],
            caption=(reference.prompt or "") if reference else "",
            generated=self._data_uri(generated, self._generated.get(key), lines, common, AMBER),
            reference=self._data_uri(references, reference, reference_lines, common, RED),
            labels=labels,
            arrows=self._arrows(key),
        )

    def _arrows(self, key: tuple[str, int]) -> ArrowDifferences | None:
        if key not in self._graphs:
            return None
        generated, reference = self._graphs[key]
        image = ""
        if self._with_images and generated.reader == "raster":
            image = self._plain(self._sides[0], self._generated[key])
        return arrow_differences(generated, reference, image)

    @staticmethod
    def _plain(manifest: Manifest, figure: Figure) -> str:
        """Returns a figure without preprocessing, as its graph was read."""
        from PIL import Image

        try:
            image = Image.fromarray(decode(manifest.read(figure)).image)
        except (FigbenchError, OSError, ValueError):
            return ""
        return _webp(image)

    def _data_uri(
        self,
        manifest: Manifest,
        figure: Figure | None,
        lines: Sequence[TextLine],
        common: frozenset[str],
        colour: str,
    ) -> str:
        from PIL import Image, ImageDraw

        if figure is None or not self._with_images:
            return ""
        try:
            pixels = preprocess(decode(manifest.read(figure)).image, *self._shape)
        except (FigbenchError, OSError, ValueError):
            return ""
        image = Image.fromarray(pixels)
        pen = ImageDraw.Draw(image)
        width = max(1, round(max(image.size) / LONGEST_SIDE))
        for line in lines:
            if line.box:
                outline = GREEN if normalise(line.text) in common else colour
                corners = [tuple(point) for point in line.box]
                pen.polygon(corners, outline=outline, width=width)
        return _webp(image)


def _webp(image: Image.Image) -> str:
    """Returns a small version of an image as a data URI."""
    image.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
    buffer = io.BytesIO()
    image.save(buffer, format="WEBP", quality=80)
    return "data:image/webp;base64," + base64.b64encode(buffer.getvalue()).decode("ascii")


def _ocr_input(folder: Path) -> tuple[str, str]:
    """Returns (policy, filter) of the images that the text was read from.

    Boxes are in the pixels of that image, and :func:`load_lines` takes the first OCR result.
    """
    ocr_results = read_json(folder / FEATURES_NAME)["readings"]
    definition = load_result(folder).protocol.definition
    return next(iter(ocr_results), WITHOUT_OCR), str(definition.get("resample", "bicubic"))
