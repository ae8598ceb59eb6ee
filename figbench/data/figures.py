"""``Figures``: a set of figures from memory, records or a folder, as ``evaluate`` takes it."""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from PIL import Image

from figbench.data.dataset_index import Candidate, Listing
from figbench.data.layouts.records import (
    ID_FIELDS,
    IMAGE_FIELDS,
    PROMPT_FIELDS,
    finite,
    first,
    integer,
    text_of,
)
from figbench.data.load import load_manifest, probe_listing
from figbench.data.manifest import Manifest
from figbench.data.sources import read_source
from figbench.data.types import Figure, Reject, TextLine
from figbench.errors import UserError
from figbench.images.arrays import UNIT, ValueRange, as_rgb_images
from figbench.images.limits import DecodeError

PNG_MODES = ("1", "L", "LA", "P", "RGB", "RGBA", "I;16")
MEMORY = "memory"


@dataclass(frozen=True, slots=True)
class _Item:
    """One figure before it is checked: bytes, or the reason why there are none."""

    candidate: Candidate
    data: bytes | DecodeError
    paper_id: str | None = None
    labels: tuple[TextLine, ...] | None = None


@dataclass(frozen=True, slots=True)
class Figures:
    """A set of figures that ``evaluate`` and ``Evaluator`` accept in the place of a path.

    Make one with :meth:`from_images`, :meth:`from_records`, :meth:`from_datasets` or
    :meth:`from_folder`.

    Attributes:
        source: Name of the set, recorded in the result.
        layout: Layout of a folder, or None to detect it.
        manifest: The checked figures; None for a folder, which is read when it is needed.
    """

    source: str
    layout: str | None = None
    manifest: Manifest | None = None

    @classmethod
    def from_images(
        cls,
        images: Any,
        figure_ids: Sequence[str] | None = None,
        prompts: Sequence[str | None] | None = None,
        *,
        samples: Sequence[int] | None = None,
        paper_ids: Sequence[str | None] | None = None,
        labels: Sequence[Sequence[str]] | None = None,
        value_range: ValueRange = UNIT,
        source: str = MEMORY,
    ) -> Figures:
        """Returns figures from images in memory.

        Each image is encoded as a lossless PNG, with the bytes that Pillow's ``image.save`` writes
        by default. A folder of those files gives the same digests and the same result.

        Args:
            images: PIL images, uint8 arrays (n, h, w, 3), torch tensors (n, 3, h, w) or a list of
                single images; see :func:`figbench.images.arrays.as_rgb_images`.
            figure_ids: What pairs each image with its reference; None numbers them. A repeated id
                is a further sample of the prompt.
            prompts: Caption of each image.
            samples: 0-based sample index of each image; None counts repeated ids.
            paper_ids: Paper of each figure; None derives it from Paper2Fig100k-style ids.
            labels: Ground-truth text of each figure, for references.
            value_range: Range of float images, (0, 1) or (-1, 1).
            source: Name of the set.

        Returns:
            The set, ordered by the file names that a folder would have.

        Raises:
            UserError: If an image is not usable, or lengths differ; the message names the argument.

        >>> import numpy as np
        >>> page = np.full((8, 8, 3), 255, np.uint8)
        >>> len(Figures.from_images([page, page], ["a", "b"]))
        2
        """
        encoded = _encode_all(images, value_range)
        n = len(encoded)
        ids = _column(figure_ids, "figure_ids", n) or [f"{i:06d}" for i in range(n)]
        texts = _column(prompts, "prompts", n) or [None] * n
        papers = _column(paper_ids, "paper_ids", n) or [None] * n
        known = _column(labels, "labels", n) or [None] * n
        indices = _column(samples, "samples", n) or _sample_indices(ids)
        several = any(indices)
        items = [
            _Item(
                Candidate(str(name), int(index), _file_name(str(name), int(index), several), text),
                data,
                paper,
                None if lines is None else tuple(TextLine(str(line)) for line in lines),
            )
            for name, index, text, data, paper, lines in zip(
                ids, indices, texts, encoded, papers, known, strict=True
            )
        ]
        items.sort(key=lambda item: item.candidate.path)
        return cls(source, manifest=_checked(items, source))

    @classmethod
    def from_records(
        cls,
        records: Iterable[Mapping[str, Any]],
        *,
        image: str | None = None,
        value_range: ValueRange = UNIT,
        source: str = "records",
        root: str | Path = ".",
    ) -> Figures:
        """Returns figures from an iterable of dicts, in their order.

        Args:
            records: Dicts with an image and, when known, ``figure_id`` (or ``id``), ``sample``,
                ``prompt`` (or ``caption``), ``seed``, ``guidance_scale``, ``paper_id`` and
                ``labels`` (a list of strings). The image is a PIL image, array, tensor, encoded
                bytes, ``{"bytes": ...}`` or a path; None is a figure that was not made.
            image: Name of the image field; None takes the first of ``image``, ``file_name``,
                ``path`` and the other names of the records layout.
            value_range: Range of float images.
            source: Name of the set.
            root: Folder of relative paths.

        Raises:
            UserError: If a record has no image field, or there is no record.
        """
        items = [
            _from_record(record, i, image, value_range, Path(root))
            for i, record in enumerate(records)
        ]
        if not items:
            raise UserError(f"{source}: no record.")
        return cls(source, manifest=_checked(_with_samples(items), source))

    @classmethod
    def from_datasets(
        cls, dataset: Any, *, image: str = "image", source: str = "datasets", **options: Any
    ) -> Figures:
        """Returns figures from a Hugging Face ``datasets.Dataset``.

        The encoded bytes of the image column are used as they are stored, without decoding.

        Args:
            dataset: A ``Dataset`` (or an ``IterableDataset``) with an image column.
            image: Name of the image column.
            source: Name of the set.
            options: As in :meth:`from_records`.

        Raises:
            UserError: If the column is absent.
        """
        columns = getattr(dataset, "column_names", None)
        if columns is not None and image not in columns:
            raise UserError(
                f"image: the dataset has no column '{image}'.",
                remedy=f"Its columns: {', '.join(map(str, columns))}.",
            )
        feature: Any = (getattr(dataset, "features", None) or {}).get(image)
        if type(feature).__name__ == "Image" and hasattr(dataset, "cast_column"):
            dataset = dataset.cast_column(image, type(feature)(decode=False))
        return cls.from_records(dataset, image=image, source=source, **options)

    @classmethod
    def from_folder(cls, path: str | Path, layout: str | None = None) -> Figures:
        """Returns figures from a folder, archive, index file or URL, read when needed.

        Args:
            path: As in :func:`figbench.load_manifest`.
            layout: Name of the layout, when detection must not decide.
        """
        return cls(str(path), layout)

    @classmethod
    def from_manifest(cls, manifest: Manifest) -> Figures:
        """Returns figures from a manifest that was loaded before."""
        return cls(manifest.source, manifest=manifest)

    def load(self, **options: Any) -> Manifest:
        """Returns the manifest; ``options`` as in :func:`figbench.load_manifest`."""
        if self.manifest is not None:
            return self.manifest
        layout = options.pop("layout", None) or self.layout
        return load_manifest(self.source, layout=layout, **options)

    def __len__(self) -> int:
        return len(self.load().figures)

    def __str__(self) -> str:
        """The name of the set."""
        return self.source


