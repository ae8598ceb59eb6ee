"""The content of a figure (modules, links, groups), independent of its style."""

from __future__ import annotations

import dataclasses
import itertools
from dataclasses import dataclass, replace

from figbench.synthfig.drawing.text import plain
from figbench.synthfig.method.words import FIELDS, LINK_WORDS, METHOD_NAMES, ROLE_WORDS, Field
from figbench.synthfig.rng import StableRng


@dataclass(frozen=True, slots=True)
class Module:
    """A named part of the method.

    Attributes:
        lines: Its label in markup, line by line; empty for an operator sign.
        role: One of ``style.ROLES``; decides the colour.
        look: Fixed appearance (``photo``, ``doc``, ``plus``), or ``auto`` for the style's choice.
        col: Logical column.
        row: Logical row.
    """

    lines: tuple[str, ...]
    role: str
    look: str
    col: int
    row: int

    @property
    def name(self) -> str:
        """The label as one plain line."""
        return " ".join(plain(line) for line in self.lines)


@dataclass(frozen=True, slots=True)
class Link:
    """An arrow from one module to another: ``kind`` is flow, skip, loss or share."""

    source: int
    target: int
    text: str = ""
    kind: str = "flow"


@dataclass(frozen=True, slots=True)
class Group:
    """A titled frame around modules."""

    title: str
    members: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Content:
    """One method: modules on a logical grid, their links, frames and legend."""

    kind: str
    name: str
    task: str
    modules: tuple[Module, ...]
    links: tuple[Link, ...]
    groups: tuple[Group, ...] = ()
    legend: tuple[tuple[str, str], ...] = ()


@dataclass
class Draft:
    """A content under construction: names are drawn without repetition."""

    rng: StableRng
    kind: str
    field: Field = dataclasses.field(init=False)
    modules: list[Module] = dataclasses.field(default_factory=list)
    links: list[Link] = dataclasses.field(default_factory=list)
    groups: list[Group] = dataclasses.field(default_factory=list)
    _pools: dict[str, list[str]] = dataclasses.field(default_factory=dict)

    def __post_init__(self) -> None:
        self.field = self.rng.choice(FIELDS)

    def word(self, kind: str) -> str:
        """Returns an unused word of a kind (an attribute of ``words.Field``)."""
        pool = self._pools.get(kind)
        if not pool:
            words: tuple[str, ...] = getattr(self.field, kind)
            taken = {module.name for module in self.modules}
            fresh = [w for w in words if plain(w.split("@")[0].replace("|", " ")) not in taken]
            pool = self._pools[kind] = self.rng.shuffled(fresh or list(words))
        return pool.pop()

    def add(self, kind: str, col: int, row: int, text: str = "", look: str = "") -> int:
        """Adds a module and returns its number.

        Args:
            kind: Vocabulary kind, such as ``inputs``.
            col: Logical column.
            row: Logical row.
            text: Label; empty for an unused word of the kind.
            look: Fixed appearance; empty for that of the word.
        """
        word = text or self.word(kind)
        label, _, word_look = word.partition("@")
        auto = "cylinder" if kind == "stores" else "auto"
        role = {
            "inputs": "input", "coders": "coder", "modules": "module", "features": "feature",
            "losses": "loss", "outputs": "output", "stores": "input",
        }[kind]  # fmt: skip
        self.modules.append(
            Module(tuple(label.split("|")), role, look or word_look or auto, col, row)
        )
        return len(self.modules) - 1

    def sign(self, look: str, col: int, row: int) -> int:
        """Adds an operator sign without a label and returns its number.

        Args:
            look: ``plus`` or ``times``.
            col: Logical column.
            row: Logical row.
        """
        self.modules.append(Module((), "module", look, col, row))
        return len(self.modules) - 1

    def link(self, source: int, target: int, kind: str = "flow", text: str = "") -> None:
        """Adds an arrow.

        Args:
            source: Number of the module that it leaves.
            target: Number of the module that it reaches.
            kind: ``flow``, ``skip``, ``loss`` or ``share``.
            text: Label; empty for none.
        """
        self.links.append(Link(source, target, text, kind))

    def chain(self, *numbers: int) -> None:
        """Links modules one after the other."""
        for a, b in itertools.pairwise(numbers):
            self.link(a, b)

    def group(self, title: str, *members: int) -> None:
        """Frames modules."""
        self.groups.append(Group(title, members))

    def annotate(self, most: int) -> None:
        """Writes short labels on up to ``most`` ordinary arrows."""
        plain_links = [i for i, link in enumerate(self.links) if link.kind == "flow"]
        count = min(self.rng.integer(0, most), len(plain_links))
        words = self.rng.sample(LINK_WORDS, count)
        for i, word in zip(self.rng.sample(plain_links, count), words, strict=True):
            self.links[i] = replace(self.links[i], text=word)

    def legend(self) -> tuple[tuple[str, str], ...]:
        """Returns a legend of the roles that occur, or none."""
        roles = sorted({m.role for m in self.modules if m.look == "auto"})
        if len(roles) < 2 or not self.rng.chance(0.28):
            return ()
        selected = self.rng.sample(roles, min(len(roles), self.rng.integer(2, 3)))
        return tuple((role, self.rng.choice(ROLE_WORDS[role])) for role in selected)

    def done(self) -> Content:
        """Returns the finished content."""
        return Content(
            self.kind,
            self.rng.choice(METHOD_NAMES),
            self.rng.choice(self.field.task),
            tuple(self.modules),
            tuple(self.links),
            tuple(self.groups),
            self.legend(),
        )
