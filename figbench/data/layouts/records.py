"""The layouts ``map`` (id to path) and ``records`` (records with an image)."""

from __future__ import annotations

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
from figbench.data.layouts.values import finite, first, identity_of, integer, text_of
from figbench.data.naming import bare, ids_of_paths
from figbench.data.origin import FAILED, is_failure, origin_of
from figbench.data.sources import SEPARATOR
from figbench.data.types import Reject
from figbench.errors import UserError

__all__ = [
    "MAX_INDEX_BYTES",
    "IndexLocation",
    "finite",
    "first",
    "from_map",
    "from_records",
    "integer",
    "read_document",
    "read_lines",
    "text_of",
]

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
class IndexLocation:
    """Location of an index, which maps its image paths to paths of the manifest.

    Attributes:
        title: The index, for messages.
        root: Folder that manifest paths are relative to.
        path_of: Returns the manifest path of a path relative to the index.
        exists: Tells whether there is a file at a path relative to the index.
        index: Manifest path of the index itself, for embedded images; None inside an archive.
        allow_parents: Whether paths may contain ``..``. Only an index on this machine whose path
            the user gives may have such paths, not an index in a folder, archive or store.
    """

    title: str
    root: Path
    path_of: Callable[[str], str]
    exists: Callable[[str], bool]
    index: str | None = None
    allow_parents: bool = False


def location_of(path: Path, *, allow_parents: bool = False) -> IndexLocation:
    """Returns the location of an index file whose image paths are relative to its folder."""

    def exists(name: str) -> bool:
        try:
            return (path.parent / name).exists()
        except (OSError, ValueError):
            return False

    return IndexLocation(
        str(path), path.parent, lambda name: name, exists, path.name, allow_parents
    )


def from_map(location: IndexLocation, document: Mapping[str, Any]) -> DatasetIndex:
    """Returns the candidates of a map ``{"<figure id>": "<image path>"}``.

    A list of paths has the samples of a figure.
    """
    records = [{"figure_id": name, "image": image} for name, image in document.items()]
    dataset_index = from_records(location, records)
    return DatasetIndex(
        "map",
        dataset_index.root,
        dataset_index.candidates,
        dataset_index.rejects,
        ["figure id = key of the map", *dataset_index.notes[1:]],
    )


def has_images(records: Iterable[Mapping[str, Any]]) -> bool:
    """Tells whether the first record has a field for an image."""
    first_record = next(iter(records), None)
    return first_record is not None and _field(with_plain_names(first_record)) is not None


def from_records(
    location: IndexLocation, records: Iterable[Mapping[str, Any] | None]
) -> DatasetIndex:
    """Returns the candidates of records with an image and optional id, sample, prompt and seed.

    A record whose image is null or empty is a failed generation, and becomes a reject. None is a
    record to skip; the numbers of later records do not change.

    Raises:
        UserError: If a record has no field for an image.
    """
    collector = _Collector(location)
    for number, record in enumerate(records, start=1):
        if record is not None:
            collector.add(number, with_plain_names(record))
    how = f"field of the record ({', '.join(ID_FIELDS)})"
    candidates = collector.candidates
    if not collector.named:
        candidates, how = _named_by_path(candidates)
    return DatasetIndex(
        "records",
        location.root,
        candidates,
        collector.rejects,
        [f"figure id = {how}", *collector.notes()],
    )


def _field(record: Mapping[str, Any]) -> str | None:
    pointed = record.get(POINTER_FIELD)
    if isinstance(pointed, str) and pointed in record:
        return pointed
    present = [name for name in IMAGE_FIELDS if name in record]
    return next((name for name in present if record[name] is not None), next(iter(present), None))


def _named_by_path(candidates: list[Candidate]) -> tuple[list[Candidate], str]:
    """Returns the candidates with ids from their paths, and how the ids were derived."""
    paths = {candidate.path for candidate in candidates}
    if len({candidate.figure_id for candidate in candidates}) == len(paths):
        return candidates, "image name without suffix"
    order = sorted(path for path in paths if SEPARATOR not in path)
    ids, how = ids_of_paths(order)
    names = dict(zip(order, ids, strict=True))
    candidates = [
        replace(candidate, figure_id=names.get(candidate.path, candidate.figure_id))
        for candidate in candidates
    ]
    return candidates, how


