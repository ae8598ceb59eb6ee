"""The pairing of both sides of a run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from figbench.data.manifest import Manifest
from figbench.data.pairing import FigurePair
from figbench.data.types import Figure
from figbench.evaluation.planning.tasks import GENERATED, REFERENCE, Side
from figbench.graphs.editable import DocumentContent
from figbench.graphs.spec import FigureSpec


@dataclass(frozen=True, slots=True)
class Sides:
    """The pairing of the generated figures with the references.

    Attributes:
        pairs: Expected (reference, sample) pairs, generated None where missing. For unpaired sets
            one pair per generated figure, with the figure itself as its reference.
        reference: The reference set.
        paired: Whether the pairs carry references.
        rejected: Generated files that could not be used.
        documents: Vector or text document beside a raster, by side and the raster's path, as a
            figure with path and digest of its own.
        specs: What the figures should say, by the path of the reference.
        contents: Objects of the vector documents of generated figures, by the figure's path.
    """

    pairs: Sequence[FigurePair]
    reference: Manifest
    paired: bool
    rejected: int
    documents: Mapping[tuple[Side, str], Figure] = field(default_factory=dict)
    specs: Mapping[str, FigureSpec] = field(default_factory=dict)
    contents: Mapping[str, DocumentContent] = field(default_factory=dict)

    @property
    def present(self) -> list[Figure]:
        """Generated figures that are scored, in the order of the pairs."""
        return [pair.generated for pair in self.pairs if pair.generated is not None]

    def document(self, side: Side, figure: Figure) -> Figure:
        """Returns the file that states the graph of a figure: its document, or the figure."""
        return self.documents.get((side, figure.path), figure)

    @property
    def read_twice(self) -> list[Figure]:
        """References with a document whose pixels are read too, for the reader's ceiling.

        These are the references of generated figures that are read from pixels.
        """
        from figbench.graphs.read import is_raster_name

        selected = {
            pair.reference.path: pair.reference
            for pair in self.pairs
            if pair.generated is not None
            and is_raster_name(self.document(GENERATED, pair.generated).path)
            and (REFERENCE, pair.reference.path) in self.documents
            and is_raster_name(pair.reference.path)
        }
        return list(selected.values())
