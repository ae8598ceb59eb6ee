"""Anchors: SynthFig pairs whose order is known by construction, an intact figure and a flawed copy.

The set is fixed: its digest is part of a judge's fingerprint. Flaws come at graded strengths.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from figbench.images.types import RGBImage
from figbench.synthfig import blur, garble, make_scene, render_scene
from figbench.synthfig.drawing.text import plain
from figbench.synthfig.rng import StableRng
from figbench.synthfig.scene import Item, Scene, Stroke, Text

ANCHOR_SEED = 71_018
STRENGTHS = (0.2, 0.4, 0.6, 0.8, 1.0)
MAX_BLUR = 4.0
_CHOICE = 31


@dataclass(frozen=True, slots=True)
class Anchor:
    """One pair.

    Attributes:
        anchor_id: Stable id.
        scene_id: Cluster: anchors of one scene are not independent.
        caption: Text for the judge.
        flaw: Kind of flaw.
        strength: Share of the labels or arrows affected, or of the largest blur; above 0 to 1.
        intact: The better figure.
        flawed: The worse figure.
        inventory: Components, arrows and labels of the intact figure, as the files of ``--spec``
            hold them, for protocols with a checklist.
    """

    anchor_id: str
    scene_id: str
    caption: str
    flaw: str
    strength: float
    intact: RGBImage
    flawed: RGBImage
    inventory: Mapping[str, Any] = field(default_factory=dict)


def _affected(count: int, strength: float, seed: int) -> set[int]:
    """Returns nested choices: a larger strength affects everything that a smaller one does."""
    order = StableRng(seed, _CHOICE).shuffled(range(count))
    return set(order[: max(1, round(strength * count))])


def _edit(
    scene: Scene, kind: type, strength: float, seed: int, change: Callable[[Item], Item | None]
) -> RGBImage:
    positions = [
        index
        for index, item in enumerate(scene.items)
        if isinstance(item, kind) and not (isinstance(item, Stroke) and not item.head)
    ]
    removed = {positions[i] for i in _affected(len(positions), strength, seed)} if positions else ()
    items = (change(item) if index in removed else item for index, item in enumerate(scene.items))
    return render_scene(replace(scene, items=tuple(item for item in items if item is not None)))


def _garbled(scene: Scene, strength: float, seed: int) -> RGBImage:
    spoilt = iter([item for item in garble(scene, seed).items if isinstance(item, Text)])
    by_text = {id(item): next(spoilt) for item in scene.items if isinstance(item, Text)}
    return _edit(scene, Text, strength, seed, lambda item: by_text[id(item)])


def _reversed(item: Item) -> Item:
    return replace(item, path=item.path[::-1]) if isinstance(item, Stroke) else item


FLAWS: dict[str, Callable[[Scene, float, int], RGBImage]] = {
    "labels-garbled": _garbled,
    "labels-missing": lambda scene, strength, seed: _edit(
        scene, Text, strength, seed, lambda _item: None
    ),
    "arrows-missing": lambda scene, strength, seed: _edit(
        scene, Stroke, strength, seed, lambda _item: None
    ),
    "arrows-reversed": lambda scene, strength, seed: _edit(
        scene, Stroke, strength, seed, _reversed
    ),
    "blurred": lambda scene, strength, _seed: blur(render_scene(scene), MAX_BLUR * strength),
}
"""Kinds of flaw, each a function of scene, strength and seed."""


def make_anchors(count: int) -> list[Anchor]:
    """Returns the first ``count`` anchors of the fixed set; anchor i does not depend on ``count``.

    Anchor i has flaw i mod 5 and a strength that changes every five anchors; each scene serves
    five anchors, one for each flaw.
    """
    anchors = []
    for index in range(count):
        number, kind = divmod(index, len(FLAWS))
        flaw, spoil = list(FLAWS.items())[kind]
        strength = STRENGTHS[(number + kind) % len(STRENGTHS)]
        scene = _scene(number)
        anchors.append(
            Anchor(
                anchor_id=f"anchor-{number:03d}-{flaw}-{strength:g}",
                scene_id=f"anchor-{number:03d}",
                caption=scene.caption,
                flaw=flaw,
                strength=strength,
                intact=render_scene(scene),
                flawed=spoil(scene, strength, number),
                inventory=inventory_of(scene),
            )
        )
    return anchors


def inventory_of(scene: Scene) -> dict[str, Any]:
    """Returns the components, arrows and labels of a scene.

    Args:
        scene: A scene whose labels and arrows name their modules.

    Returns:
        Lists of objects by axis: ``components`` (``name``), ``arrows`` (``source``, ``target``) and
        ``text_labels`` (``text``).
    """
    names: dict[int, list[str]] = {}
    for text in scene.texts:
        kind, _, number = text.part.partition(":")
        if kind == "label" and number.isdigit():
            names.setdefault(int(number), []).append(plain(text.markup))
    modules = {number: " ".join(lines) for number, lines in names.items()}
    links = [item.ends for item in scene.items if isinstance(item, Stroke) and item.head]
    return {
        "components": [{"name": modules[number]} for number in sorted(modules)],
        "arrows": [
            {"source": modules.get(ends[0], "?"), "target": modules.get(ends[1], "?")}
            for ends in links
            if ends is not None
        ],
        "text_labels": [{"text": plain(text.markup)} for text in scene.texts],
    }


def _scene(number: int) -> Scene:
    """Returns a scene with labels and arrows to spoil."""
    for attempt in map(partial(lambda start, step: start + 1000 * step, number), range(50)):
        scene = make_scene(ANCHOR_SEED, attempt)
        arrows = sum(isinstance(item, Stroke) and bool(item.head) for item in scene.items)
        if arrows >= 3 and len(scene.texts) >= 4:
            return scene
    raise AssertionError("SynthFig has no such scene")


def anchors_digest(anchors: Sequence[Anchor]) -> str:
    """Returns the SHA-256 of ids and pixels of anchors; empty without anchors."""
    if not anchors:
        return ""
    digest = hashlib.sha256()
    for anchor in anchors:
        for image in (anchor.intact, anchor.flawed):
            digest.update(json.dumps([anchor.anchor_id, image.shape]).encode() + image.tobytes())
    return digest.hexdigest()
