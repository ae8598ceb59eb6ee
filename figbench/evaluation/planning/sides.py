"""The pairing of both sides of a run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from figbench.data.manifest import Manifest
from figbench.data.pairing import Row
from figbench.data.types import Figure
from figbench.evaluation.planning.tasks import GENERATED, REFERENCE, Side
from figbench.graphs.spec import FigureSpec


@dataclass(frozen=True, slots=True)
class Sides:
    """What is compared with what.

    Attributes:
        rows: Expected (reference, sample) rows, generated None where missing; for unpaired
            sets one row per generated figure with itself in the place of the reference id.
        reference: The reference set.
        paired: Whether rows carry references.
        rejected: Generated files that could not be used.
        documents: Vector or text document beside a raster, by side and the raster's path, as a
            figure with path and digest of its own.
        specs: What the figures should say, by the path of the reference.
    """

    rows: Sequence[Row]
    reference: Manifest
    paired: bool
    rejected: int
    documents: Mapping[tuple[Side, str], Figure] = field(default_factory=dict)
    specs: Mapping[str, FigureSpec] = field(default_factory=dict)

    @property
    def present(self) -> list[Figure]:
        """Generated figures that are scored, in row order."""
        return [row.generated for row in self.rows if row.generated is not None]

    def document(self, side: Side, figure: Figure) -> Figure:
        """Returns the file that states the graph of a figure: its document, else itself."""
        return self.documents.get((side, figure.path), figure)

    @property
    def read_twice(self) -> list[Figure]:
        """References with a document whose pixels are read too, for the reader's ceiling.

        These are the references of generated figures that are read from pixels.
        """
        from figbench.graphs.read import is_raster_name

        chosen = {
            row.reference.path: row.reference
            for row in self.rows
            if row.generated is not None
            and is_raster_name(self.document(GENERATED, row.generated).path)
            and (REFERENCE, row.reference.path) in self.documents
            and is_raster_name(row.reference.path)
        }
        return list(chosen.values())
