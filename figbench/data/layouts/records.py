"""The layouts ``map`` (id to path) and ``records`` (records with an image)."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from figbench.data.dataset_index import Candidate, DatasetIndex, escaped
from figbench.data.embedded import is_embedded
from figbench.data.index_files import (
    MAX_INDEX_BYTES,
    read_document,
    read_lines,
    with_plain_names,
)
from figbench.data.layouts.benchmarks import POINTER_FIELD
from figbench.data.naming import bare, ids_of_paths
from figbench.data.origin import FAILED, is_failure, origin_of
from figbench.data.sources import SEPARATOR
from figbench.data.types import Reject
from figbench.errors import UserError

__all__ = ["MAX_INDEX_BYTES", "Where", "from_map", "from_rows", "read_document", "read_lines"]

IMAGE_FIELDS = (
    "image",
    "file_name",
    "image_path",
    "path",
    "file",
    "filename",
    "img_path",
    "figure",
    "output_path",
    "generated",
    "target_image",
)
ID_FIELDS = ("figure_id", "id", "prompt_id", "uid", "key", "sample_id", "reference")
SAMPLE_FIELDS = ("sample", "sample_index", "sample_idx")
PROMPT_FIELDS = ("prompt", "caption", "text")


@dataclass(frozen=True, slots=True)
class Where:
    """How the image paths of an index become paths of the manifest.

    Attributes:
        title: The index, for messages.
        root: What manifest paths are relative to.
        path_of: The manifest path of a name beside the index.
        exists: Whether there is a file of a name beside the index.
        index: Manifest path of the index itself, for embedded images; None inside an archive.
        climbs: Whether ``..`` may lead out of the folder: in the user's own index on this
            machine, never in an archive, an object store or an index that a folder brings along.
    """

    title: str
    root: Path
    path_of: Callable[[str], str]
    exists: Callable[[str], bool]
    index: str | None = None
    climbs: bool = False


def beside(path: Path, *, climbs: bool = False) -> Where:
    """Returns the place of an index file whose images lie beside it."""

    def exists(name: str) -> bool:
        try:
            return (path.parent / name).exists()
        except (OSError, ValueError):
            return False

    return Where(str(path), path.parent, lambda name: name, exists, path.name, climbs)


def from_map(where: Where, document: Mapping[str, Any]) -> DatasetIndex:
    """Returns the listing of ``{"<figure id>": "<image path>"}``; a list has a path a sample."""
    rows = [{"figure_id": name, "image": image} for name, image in document.items()]
    listing = from_rows(where, rows)
    return DatasetIndex(
        "map",
        listing.root,
        listing.candidates,
        listing.rejects,
        ["figure id = key of the map", *listing.notes[1:]],
    )


def has_images(rows: Iterable[Mapping[str, Any]]) -> bool:
    """Tells whether the first record names or holds an image."""
    first_row = next(iter(rows), None)
    return first_row is not None and _field(with_plain_names(first_row)) is not None


def from_rows(where: Where, rows: Iterable[Mapping[str, Any] | None]) -> DatasetIndex:
    """Returns the listing of records with an image and, where given, id, sample, prompt, seed.

    A record whose image is null or empty is a figure that was not made: a reject. None is a record
    that is passed over: later ones keep their numbers.

    Raises:
        UserError: If a record has no field for an image.
    """
    reader = _Rows(where)
    for number, row in enumerate(rows, start=1):
        if row is not None:
            reader.add(number, with_plain_names(row))
    how = f"field of the record ({', '.join(ID_FIELDS)})"
    candidates = reader.candidates
    if not reader.named:
        candidates, how = _named_by_path(candidates)
    return DatasetIndex(
        "records",
        where.root,
        candidates,
        reader.rejects,
        [f"figure id = {how}", *reader.notes()],
    )


def _field(row: Mapping[str, Any]) -> str | None:
    pointed = row.get(POINTER_FIELD)
    if isinstance(pointed, str) and pointed in row:
        return pointed
    present = [name for name in IMAGE_FIELDS if name in row]
    return next((name for name in present if row[name] is not None), next(iter(present), None))


def _named_by_path(candidates: list[Candidate]) -> tuple[list[Candidate], str]:
    """Returns candidates without ids of their own under ids of their paths, and how."""
    paths = {one.path for one in candidates}
    if len({one.figure_id for one in candidates}) == len(paths):
        return candidates, "image name without suffix"
    order = sorted(path for path in paths if SEPARATOR not in path)
    ids, how = ids_of_paths(order)
    names = dict(zip(order, ids, strict=True))
    return [replace(one, figure_id=names.get(one.path, one.figure_id)) for one in candidates], how


class _Rows:
    """Collects candidates and counts how their files were found."""

    def __init__(self, where: Where) -> None:
        self._where = where
        self.candidates: list[Candidate] = []
        self.rejects: list[Reject] = []
        self.named = False
        self._respelled = 0
        self._shortened = 0

    def add(self, number: int, row: Mapping[str, Any]) -> None:
        field = _field(row)
        if field is None:
            fields = [escaped(str(name)[:40]) for name in row]
            raise UserError(
                f"{self._where.title}, record {number}: no image path; found fields "
                f"{', '.join(fields)}.",
                remedy=f"Name the image in one of: {', '.join(IMAGE_FIELDS)}; its id, where it is "
                f"not the image's name, in one of: {', '.join(ID_FIELDS)}.",
            )
        image, identity = row[field], identity_of(first(row, ID_FIELDS))
        self.named = self.named or identity is not None
        sample = integer(first(row, SAMPLE_FIELDS)) or 0
        if isinstance(image, dict):
            image = image.get("path") if not image.get("bytes") else image["bytes"]
        several = isinstance(image, list) and len(image) > 1
        images = image if isinstance(image, list) and image else [image]
        for at, one in enumerate(images):
            place = f"{field}/{number - 1}" + (f"/{at}" if several else "")
            self._one(number, row, identity, sample + at, one, place)

    def _one(
        self,
        number: int,
        row: Mapping[str, Any],
        identity: str | None,
        sample: int,
        image: Any,
        place: str,
    ) -> None:
        title = Path(self._where.title).name
        if not isinstance(image, str) or not image:
            figure_id = None if identity is None else escaped(identity)
            record = f"{title}#record {number}"
            code, reason = "missing-file", "the record names no image"
            status = origin_of(row, self._document).status
            if is_failure(status):
                code, reason = FAILED, f"the generation ended with status '{status}'"
            self.rejects.append(Reject(record, code, reason, figure_id, sample))
            return
        if is_embedded(image):
            figure_id = identity if identity is not None else f"row-{number - 1:06d}"
            if self._where.index is None:
                reason = "an image inside an index inside an archive; unpack the archive"
                record = f"{title}#record {number}"
                self.rejects.append(Reject(record, "unsupported", reason, figure_id, sample))
                return
            self._found(f"{self._where.index}{SEPARATOR}{place}", figure_id, sample, row)
            return
        figure_id = identity if identity is not None else bare(image.replace("\\", "/"))
        if not _inside(image, self._where.climbs):
            reason = (
                "the path climbs out of the set's folder; give the path of the index itself, or "
                "write absolute paths"
            )
            reject = Reject(escaped(image), "path-traversal", reason, escaped(figure_id))
            self.rejects.append(reject)
            return
        self._found(self._where.path_of(self._resolve(image)), figure_id, sample, row)

    def _found(self, path: str, figure_id: str, sample: int, row: Mapping[str, Any]) -> None:
        self.candidates.append(
            Candidate(
                figure_id,
                sample,
                path,
                text_of(first(row, PROMPT_FIELDS)),
                integer(row.get("seed")),
                finite(row.get("guidance_scale")),
                origin_of(row, self._document),
            )
        )

    def _document(self, name: str) -> str | None:
        if not _inside(name, self._where.climbs):
            return None
        name = self._resolve(name)
        return self._where.path_of(name) if self._where.exists(name) else None

    def _resolve(self, image: str) -> str:
        """Returns the name as it is, in another spelling, or without the leading folders."""
        import unicodedata

        exists = self._where.exists
        if exists(image):
            return image
        plain = image.replace("\\", "/").removeprefix("./")
        forms = (unicodedata.normalize(form, plain) for form in ("NFC", "NFD"))
        for name in (plain, plain.strip(), *forms):
            if name != image and exists(name):
                self._respelled += 1
                return name
        parts = plain.split("/")
        for start in range(1, len(parts) - 1):
            name = "/".join(parts[start:])
            if not plain.startswith("/") and exists(name):
                self._shortened += 1
                return name
        return plain if "\\" in image else image

    def notes(self) -> list[str]:
        found = []
        if self._respelled:
            found.append(
                f"{self._respelled} image paths were found in another spelling (separators, "
                "Unicode form)"
            )
        if self._shortened:
            found.append(
                f"{self._shortened} image paths were found below the index without their first "
                "folders"
            )
        return found


def _inside(image: str, climbs: bool) -> bool:
    """Tells whether a path may be followed; absolute paths are the user's own choice."""
    return "\0" not in image and (climbs or ".." not in Path(image.replace("\\", "/")).parts)


def identity_of(value: Any) -> str | None:
    """Returns an id as text; a number that pandas made a float is an integer again."""
    if value is None or isinstance(value, bool):
        return None
    if isinstance(value, float):
        if not math.isfinite(value):
            return None
        return str(int(value)) if value.is_integer() else str(value)
    return str(value)


def first(row: Mapping[str, Any], fields: Iterable[str]) -> Any:
    """Returns the first field that has a value, or None."""
    return next((row[name] for name in fields if row.get(name) is not None), None)


def text_of(value: Any) -> str | None:
    """Returns the value if it is text."""
    return value if isinstance(value, str) else None


def integer(value: Any) -> int | None:
    """Returns the value as a 64-bit integer, or None."""
    try:
        number = int(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return number if -(2**63) <= number < 2**63 else None


def finite(value: Any) -> float | None:
    """Returns the value as a finite float, or None."""
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None