class _Collector:
    """Collects the candidates and rejects of records, and counts changed image paths."""

    def __init__(self, location: IndexLocation) -> None:
        self._location = location
        self.candidates: list[Candidate] = []
        self.rejects: list[Reject] = []
        self.named = False
        self._respelled = 0
        self._shortened = 0

    def add(self, number: int, record: Mapping[str, Any]) -> None:
        field = _field(record)
        if field is None:
            fields = [escaped(str(name)[:40]) for name in record]
            raise UserError(
                f"{self._location.title}, record {number}: no image path; found fields "
                f"{', '.join(fields)}.",
                remedy=f"Name the image in one of: {', '.join(IMAGE_FIELDS)}; its id, where it is "
                f"not the image's name, in one of: {', '.join(ID_FIELDS)}.",
            )
        image, identity = record[field], identity_of(first(record, ID_FIELDS))
        self.named = self.named or identity is not None
        sample = integer(first(record, SAMPLE_FIELDS)) or 0
        if isinstance(image, dict):
            image = image.get("path") if not image.get("bytes") else image["bytes"]
        several = isinstance(image, list) and len(image) > 1
        images = image if isinstance(image, list) and image else [image]
        for offset, path in enumerate(images):
            position = f"{field}/{number - 1}" + (f"/{offset}" if several else "")
            self._add_image(number, record, identity, sample + offset, path, position)

    def _add_image(
        self,
        number: int,
        record: Mapping[str, Any],
        identity: str | None,
        sample: int,
        image: Any,
        position: str,
    ) -> None:
        title = Path(self._location.title).name
        if not isinstance(image, str) or not image:
            figure_id = None if identity is None else escaped(identity)
            record_path = f"{title}#record {number}"
            code, reason = "missing-file", "the record names no image"
            status = origin_of(record, self._document).status
            if is_failure(status):
                code, reason = FAILED, f"the generation ended with status '{status}'"
            self.rejects.append(Reject(record_path, code, reason, figure_id, sample))
            return
        if is_embedded(image):
            figure_id = identity if identity is not None else f"row-{number - 1:06d}"
            if self._location.index is None:
                reason = "an image inside an index inside an archive; unpack the archive"
                record_path = f"{title}#record {number}"
                self.rejects.append(Reject(record_path, "unsupported", reason, figure_id, sample))
                return
            self._add_candidate(
                f"{self._location.index}{SEPARATOR}{position}", figure_id, sample, record
            )
            return
        figure_id = identity if identity is not None else bare(image.replace("\\", "/"))
        if not _inside(image, self._location.allow_parents):
            reason = (
                "the path leads out of the set's folder; give the path of the index itself, or "
                "write absolute paths"
            )
            reject = Reject(escaped(image), "path-traversal", reason, escaped(figure_id))
            self.rejects.append(reject)
            return
        self._add_candidate(self._location.path_of(self._resolve(image)), figure_id, sample, record)

    def _add_candidate(
        self, path: str, figure_id: str, sample: int, record: Mapping[str, Any]
    ) -> None:
        self.candidates.append(
            Candidate(
                figure_id,
                sample,
                path,
                text_of(first(record, PROMPT_FIELDS)),
                integer(record.get("seed")),
                finite(record.get("guidance_scale")),
                origin_of(record, self._document),
            )
        )

    def _document(self, name: str) -> str | None:
        if not _inside(name, self._location.allow_parents):
            return None
        name = self._resolve(name)
        return self._location.path_of(name) if self._location.exists(name) else None

    def _resolve(self, image: str) -> str:
        """Returns an existing path: unchanged, in another spelling or without leading folders.

        Returns the path itself where no file exists.
        """
        import unicodedata

        exists = self._location.exists
        if exists(image):
            return image
        plain = image.replace("\\", "/").removeprefix("./")
        forms = (unicodedata.normalize(form, plain) for form in ("NFC", "NFD"))
        for name in (plain, plain.strip(), *forms):
            if name != image and exists(name):
                self._respelled += 1
                return name
        components = plain.split("/")
        for start in range(1, len(components) - 1):
            name = "/".join(components[start:])
            if not plain.startswith("/") and exists(name):
                self._shortened += 1
                return name
        return plain if "\\" in image else image

    def notes(self) -> list[str]:
        notes = []
        if self._respelled:
            notes.append(
                f"{self._respelled} image paths were found in another spelling (separators, "
                "Unicode form)"
            )
        if self._shortened:
            notes.append(
                f"{self._shortened} image paths were found below the index without their first "
                "folders"
            )
        return notes


def _inside(image: str, allow_parents: bool) -> bool:
    """Tells whether a path may be read; absolute paths are allowed."""
    return "\0" not in image and (allow_parents or ".." not in Path(image.replace("\\", "/")).parts)
