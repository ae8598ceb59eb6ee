"""The pairing of both sides of a run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from figbench.data.manifest import Manifest
from figbench.data.pairing import Row
from figbench.data.types import Figure


@dataclass(frozen=True, slots=True)
class Sides:
    """The pairing of the generated figures with the references.

    Attributes:
        pairs: Expected (reference, sample) pairs, generated None where missing. For unpaired sets
            one pair per generated figure, with the figure itself as its reference.
        reference: The reference set.
        paired: Whether the pairs carry references.
        rejected: Generated files that could not be used.
    """

    pairs: Sequence[Row]
    reference: Manifest
    paired: bool
    rejected: int

    @property
    def present(self) -> list[Figure]:
        """Generated figures that are scored, in the order of the pairs."""
        return [pair.generated for pair in self.pairs if pair.generated is not None]
