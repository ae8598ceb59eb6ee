"""Models with known damage of structure, drawn and scored under protocol ``structure``.

``python -m figbench.demo.structure --out FOLDER`` makes the figures and the runs; a board
of them is made by the commands of docs/leaderboards.md.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from figbench.data.layouts.serialization import save_manifest
from figbench.data.load import load_manifest
from figbench.errors import UserError
from figbench.evaluation.evaluate import evaluate
from figbench.evaluation.planning.options import Options
from figbench.evaluation.progress import Progress, RichProgress
from figbench.io.atomic import atomic_path, write_text_atomic
from figbench.results.schema import ModelCard, RunResult
from figbench.synthfig import Scene, iter_synthfig, png_bytes, synthesize
from figbench.synthfig.degrade import change_scene, get_flaw
from figbench.synthfig.export.svg import scene_svg
from figbench.synthfig.make import restyle
from figbench.synthfig.render import render_scene
from figbench.synthfig.rng import StableRng

PROTOCOL = "structure"
METRICS = ("structure", "validity")
"""Of the protocol, those that need no OCR: the documents state the labels."""
REFERENCE = "reference.jsonl"
_REDRAW = 31


@dataclass(frozen=True, slots=True)
class Damage:
    """A change of every figure of a set.

    Attributes:
        flaw: Name in the registry of flaws; None for no damage.
        level: 1 to 5.
        title: One line for people.
    """

    flaw: str | None
    level: int
    title: str


MODELS: dict[str, Damage] = {
    "redrawn": Damage(None, 1, "the same content in another style, no damage"),
    "boxes-displaced": Damage("boxes-displaced", 4, "every box moved by 40 px, arrows follow"),
    "arrows-missing": Damage("arrows-removed", 3, "half of the arrows left out"),
    "labels-in-wrong-boxes": Damage("text-shuffled", 3, "60% of the boxes have swapped labels"),
    "arrows-reversed": Damage("arrows-reversed", 5, "every one-way arrow points backwards"),
}
"""The damaged models by name. Each changes the figures of ``redrawn`` and nothing else."""


def damaged_scenes(name: str, scenes: Sequence[Scene], seed: int) -> list[Scene]:
    """Returns the figures of a model, in the order of the references.

    Args:
        name: Key of ``MODELS``.
        scenes: The references, of ``make_scene``.
        seed: Of the styles and the damage, non-negative.

    Raises:
        UserError: If the model is unknown.
    """
    if name not in MODELS:
        raise UserError(f"Unknown model {name!r}.", remedy=f"Models: {', '.join(MODELS)}.")
    damage = MODELS[name]
    redrawn = [
        restyle(scene, StableRng(seed, index, _REDRAW).word() >> 2)
        for index, scene in enumerate(scenes)
    ]
    if damage.flaw is None:
        return redrawn
    flaw = get_flaw(damage.flaw)
    return [
        change_scene(flaw, scene, damage.level, seed=seed, index=index)
        for index, scene in enumerate(redrawn)
    ]


def draw(out: Path, n: int, seed: int) -> None:
    """Writes ``reference.jsonl`` and ``models/<name>/``: a PNG and an SVG for every figure.

    Args:
        out: New or empty folder.
        n: Reference figures, at least 1.
        seed: Of the figures, styles and damage, non-negative.

    Raises:
        UserError: If the folder holds files or an argument is out of range.
    """
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise UserError(f"{out}: holds files.", remedy="Choose a new folder with --out.")
    reference = out / "reference"
    synthesize(reference, n, seed, test_fraction=1.0)
    figures = list(iter_synthfig(n, seed, test_fraction=1.0))
    scenes = [figure.scene for figure in figures]
    for figure in figures:
        target = reference / "figures" / f"{figure.figure_id}.svg"
        write_text_atomic(target, scene_svg(figure.scene))
    manifest = load_manifest(reference)
    stated = [
        replace(figure, source=str(PurePosixPath(figure.path).with_suffix(".svg")))
        for figure in manifest.figures
    ]
    rooted = replace(manifest, root=str(reference.resolve()))
    save_manifest(rooted.select(stated, "with documents"), out / REFERENCE)
    for name in MODELS:
        folder = out / "models" / name
        folder.mkdir(parents=True)
        for figure, scene in zip(figures, damaged_scenes(name, scenes, seed), strict=True):
            with atomic_path(folder / f"{figure.figure_id}.png") as temporary:
                temporary.write_bytes(png_bytes(render_scene(scene)))
            write_text_atomic(folder / f"{figure.figure_id}.svg", scene_svg(scene))


def score(out: Path, seed: int, progress: Progress) -> Mapping[str, RunResult]:
    """Scores the models of ``draw`` and returns the results by name; runs are in ``runs/<name>``.

    Args:
        out: Folder of ``draw``.
        seed: The seed that ``draw`` had, for the model cards.
        progress: Receives rates and counts.
    """
    return {
        name: evaluate(
            out / "models" / name,
            out / REFERENCE,
            PROTOCOL,
            METRICS,
            output=out / "runs" / name,
            store=out / "store",
            model=ModelCard(
                name=name, seed=seed, tags=["known damage" if damage.flaw else "clean"]
            ),
            options=Options(),
            progress=progress,
        )
        for name, damage in MODELS.items()
    }


def _tags(damage: Damage) -> list[str]:
    return ["known damage" if damage.flaw else "clean"]


def main() -> None:
    """Draws and scores the models."""
    from rich.console import Console

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True, help="New folder.")
    parser.add_argument("--n", type=int, default=40, help="Reference figures.")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    draw(options.out, options.n, options.seed)
    score(options.out, options.seed, RichProgress(Console(stderr=True, highlight=False)))


if __name__ == "__main__":
    main()
