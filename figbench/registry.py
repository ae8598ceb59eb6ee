"""Typed registry of built-in names and third-party entry points, with suggestions."""

from __future__ import annotations

import difflib
import importlib
from collections.abc import Iterable, Mapping
from importlib.metadata import entry_points
from typing import Generic, TypeVar, cast

from figbench.errors import UserError

T = TypeVar("T")


def suggest(name: str, options: Iterable[str]) -> str:
    """Returns ``" Did you mean 'x'?"`` for the most similar option, or an empty string."""
    near = difflib.get_close_matches(name, list(options), n=1, cutoff=0.5)
    return f" Did you mean '{near[0]}'?" if near else ""


class Registry(Generic[T]):
    """Maps names to objects, which are imported on first use.

    Args:
        kind: Kind of object, for messages ("metric", "extractor").
        group: Entry-point group for third parties, e.g. ``figbench.metrics``.
        builtin: Name to ``"module:attribute"``.

    Built-in names win over entry points of the same name, so that an installed package
    cannot silently change what a published metric means.
    """

    def __init__(self, kind: str, group: str, builtin: Mapping[str, str]) -> None:
        self.kind = kind
        self.group = group
        self._builtin = dict(builtin)
        self._loaded: dict[str, T] = {}

    def names(self) -> list[str]:
        """Returns every name, sorted."""
        external = {point.name for point in entry_points(group=self.group)}
        return sorted(external | set(self._builtin))

    def get(self, name: str) -> T:
        """Returns the object registered under ``name``.

        Raises:
            UserError: If the name is unknown; the message suggests the most similar one.
        """
        if name not in self._loaded:
            self._loaded[name] = self._load(name)
        return self._loaded[name]

    def _load(self, name: str) -> T:
        if name in self._builtin:
            module, _, attribute = self._builtin[name].partition(":")
            return cast(T, getattr(importlib.import_module(module), attribute))
        for point in entry_points(group=self.group):
            if point.name == name:
                return cast(T, point.load())
        names = self.names()
        raise UserError(
            f"Unknown {self.kind} '{name}'.{suggest(name, names)}",
            remedy=f"Known: {', '.join(names)}.",
        )
