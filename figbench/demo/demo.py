"""The demo: four models of known quality on procedural figures, scored under one protocol."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image

from figbench.demo.plots import write_contact_sheet, write_plot
from figbench.errors import UserError
from figbench.evaluation.evaluate import evaluate
from figbench.evaluation.planning.options import Options
from figbench.evaluation.progress import Progress
from figbench.images.types import RGBImage
from figbench.io.atomic import atomic_path, write_text_atomic
from figbench.io.json_files import dump_json
from figbench.metrics.names import headline, ordered
from figbench.pages.choices import is_validity
from figbench.results.schema import ModelCard, RunResult
from figbench.synthfig import Scene, degraded, iter_synthfig, png_bytes, synthesize

PROTOCOL = "offline"
SHEET_COLUMNS = 5
MARKER = "demo.json"

MODELS: dict[str, str] = {
    "redrawn": "the same content in another hand: what a good model does",
    "garbled": "the reference's drawing with wrong letters",
    "blurred": "the reference's drawing, out of focus",
    "mode-dropped": "a few drawings repeated, whatever the caption",
}


@dataclass(frozen=True, slots=True)
class DemoOutcome:
    """Folder and results of the demo."""

    out: Path
    results: Mapping[str, RunResult]

    def document(self) -> dict[str, Any]:
        """Returns the scores of the table as JSON-ready data."""
        models = {}
        for name, result in self.results.items():
            scores = {metric: result.metrics[metric].value for metric in self.metrics}
            models[name] = {"what": MODELS[name], "scores": scores}
        return {"protocol": PROTOCOL, "models": models}

    @property
    def metrics(self) -> list[str]:
        """Outputs of the table and of the plot."""
        return telling_metrics(self.results)


def telling_metrics(results: Mapping[str, RunResult]) -> list[str]:
    """Returns the headline outputs, and the validity outputs that differ between models.

    Args:
        results: By model.

    Returns:
        Output ids that every result has a value for, in the order of result tables.
    """
    first = next(iter(results.values())).metrics
    values = {name: [_value(result, name) for result in results.values()] for name in first}
    scored = [name for name, column in values.items() if None not in column]
    summary = set(headline(scored))
    telling = [name for name in scored if name in summary or _differs(name, values[name])]
    return ordered(telling)


def _value(result: RunResult, name: str) -> float | None:
    metric = result.metrics.get(name)
    return None if metric is None else metric.value


def _differs(name: str, values: Sequence[float | None]) -> bool:
    return is_validity(name) and len(set(values)) > 1


def run_demo(out: Path, *, n: int, seed: int, progress: Progress) -> DemoOutcome:
    """Draws the reference and the four models, scores them, and writes everything to ``out``.

    Args:
        out: New or empty folder, or one that an earlier demo made.
        n: Reference figures.
        seed: Of the figures.
        progress: Receives rates and counts.

    Raises:
        UserError: If ``out`` holds something else.
    """
    _claim(out)
    scenes = _draw_reference(out / "reference", n, seed, progress)
    sheet: dict[str, list[RGBImage]] = {
        "reference": _load_images(out / "reference" / "figures", scenes)
    }
    results = {}
    for name in MODELS:
        with progress.stage(f"drawing '{name}'"):
            sheet[name] = _draw_model(out / "models" / name, name, scenes, seed)
        results[name] = evaluate(
            out / "models" / name,
            out / "reference",
            PROTOCOL,
            output=out / "runs" / name,
            store=out / "store",
            model=ModelCard(name=name, seed=seed, tags=["demo"]),
            options=Options(),
            progress=progress,
        )
    outcome = DemoOutcome(out, results)
    with progress.stage("images"):
        write_contact_sheet(
            out / "contact_sheet.png", {k: v[:SHEET_COLUMNS] for k, v in sheet.items()}, ()
        )
        write_plot(out / "metrics.png", results, outcome.metrics)
    write_text_atomic(out / MARKER, dump_json(outcome.document()))
    return outcome


def _claim(out: Path) -> None:
    if out.exists() and not out.is_dir():
        raise UserError(f"{out}: is a file.", remedy="Choose another folder with --out.")
    is_demo = (out / MARKER).exists() or (out / "reference").is_dir()
    if out.is_dir() and any(out.iterdir()) and not is_demo:
        raise UserError(f"{out}: holds other files.", remedy="Choose another folder with --out.")
    write_text_atomic(out / MARKER, "{}\n")


def _draw_reference(folder: Path, n: int, seed: int, progress: Progress) -> list[tuple[str, Scene]]:
    scenes = [
        (figure.figure_id, figure.scene) for figure in iter_synthfig(n, seed, test_fraction=1.0)
    ]
    expected = {f"{figure_id}.png" for figure_id, _ in scenes}
    present = {path.name for path in (folder / "figures").glob("*.png")}
    if present != expected or not (folder / "paper2fig_test.json").is_file():
        if present:
            raise UserError(
                f"{folder}: made with another --n or --seed.", remedy="Choose another --out."
            )
        with progress.stage("drawing the reference"):
            synthesize(folder, n, seed, test_fraction=1.0)
    return scenes


def _draw_model(
    folder: Path, flaw: str, scenes: Sequence[tuple[str, Scene]], seed: int
) -> list[RGBImage]:
    folder.mkdir(parents=True, exist_ok=True)
    sheet_images: list[RGBImage] = []
    images = degraded(flaw, [scene for _, scene in scenes], seed)
    for (figure_id, _), image in zip(scenes, images, strict=True):
        with atomic_path(folder / f"{figure_id}.png") as temporary:
            temporary.write_bytes(png_bytes(image))
        if len(sheet_images) < SHEET_COLUMNS:
            sheet_images.append(image)
    return sheet_images


def _load_images(folder: Path, scenes: Sequence[tuple[str, Scene]]) -> list[RGBImage]:
    import numpy as np

    names = [figure_id for figure_id, _ in scenes[:SHEET_COLUMNS]]
    return [np.asarray(Image.open(folder / f"{name}.png").convert("RGB")) for name in names]
