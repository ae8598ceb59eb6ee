"""The pairing of both sides of a run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from figbench.data.manifest import Manifest
from figbench.data.pairing import Row
from figbench.data.types import Figure


@dataclass(frozen=True, slots=True)
class Sides:
    """What is compared with what.

    Attributes:
        rows: Expected (reference, sample) rows, generated None where missing; for unpaired
            sets one row per generated figure with itself in the place of the reference id.
        reference: The reference set.
        paired: Whether rows carry references.
        rejected: Generated files that could not be used.
    """

    rows: Sequence[Row]
    reference: Manifest
    paired: bool
    rejected: int

    @property
    def present(self) -> list[Figure]:
        """Generated figures that are scored, in row order."""
        return [row.generated for row in self.rows if row.generated is not None]
