"""The cells of a validation: one set of figures for each flaw and level, and the clean set."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from figbench.errors import UserError
from figbench.images.types import RGBImage
from figbench.io.atomic import atomic_path
from figbench.synthfig.degrade import LEVELS, Flaw, change_figure, flaw_registry
from figbench.synthfig.degrade.base import Slot
from figbench.synthfig.make import restyle
from figbench.synthfig.render import render_scene
from figbench.synthfig.scene import Scene
from figbench.synthfig.write import iter_synthfig, png_bytes, synthesize

CLEAN = "clean"
DONE = ".complete"
LEVEL_ORDER = (2, 1, 5, 3, 4)
"""Levels in the order in which a run makes them: an interrupted run has the most useful levels."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One flaw at one level."""

    flaw: Flaw
    level: int

    @property
    def name(self) -> str:
        """Folder name, e.g. ``arrows-reversed.2``."""
        return f"{self.flaw.name}.{self.level}"


@dataclass(frozen=True, slots=True)
class Source:
    """Figures that a validation changes.

    Attributes:
        ids: Figure ids, in order.
        clean: Per figure, the scene as another hand draws it, or the image of a real figure.
        reference: Per figure, the reference's own scene or image.
    """

    ids: Sequence[str]
    clean: Sequence[Scene | RGBImage]
    reference: Sequence[Scene | RGBImage]

    @property
    def synthetic(self) -> bool:
        """Whether there are scenes, so that every flaw runs."""
        return isinstance(self.clean[0], Scene)


def synthetic_source(folder: Path, n: int, seed: int) -> Source:
    """Draws a SynthFig reference into ``folder`` and returns it with its redrawn copies.

    Args:
        folder: Of the reference; one of the same size and seed is used again.
        n: Number of figures.
        seed: Of the figures and of the styles of their copies.

    Raises:
        UserError: If the folder holds a reference of another size or seed.
    """
    figures = list(iter_synthfig(n, seed, test_fraction=1.0))
    marker = folder / "synthfig.txt"
    text = f"n={n} seed={seed}\n"
    if not marker.is_file():
        if folder.exists() and any(folder.iterdir()):
            raise UserError(
                f"{folder}: holds an unfinished or foreign reference.",
                remedy="Remove it or choose another --out.",
            )
        synthesize(folder, n, seed, test_fraction=1.0)
        marker.write_text(text, encoding="utf-8")
    elif marker.read_text(encoding="utf-8") != text:
        raise UserError(
            f"{folder}: made with another --n or --seed ({marker.read_text('utf-8').strip()}).",
            remedy="Choose another --out.",
        )
    rng = np.random.default_rng([seed, 1])
    seeds = rng.integers(2**61, size=n).tolist()
    scenes = [figure.scene for figure in figures]
    clean = [restyle(scene, hand) for scene, hand in zip(scenes, seeds, strict=True)]
    return Source([figure.figure_id for figure in figures], clean, scenes)


def cells(names: Sequence[str] | None, levels: Sequence[int], synthetic: bool) -> list[Cell]:
    """Returns the cells to run, level by level.

    Args:
        names: Flaws; None for every flaw that runs on the source.
        levels: Levels among 1 to 5.
        synthetic: Whether the source has scenes.
    """
    registry = flaw_registry()
    selected = [registry[name] for name in (names or registry)]
    selected = [flaw for flaw in selected if synthetic or not flaw.needs_scene]
    order = [level for level in LEVEL_ORDER if level in levels and level in LEVELS]
    return [Cell(flaw, level) for level in order for flaw in selected]


def write_cell(folder: Path, source: Source, cell: Cell | None, seed: int) -> None:
    """Writes the figures of a cell, unless the folder has them all.

    Args:
        folder: Of the cell; a marker file is written last.
        source: Figures that are changed.
        cell: Flaw and level; None for the clean set.
        seed: Of the changes.
    """
    if (folder / DONE).is_file():
        return
    folder.mkdir(parents=True, exist_ok=True)
    for name, payload, suffix in _files(source, cell, seed):
        with atomic_path(folder / f"{name}{suffix}") as temporary:
            temporary.write_bytes(payload)
    (folder / DONE).touch()


def _files(source: Source, cell: Cell | None, seed: int) -> Iterator[tuple[str, bytes, str]]:
    if cell is None:
        for name, item in zip(source.ids, source.clean, strict=True):
            yield name, png_bytes(_pixels(item)), ".png"
        return
    flaw = cell.flaw
    if flaw.set_ is not None:
        slots = flaw.set_(len(source.ids), flaw.strength(cell.level), flaw.rng(seed))
        for name, slot in zip(source.ids, slots, strict=True):
            payload = _slot_bytes(source, slot)
            if payload is not None:
                yield name, payload, ".png"
        return
    for i, (name, item) in enumerate(zip(source.ids, source.clean, strict=True)):
        if flaw.file is not None:
            payload, suffix = flaw.file(_pixels(item), flaw.strength(cell.level))
            yield name, payload, suffix
        else:
            image = change_figure(flaw, item, cell.level, seed=seed, index=i)
            yield name, png_bytes(image), ".png"


def _slot_bytes(source: Source, slot: Slot) -> bytes | None:
    if slot.source is None:
        return None
    items = source.reference if slot.reference else source.clean
    payload = png_bytes(_pixels(items[slot.source]))
    return payload[: len(payload) // 3] if slot.broken else payload


def _pixels(item: Scene | RGBImage) -> RGBImage:
    return render_scene(item) if isinstance(item, Scene) else item