FigureSource = str | Path | Figures
"""What names a set of figures: a path, a URL or :class:`Figures`."""


def load_figures(source: FigureSource, **options: Any) -> Manifest:
    """Returns the manifest of a path or of :class:`Figures`; see ``load_manifest``.

    Raises:
        UserError: If ``source`` is neither, or cannot be read.
    """
    if isinstance(source, Figures):
        return source.load(**options)
    if not isinstance(source, str | Path):
        raise UserError(
            f"{type(source).__name__} is neither a path nor figbench.Figures.",
            remedy="For images in memory: figbench.Figures.from_images(images, figure_ids).",
        )
    return load_manifest(source, **options)


def encode_png(image: Image.Image) -> bytes:
    """Returns a lossless PNG: the bytes that ``image.save(path)`` writes by default."""
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()


def ordered(figures: Iterable[Figure], rejects: Iterable[Reject]) -> Manifest:
    """Returns figures without their bytes as a manifest, in the order of their file names."""
    listed = list(figures)
    several = any(figure.sample for figure in listed)
    named = [
        replace(figure, path=_file_name(figure.figure_id, figure.sample, several))
        for figure in listed
    ]
    named.sort(key=lambda figure: figure.path)
    return Manifest(tuple(named), tuple(rejects), MEMORY, MEMORY, MEMORY)


def _encode_all(images: Any, value_range: ValueRange) -> list[bytes]:
    if isinstance(images, Image.Image):
        images = [images]
    if isinstance(images, Sequence) and not isinstance(images, str | bytes):
        if not len(images):
            raise UserError("images: empty, expected at least one image.")
        return [_encode(image, f"images[{i}]", value_range) for i, image in enumerate(images)]
    arrays = as_rgb_images(images, "images", value_range)
    return [encode_png(Image.fromarray(array)) for array in arrays]


