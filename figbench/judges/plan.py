"""The plan of a run: comparisons of both sets, and the controls that the card is measured on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from figbench.data.manifest import Manifest
from figbench.data.pairing import FigurePair, pair
from figbench.data.types import Figure
from figbench.errors import UserError
from figbench.images.decode import decode
from figbench.images.types import RGBImage
from figbench.judges.anchors import Anchor, anchors_digest, make_anchors
from figbench.judges.images import EncodedImage, ImageFolder, canvas_size
from figbench.judges.materials import Materials
from figbench.judges.prompts import (
    checklist_prompt,
    pairwise_prompt,
    pointwise_prompt,
    question_prompt,
    without_images,
)
from figbench.judges.protocol import JudgeProtocol
from figbench.judges.trials import (
    BLANK,
    FLAWED,
    GENERATED,
    INTACT,
    OTHER,
    REFERENCE,
    Purpose,
    Trial,
)

Load = Callable[[], RGBImage]


@dataclass(frozen=True, slots=True)
class Item:
    """One expected figure: its description, and the two systems' images where they exist."""

    prompt_id: str
    paper_id: str
    sample: int
    context: str | None
    reference: Load
    generated: Load | None


@dataclass(frozen=True, slots=True)
class Plan:
    """Every call of a run.

    Attributes:
        trials: In a fixed order, comparisons first.
        missing: (figure id, paper id, sample) of expected figures that the model did not deliver.
        notes: Sentences for the user.
        anchors_digest: Digest of the anchors; empty without anchors.
    """

    trials: tuple[Trial, ...]
    missing: tuple[tuple[str, str, int], ...]
    notes: tuple[str, ...]
    anchors_digest: str = ""


def items_of(generated: Manifest, reference: Manifest) -> tuple[list[Item], list[str]]:
    """Pairs two sets; an expected figure that is absent or unreadable has no generated image."""
    pairing = pair(generated.figures, reference.figures, rejects=generated.rejects)
    items = [_item(figure_pair, generated, reference) for figure_pair in pairing.pairs]
    if not any(item.generated for item in items):
        raise UserError(
            f"{generated.source}: no figure of it answers a figure of {reference.source}.",
            remedy="Ids must be equal; see them with: figbench data inspect PATH",
        )
    notes = list(pairing.notes)
    if pairing.extra:
        notes.append(f"{len(pairing.extra)} generated figures answer no reference: not judged")
    without = sum(item.context is None for item in items)
    if without:
        notes.append(f"{without} of {len(items)} figures have no caption: judged without text")
    return items, notes


def _item(figure_pair: FigurePair, generated: Manifest, reference: Manifest) -> Item:
    figure, answer = figure_pair.reference, figure_pair.generated
    context = figure.prompt or (answer.prompt if answer else None)
    return Item(
        prompt_id=figure.figure_id,
        paper_id=figure.paper_id or figure.figure_id,
        sample=figure_pair.sample,
        context=context,
        reference=lambda: _decoded(reference, figure),
        generated=(lambda: _decoded(generated, answer)) if answer else None,
    )


def _decoded(manifest: Manifest, figure: Figure) -> RGBImage:
    return decode(manifest.read(figure)).image


