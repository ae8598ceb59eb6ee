"""Figures in memory: PNG encoding, records, sample indices, and the manifest of a set."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from PIL import Image

from figbench.data.dataset_index import Candidate, DatasetIndex
from figbench.data.layouts.records import (
    ID_FIELDS,
    IMAGE_FIELDS,
    PROMPT_FIELDS,
    finite,
    first,
    integer,
    text_of,
)
from figbench.data.load import manifest_from_index
from figbench.data.manifest import Manifest
from figbench.data.sources import read_source
from figbench.data.types import TextLine
from figbench.errors import UserError
from figbench.images.arrays import ValueRange, as_rgb_images
from figbench.images.limits import DecodeError

PNG_MODES = ("1", "L", "LA", "P", "RGB", "RGBA", "I;16")
MEMORY = "memory"


@dataclass(frozen=True, slots=True)
class Item:
    """A figure before it is checked.

    Attributes:
        candidate: Id, sample, path, prompt and settings.
        data: Encoded bytes, or the error that replaces them.
        paper_id: Paper of the figure, if known.
        labels: Ground-truth text, if known.
    """

    candidate: Candidate
    data: bytes | DecodeError
    paper_id: str | None = None
    labels: tuple[TextLine, ...] | None = None


def encode_png(image: Image.Image) -> bytes:
    """Returns a lossless PNG: the bytes that ``image.save(path)`` writes by default."""
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()


def encode_all(images: Any, value_range: ValueRange) -> list[bytes]:
    """Returns the PNG bytes of each image.

    Raises:
        UserError: If there is no image, or an image is not usable.
    """
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


def argument_list(values: Any, name: str, n: int) -> list[Any] | None:
    """Returns an argument as a list of n entries, or None if it is absent.

    Args:
        values: Value from the caller.
        name: Name of the argument, for messages.
        n: Number of images.

    Raises:
        UserError: If the value is a string or has another length.
    """
    if values is None:
        return None
    if isinstance(values, str):
        raise UserError(f"{name}: a string, expected a list of {n}.")
    listed = list(values)
    if len(listed) != n:
        raise UserError(f"{name}: {len(listed)} for {n} images.")
    return listed


def sample_indices(ids: Sequence[Any]) -> list[int]:
    """Returns the number of earlier occurrences of each id."""
    counts: dict[str, int] = {}
    indices = []
    for name in map(str, ids):
        indices.append(counts.get(name, 0))
        counts[name] = indices[-1] + 1
    return indices


def png_name(figure_id: str, sample: int, several: bool) -> str:
    """Returns the file name of a figure in a folder of PNG files.

    Args:
        figure_id: Id of the figure.
        sample: 0-based sample index.
        several: Whether any figure id of the set has several samples.
    """
    return f"{figure_id}_{sample}.png" if several else f"{figure_id}.png"


def from_record(
    record: Mapping[str, Any], i: int, image: str | None, value_range: ValueRange, root: Path
) -> Item:
    """Returns the item of a record.

    Args:
        record: Fields by name.
        i: Position of the record, for messages.
        image: Name of the image field; None takes the first of ``IMAGE_FIELDS`` in the record.
        value_range: Range of float images.
        root: Folder of relative paths.

    Raises:
        UserError: If the record is not a mapping or has no image field.
    """
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
    return Item(
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


def with_samples(items: Sequence[Item]) -> list[Item]:
    """Returns items in which those without a sample index have the next free index of their id."""
    counts: dict[str, int] = {}
    numbered = []
    for item in items:
        candidate = item.candidate
        if candidate.sample < 0:
            candidate = replace(candidate, sample=counts.get(candidate.figure_id, 0))
        counts[candidate.figure_id] = max(counts.get(candidate.figure_id, 0), candidate.sample + 1)
        numbered.append(replace(item, candidate=candidate))
    return numbered


def manifest_of(items: Sequence[Item], source: str) -> Manifest:
    """Returns the manifest of items: digests, decode checks, contents by digest.

    Args:
        items: Figures in their order.
        source: Name of the set.
    """
    # Two items may have the same path; a position then makes it unique.
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

    index = DatasetIndex(MEMORY, Path(), candidates)
    manifest = manifest_from_index(index, source, {}, 0, read)
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
