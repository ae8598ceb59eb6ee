"""Captions and body paragraphs that describe a figure."""

from __future__ import annotations

from dataclasses import dataclass

from figbench.synthfig.method.content import Content
from figbench.synthfig.rng import StableRng

_OPENINGS = (
    "Overview of the proposed {name} framework for {task}.",
    "The overall architecture of {name}.",
    "Illustration of our {name} pipeline for {task}.",
    "Architecture of the proposed {name} model.",
    "Schematic overview of {name}, our approach to {task}.",
    "The framework of {name}.",
    "The proposed {name} architecture for {task}.",
)
_STEPS = (
    "{a} is fed into {b}.",
    "{a} is passed to {b}.",
    "The output of {a} goes to {b}.",
    "{b} takes {a} as input.",
    "{a} is followed by {b}.",
    "{a} is processed by {b}.",
)
_KINDS = {
    "skip": "A skip connection links {a} to {b}.",
    "loss": "{b} is computed from {a}.",
    "share": "{a} and {b} share weights.",
}
_MENTIONS = (
    "As shown in Fig. {k}, {name} consists of {parts}.",
    "Figure {k} depicts the pipeline of {name}, which comprises {parts}.",
    "The architecture is illustrated in Figure {k}. It contains {parts}.",
)


def _listed(names: list[str]) -> str:
    return names[0] if len(names) == 1 else ", ".join(names[:-1]) + " and " + names[-1]


@dataclass(frozen=True, slots=True)
class Prose:
    """Wording of one figure: its number in the paper and the seed of its phrases."""

    number: int
    key: tuple[int, ...]

    def of(self, content: Content) -> tuple[str, tuple[str, ...]]:
        """Returns the caption and the paragraphs for a content."""
        rng = StableRng(*self.key)
        opening = rng.choice(_OPENINGS).format(name=content.name, task=content.task)
        steps = self._steps(content, rng)
        selected = steps[: rng.integer(3, 6)]
        caption = f"Figure {self.number}: " + " ".join([opening, *selected, *self._frames(content)])
        parts = _listed([_the(m.name) for m in content.modules if m.lines])
        mention = rng.choice(_MENTIONS).format(k=self.number, name=content.name, parts=parts)
        return caption, (" ".join([mention, *steps]),)

    def _steps(self, content: Content, rng: StableRng) -> list[str]:
        sentences = []
        for link in content.links:
            a, b = (_name(content, i) for i in (link.source, link.target))
            template = _KINDS.get(link.kind) or rng.choice(_STEPS)
            sentence = template.format(a=a, b=b)
            sentences.append(sentence[0].upper() + sentence[1:])
        return sentences

    def _frames(self, content: Content) -> list[str]:
        out = []
        for group in content.groups:
            members = [content.modules[i] for i in group.members]
            names = [_the(member.name) for member in members if member.lines]
            if names:
                out.append(f"{group.title}: {_listed(names)}.")
        return out[:2]


def _the(name: str) -> str:
    return f"the {name}"


def _name(content: Content, number: int) -> str:
    module = content.modules[number]
    if module.lines:
        return _the(module.name)
    return {"plus": "the element-wise sum", "times": "the element-wise product"}[module.look]
