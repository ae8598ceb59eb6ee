"""Which labels of the reference a figure repeats, misses and invents."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from figbench.data.label_text import normalise


@dataclass(frozen=True, slots=True)
class Difference:
    """Normalised label texts, sorted, each as often as it occurs."""

    matched: tuple[str, ...]
    missed: tuple[str, ...]
    invented: tuple[str, ...]


def difference(generated: Iterable[str], reference: Iterable[str]) -> Difference:
    """Returns how the labels of a generated figure differ from those of its reference.

    Labels are compared as a multiset after normalising; labels without letters or digits are
    left out. Unlike label F1 a misspelt label counts as missed and invented, and both
    spellings are listed.
    """
    made, expected = _counted(generated), _counted(reference)
    common = made & expected
    return Difference(_sorted(common), _sorted(expected - common), _sorted(made - common))


def _counted(texts: Iterable[str]) -> Counter[str]:
    return Counter(label for text in texts if (label := normalise(text)))


def _sorted(counted: Counter[str]) -> tuple[str, ...]:
    return tuple(sorted(counted.elements()))
