"""Trials: the calls of a run before they are made, each with its cache key."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Any, Literal

from figbench.judges.images import EncodedImage
from figbench.judges.protocol import Aspect, JudgeProtocol

Purpose = Literal[
    "comparison", "same-picture", "repeat", "blank-page", "other-paper", "text-only", "anchor"
]

GENERATED, REFERENCE = "generated", "reference"
BLANK, OTHER, FLAWED, INTACT = "blank-page", "other-paper", "flawed", "intact"


@dataclass(frozen=True, slots=True)
class Prompt:
    """Text of a call; ``labels`` are the names printed before each image."""

    system: str
    user: str
    labels: tuple[str, ...]

    @property
    def sha256(self) -> str:
        """Digest of the whole text."""
        return hashlib.sha256(
            json.dumps([self.system, self.user, list(self.labels)]).encode()
        ).hexdigest()


@dataclass(frozen=True, slots=True)
class Trial:
    """One call to the judge.

    Attributes:
        purpose: ``comparison`` for the result; everything else is for the card.
        prompt_id: Figure id, or the id of an anchor.
        paper_id: Cluster for intervals.
        first: System displayed first (or alone).
        second: System displayed second; None for a figure that is judged alone.
        images: Encoded images in the order of display; empty for ``text-only``.
        prompt: The text.
        sample: Sample index of the generated figure.
        repeat: 0-based; repeats differ in the sampler's seed.
        aspect: Axis of a checklist call, or a question's id.
        options: Letters of a question's options.
        level: Level of a question.
        count: Inventory size of a checklist call.
        correct: System that is better by construction, or the right option.
        flaw: Kind of flaw of an anchor.
        strength: 0 to 1, of the flaw.
    """

    purpose: Purpose
    prompt_id: str
    paper_id: str
    first: str
    second: str | None
    images: tuple[EncodedImage, ...]
    prompt: Prompt
    sample: int = 0
    repeat: int = 0
    aspect: str = ""
    options: tuple[str, ...] = ()
    level: str = ""
    count: int = 0
    correct: str = ""
    flaw: str = ""
    strength: float = 0.0

    def aspect_of(self, protocol: JudgeProtocol) -> Aspect | None:
        """Returns the checklist axis of this call."""
        matches = [aspect for aspect in protocol.aspects if aspect.id == self.aspect]
        return matches[0] if matches else None

    def key(self, model: str, protocol: JudgeProtocol) -> str:
        """Returns the cache key: prompt hash, model, sampling settings, image digests, repeat."""
        identity: list[Any] = [
            self.prompt.sha256,
            model,
            protocol.sampling.model_dump(mode="json"),
            [image.digest for image in self.images],
            self.repeat,
            list(self.options),
        ]
        return hashlib.sha256(json.dumps(identity, separators=(",", ":")).encode()).hexdigest()
