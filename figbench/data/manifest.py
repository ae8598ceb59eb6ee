"""The manifest: one record per figure, independent of the layout that it was read from."""

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
    """A set of figures in a fixed order, with what was rejected and why.

    ``contents`` holds the bytes of figures that are in memory, by SHA-256; other figures are read
    from ``root``. ``others`` lists images of another role (drafts, assets), which are not scored.
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
            DecodeError: If they cannot be read any more.
            IntegrityError: If they are not those that the manifest was made from: results are
                kept by digest, and other bytes must not come under it.
        """
        data = self.contents.get(figure.sha256)
        if data is None:
            data = read_source(Path(self.root), figure.path)
        if hashlib.sha256(data).hexdigest() != figure.sha256:
            raise IntegrityError(
                f"{Path(self.root) / figure.path}: changed since the manifest was made.",
                remedy="Run the command again when nothing writes there any more.",
            )
        return data

    def read_document(self, figure: Figure) -> bytes | None:
        """Returns the bytes of the figure's source document; None where it has none.

        Raises:
            DecodeError: If the document cannot be read.
        """
        return None if figure.source is None else read_source(Path(self.root), figure.source)

    @property
    def digest(self) -> str:
        """SHA-256 over ids, samples and image digests, in order."""
        return _digest([one.figure_id, one.sample, one.sha256] for one in self.figures)

    @property
    def prompts_digest(self) -> str:
        """SHA-256 over the sorted distinct figure ids."""
        return _digest(sorted({one.figure_id for one in self.figures}))

    def select(self, figures: Iterable[Figure], note: str) -> Manifest:
        """Returns a manifest of some of the figures, with a note that says why."""
        return replace(self, figures=tuple(figures), notes=(*self.notes, note))


def _digest(items: Iterable[object]) -> str:
    """Returns the SHA-256 of the items as one JSON list, without having its text in memory."""
    digest, separator = hashlib.sha256(b"["), b""
    for item in items:
        digest.update(separator + json.dumps(item).encode())
        separator = b", "
    digest.update(b"]")
    return digest.hexdigest()