def _encode(image: Any, name: str, value_range: ValueRange) -> bytes:
    if isinstance(image, Image.Image) and image.mode in PNG_MODES:
        return encode_png(image)
    (array,) = as_rgb_images(image, name, value_range)
    return encode_png(Image.fromarray(array))


def _column(values: Any, name: str, n: int) -> list[Any] | None:
    if values is None:
        return None
    if isinstance(values, str):
        raise UserError(f"{name}: a string, expected a list of {n}.")
    listed = list(values)
    if len(listed) != n:
        raise UserError(f"{name}: {len(listed)} for {n} images.")
    return listed


def _sample_indices(ids: Sequence[Any]) -> list[int]:
    counts: dict[str, int] = {}
    indices = []
    for name in map(str, ids):
        indices.append(counts.get(name, 0))
        counts[name] = indices[-1] + 1
    return indices


def _file_name(figure_id: str, sample: int, several: bool) -> str:
    return f"{figure_id}_{sample}.png" if several else f"{figure_id}.png"


def _from_record(
    record: Mapping[str, Any], i: int, image: str | None, value_range: ValueRange, root: Path
) -> _Item:
    if not isinstance(record, Mapping):
        raise UserError(f"records[{i}]: {type(record).__name__}, expected a dict.")
    field = image or next((name for name in IMAGE_FIELDS if name in record), None)
    if field is None or field not in record:
        raise UserError(
            f"records[{i}]: no image; its fields: {', '.join(map(str, record))}.",
            remedy="Name the field with image=..., or one of: " + ", ".join(IMAGE_FIELDS) + ".",
        )
    value = record[field]
    data, path = _bytes_of(value, f"records[{i}]['{field}']", value_range, root)
    identity = first(record, ID_FIELDS)
    stem = Path(path).stem if path else f"{i:06d}"
    figure_id = str(identity) if identity is not None else stem
    labels = record.get("labels")
    return _Item(
        Candidate(
            figure_id,
            -1 if record.get("sample") is None else integer(record["sample"]) or 0,
            path or f"{figure_id}#{i}",
            text_of(first(record, PROMPT_FIELDS)),
            integer(record.get("seed")),
            finite(record.get("guidance_scale")),
        ),
        data,
        text_of(record.get("paper_id")),
        None if labels is None else tuple(TextLine(str(label)) for label in labels),
    )


def _bytes_of(
    value: Any, name: str, value_range: ValueRange, root: Path
) -> tuple[bytes | DecodeError, str | None]:
    path = value.get("path") if isinstance(value, Mapping) else None
    if isinstance(value, Mapping):
        value = value.get("bytes") or path
    if value is None:
        return DecodeError("missing-file", "the record has no image"), path
    if isinstance(value, bytes | bytearray | memoryview):
        return bytes(value), path
    if isinstance(value, str | Path):
        try:
            return read_source(root, str(value)), str(value)
        except DecodeError as error:
            return error, str(value)
    return _encode(value, name, value_range), path


def _with_samples(items: Sequence[_Item]) -> list[_Item]:
    """Numbers the records without a sample index in the order of their id."""
    counts: dict[str, int] = {}
    numbered = []
    for item in items:
        candidate = item.candidate
        if candidate.sample < 0:
            candidate = replace(candidate, sample=counts.get(candidate.figure_id, 0))
        counts[candidate.figure_id] = max(counts.get(candidate.figure_id, 0), candidate.sample + 1)
        numbered.append(replace(item, candidate=candidate))
    return numbered


def _checked(items: Sequence[_Item], source: str) -> Manifest:
    """Returns the manifest of items: digests, decode checks, contents by digest."""
    # Two items may carry the same path; the position then tells them apart.
    unique = len({item.candidate.path for item in items}) == len(items)
    candidates = [
        item.candidate if unique else replace(item.candidate, path=f"{item.candidate.path}#{i}")
        for i, item in enumerate(items)
    ]
    data = {candidate.path: item.data for candidate, item in zip(candidates, items, strict=True)}

    def read(path: str) -> bytes:
        content = data[path]
        if isinstance(content, DecodeError):
            raise content
        return content

    listing = Listing(MEMORY, Path(), candidates)
    manifest = probe_listing(listing, source, {}, 0, read)
    papers = {
        candidate.path: item.paper_id
        for candidate, item in zip(candidates, items, strict=True)
        if item.paper_id
    }
    figures = tuple(
        replace(figure, paper_id=papers.get(figure.path, figure.paper_id))
        for figure in manifest.figures
    )
    return replace(
        manifest,
        figures=figures,
        root=MEMORY,
        labels={item.candidate.figure_id: item.labels for item in items if item.labels is not None},
        contents={figure.sha256: read(figure.path) for figure in figures},
    )