class Planner:
    """Builds trials of one protocol.

    Args:
        protocol: How figures are presented.
        image_folder: Receives the encoded images.
        materials: Questions and inventories by figure id.
    """

    def __init__(
        self, protocol: JudgeProtocol, image_folder: ImageFolder, materials: Materials
    ) -> None:
        self.protocol, self.image_folder, self.materials = protocol, image_folder, materials

    def plan(
        self,
        items: Sequence[Item],
        *,
        repeats: int,
        controls: int,
        anchors: int,
        seed: int,
        notes: Sequence[str] = (),
    ) -> Plan:
        """Returns the calls.

        Args:
            items: From :func:`items_of`.
            repeats: Times each comparison is asked, at least 1.
            controls: Pairs of each control; 0 for none.
            anchors: Anchor pairs; 0 for none.
            seed: Chooses the pairs of the controls.
            notes: Passed on.
        """
        present = [item for item in items if item.generated]
        trials: list[Trial] = []
        for item in present:
            assert item.generated is not None  # nosec B101 # narrows a type
            asked = self._asked("comparison", item, (GENERATED, item.generated()))
            trials += [replace(t, repeat=r) for t in asked for r in range(repeats)]
        rng = np.random.default_rng(seed)
        sizes = min(controls, len(present))
        selected = sorted(rng.permutation(len(present))[:sizes].tolist()) if sizes else []
        for index in selected:
            trials += self._controls(present[index], self._other(present, index), repeats)
        digest = ""
        if self.protocol.mode != "questions":
            anchor_set = make_anchors(anchors)
            digest = anchors_digest(anchor_set)
            for anchor in anchor_set:
                trials += self.anchor_trials(anchor)
        missing = tuple(
            (item.prompt_id, item.paper_id, item.sample) for item in items if not item.generated
        )
        return Plan(tuple(trials), missing, tuple(notes), digest)

    def anchor_trials(self, anchor: Anchor) -> list[Trial]:
        """Returns the calls of one anchor: both orders, each figure alone, or both checklists."""
        item = Item(
            anchor.anchor_id, anchor.scene_id, 0, anchor.caption, lambda: anchor.intact, None
        )
        systems = (FLAWED, anchor.flawed), (INTACT, anchor.intact)
        if self.protocol.mode == "checklist":
            inventories = Materials({anchor.anchor_id: anchor.inventory})
            trials = [
                trial
                for system in systems
                for trial in self._checklist("anchor", item, system, inventories)
            ]
        else:
            trials = self._pair("anchor", item, *systems)
        return [
            replace(t, correct=INTACT, flaw=anchor.flaw, strength=anchor.strength) for t in trials
        ]

    def _other(self, present: Sequence[Item], index: int) -> Item | None:
        """Returns the next figure of another paper."""
        rotated = [*present[index + 1 :], *present[:index]]
        return next((o for o in rotated if o.paper_id != present[index].paper_id), None)

    def _controls(self, item: Item, other: Item | None, repeats: int) -> list[Trial]:
        assert item.generated is not None  # nosec B101 # narrows a type
        generated, reference = item.generated(), item.reference()
        blank = np.full_like(reference, 255)
        asked = self._asked("comparison", item, (GENERATED, generated))
        trials = []
        if repeats == 1:
            trials += [replace(t, purpose="repeat", repeat=1) for t in asked]
        trials += self._against("blank-page", item, (BLANK, blank), reference)
        if other is not None:
            trials += self._against("other-paper", item, (OTHER, other.reference()), reference)
        if self.protocol.mode == "pairwise":
            same = self._pair("same-picture", item, (REFERENCE, reference), (REFERENCE, reference))
            trials += [replace(same[0], repeat=r) for r in range(2)]
        trials += [
            replace(t, purpose="text-only", images=(), prompt=without_images(t.prompt))
            for t in asked
        ]
        return trials

    def _against(
        self, purpose: Purpose, item: Item, wrong: tuple[str, RGBImage], reference: RGBImage
    ) -> list[Trial]:
        if self.protocol.mode in ("pairwise", "pointwise"):
            trials = self._pair(purpose, item, wrong, (REFERENCE, reference))
            return [replace(trial, correct=REFERENCE) for trial in trials]
        return self._asked(purpose, item, wrong)

    def _asked(self, purpose: Purpose, item: Item, system: tuple[str, RGBImage]) -> list[Trial]:
        """Returns the calls that compare or score one system's figure for an item."""
        if self.protocol.mode in ("pairwise", "pointwise"):
            return self._pair(purpose, item, system, (REFERENCE, item.reference()))
        if self.protocol.mode == "checklist":
            return self._checklist(purpose, item, system)
        return self._questions(purpose, item, system)

    def _encode(self, *images: RGBImage) -> tuple[EncodedImage, ...]:
        spec = self.protocol.pictures
        sizes = tuple((image.shape[1], image.shape[0]) for image in images)
        canvas = canvas_size(sizes, spec) if len(images) > 1 else None
        return tuple(self.image_folder.add(image, spec, canvas) for image in images)

    def _pair(
        self,
        purpose: Purpose,
        item: Item,
        first_system: tuple[str, RGBImage],
        second_system: tuple[str, RGBImage],
    ) -> list[Trial]:
        base = {
            "purpose": purpose, "prompt_id": item.prompt_id, "paper_id": item.paper_id,
            "sample": item.sample,
        }  # fmt: skip
        if self.protocol.mode == "pointwise":
            prompt = pointwise_prompt(self.protocol, item.context)
            return [
                Trial(
                    first=name,
                    second=None,
                    images=self._encode(image),
                    prompt=prompt,
                    **base,  # type: ignore[arg-type]
                )
                for name, image in (first_system, second_system)
            ]
        images = self._encode(first_system[1], second_system[1])
        trials: list[Trial] = []
        for first, second, displayed in (
            (first_system[0], second_system[0], images),
            (second_system[0], first_system[0], images[::-1]),
        ):
            # A revealing protocol names the system that is not the reference as the model.
            position = REFERENCE if first in (REFERENCE, INTACT) else GENERATED
            if purpose == "same-picture" and trials:
                position = GENERATED
            prompt = pairwise_prompt(self.protocol, item.context, position)
            trials.append(
                Trial(first=first, second=second, images=displayed, prompt=prompt, **base)  # type: ignore[arg-type]
            )
        return trials

    def _checklist(
        self,
        purpose: Purpose,
        item: Item,
        system: tuple[str, RGBImage],
        materials: Materials | None = None,
    ) -> list[Trial]:
        images = self._encode(item.reference(), system[1])
        trials = []
        for axis in self.protocol.aspects:
            inventory = (materials or self.materials).inventory(item.prompt_id, axis.id)
            if not inventory:
                continue
            prompt = checklist_prompt(self.protocol, item.context, axis, inventory)
            trials.append(
                Trial(
                    purpose,
                    item.prompt_id,
                    item.paper_id,
                    REFERENCE,
                    system[0],
                    images,
                    prompt,
                    sample=item.sample,
                    aspect=axis.id,
                    count=len(inventory),
                )
            )
        return trials

    def _questions(self, purpose: Purpose, item: Item, system: tuple[str, RGBImage]) -> list[Trial]:
        images = self._encode(system[1])
        return [
            Trial(
                purpose,
                item.prompt_id,
                item.paper_id,
                system[0],
                None,
                images,
                question_prompt(self.protocol, question.text, question.options),
                sample=item.sample,
                aspect=question.id,
                options=tuple(sorted(question.options)),
                level=question.level,
                correct=question.correct,
            )
            for question in self.materials.questions(item.prompt_id)
        ]
