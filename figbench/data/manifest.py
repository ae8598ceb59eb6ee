"""The manifest: a record of each figure of a set, independent of the layout of its files."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from figbench.data.sources import read_source
from figbench.data.types import Figure, LeftOut, OtherFile, Reject, SourceRecord, TextLine
from figbench.errors import IntegrityError


@dataclass(frozen=True, slots=True)
class Manifest:
    """A set of figures in a fixed order, with its rejects and their reasons.

    Attributes:
        figures: The usable figures.
        rejects: Files that cannot be used, with code and reason.
        layout: Name of the layout.
        root: Folder that the paths of figures are relative to.
        source: Name of the set, as the user wrote it.
        notes: Remarks about the set, for the result and the console.
        labels: Ground-truth text by figure id.
        left_out: Images of the set that are not scored.
        records: The records of the data set, if it has any.
        others: Images of other roles (drafts, assets), which are not scored.
        contents: Bytes of figures in memory by SHA-256; other figures are read from ``root``.
    """

    figures: tuple[Figure, ...]
    rejects: tuple[Reject, ...]
    layout: str
    root: str
    source: str
    notes: tuple[str, ...] = ()
    labels: Mapping[str, tuple[TextLine, ...]] = field(default_factory=dict)
    left_out: tuple[LeftOut, ...] = ()
    records: tuple[SourceRecord, ...] = ()
    others: tuple[OtherFile, ...] = ()
    contents: Mapping[str, bytes] = field(default_factory=dict, repr=False)

    def read(self, figure: Figure) -> bytes:
        """Returns the figure's bytes.

        Raises:
            DecodeError: If the file cannot be read.
            IntegrityError: If the file changed since the manifest was made. Results are stored
                by digest, and other bytes must not get the same digest.
        """
        data = self.contents.get(figure.sha256)
        if data is None:
            data = read_source(Path(self.root), figure.path)
        if hashlib.sha256(data).hexdigest() != figure.sha256:
            raise IntegrityError(
                f"{Path(self.root) / figure.path}: changed since the manifest was made.",
                remedy="Run the command again when no program writes to the folder.",
            )
        return data

    def read_document(self, figure: Figure) -> bytes | None:
        """Returns the bytes of the figure's source document; None if it has none.

        Raises:
            DecodeError: If the document cannot be read.
        """
        return None if figure.source is None else read_source(Path(self.root), figure.source)

    @property
    def digest(self) -> str:
        """SHA-256 over ids, samples and image digests, in order."""
        return _digest([figure.figure_id, figure.sample, figure.sha256] for figure in self.figures)

    @property
    def prompts_digest(self) -> str:
        """SHA-256 over the sorted distinct figure ids."""
        return _digest(sorted({figure.figure_id for figure in self.figures}))

    def select(self, figures: Iterable[Figure], note: str) -> Manifest:
        """Returns a manifest of some of the figures, with a note of the reason."""
        return replace(self, figures=tuple(figures), notes=(*self.notes, note))


def _digest(items: Iterable[object]) -> str:
    """Returns the SHA-256 of the items as a JSON list, whose text is never in memory as a whole."""
    digest, separator = hashlib.sha256(b"["), b""
    for item in items:
        digest.update(separator + json.dumps(item).encode())
        separator = b", "
    digest.update(b"]")
    return digest.hexdigest()
