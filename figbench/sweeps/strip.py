"""The sample strip of a sweep: one row per prompt, one column per point."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from pathlib import Path

from figbench.data.load import load_manifest
from figbench.data.manifest import Manifest
from figbench.data.types import Figure
from figbench.errors import FigbenchError
from figbench.evaluation.artifacts.writer import GENERATED_NAME, REFERENCE_NAME
from figbench.images.decode import decode
from figbench.images.preprocess import preprocess
from figbench.images.types import RGBImage
from figbench.io.atomic import atomic_path

STRIP_NAME = "samples.png"
MOST_PROMPTS = 6
THUMBNAIL = "pad256"


def write_strip(points: Mapping[float, Path], out: Path) -> None:
    """Writes ``samples.png``: the reference, then sample 0 of every point, prompt by prompt.

    The prompts are the first six of the reference, whatever their scores. A figure that is
    missing or unreadable is an empty frame.

    Args:
        points: Folder of each scored point, by value.
        out: Folder of the sweep.
    """
    from matplotlib.figure import Figure as Canvas

    reference = load_manifest(next(iter(points.values())) / REFERENCE_NAME)
    sets = {f"{value:g}": load_manifest(run / GENERATED_NAME) for value, run in points.items()}
    prompts = list({figure.figure_id: figure for figure in reference.figures}.values())[
        :MOST_PROMPTS
    ]
    columns = [("reference", reference), *sets.items()]
    canvas = Canvas(figsize=(1.7 * len(columns) + 1.8, 1.75 * len(prompts)), layout="constrained")
    axes = canvas.subplots(len(prompts), len(columns), squeeze=False)
    for index, prompt in enumerate(prompts):
        for (title, manifest), frame in zip(columns, axes[index], strict=True):
            frame.set_xticks([])
            frame.set_yticks([])
            image = _thumbnail(manifest, prompt.figure_id)
            if image is not None:
                frame.imshow(image)
            if index == 0:
                frame.set_title(title, fontsize=9)
        label = textwrap.shorten(prompt.prompt or prompt.figure_id, 90, placeholder="...")
        axes[index][0].set_ylabel(
            textwrap.fill(label, 24), rotation=0, ha="right", va="center", fontsize=7,
            parse_math=False,
        )  # fmt: skip
    with atomic_path(out / STRIP_NAME) as temporary:
        canvas.savefig(temporary, format="png", dpi=130, metadata={"Software": None})


def _thumbnail(manifest: Manifest, figure_id: str) -> RGBImage | None:
    samples = [figure for figure in manifest.figures if figure.figure_id == figure_id]
    figure: Figure | None = min(samples, key=lambda figure: figure.sample, default=None)
    if figure is None:
        return None
    try:
        return preprocess(decode(manifest.read(figure)).image, THUMBNAIL)
    except (FigbenchError, OSError):
        return None
