"""Which objects of a store the importers need, before and after they know the figures."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import PurePosixPath

from figbench.data.dataset_index import Candidate, DatasetIndex
from figbench.data.layouts import indexed, paper2fig, tables
from figbench.data.layouts.folder import is_image
from figbench.data.remote.mirror import Mirror
from figbench.data.remote.objects import Objects
from figbench.data.sources import GRID_MARK, SEPARATOR
from figbench.errors import UserError
from figbench.images.limits import DecodeError, Limits

_FOLDER_INDEXES = ("metadata.jsonl", "metadata.csv")
_ABSOLUTE = ("path-traversal", "an absolute path, in an index of an object store")


def indexes(names: Collection[str], split: str | None) -> list[str]:
    """What the importers open before they know the figures: indexes and captions."""
    stems = {str(PurePosixPath(name).with_suffix("")) for name in names if is_image(name)}
    splits = [one for one in (split, "test", "train") if one]
    documents = [paper2fig.split_file(one) for one in splits]
    found = [*_FOLDER_INDEXES, *[one for one in documents if one in names][:1]]
    shards = [] if stems else [one for one in names if one.endswith(".parquet")]
    return [
        *(one for one in found if one in names),
        *(one for one in names if indexed.is_index(one) and one not in found),
        *(one for one in shards if PurePosixPath(one).parent.as_posix() in (".", "data")),
        *(
            one
            for one in names
            if (one.endswith(".txt") and one[:-4] in stems)
            or (one.endswith(("/caption.txt", "/metadata.jsonl")))
        ),
    ]


def file_of(candidate: Candidate) -> str:
    """Returns the object that holds a candidate."""
    container = candidate.path.partition(SEPARATOR)[0]
    if GRID_MARK in candidate.path:
        return PurePosixPath(candidate.path.rpartition(GRID_MARK)[0]).as_posix()
    path = container if container.endswith(".parquet") else candidate.path
    return PurePosixPath(path).as_posix()


def inner_paths(mirror: Mirror, listing: DatasetIndex) -> set[str]:
    """Returns the files that the cells of parquet tables name."""
    columns = set()
    for one in listing.candidates:
        container, separator, cell = one.path.partition(SEPARATOR)
        if separator and container.endswith(".parquet"):
            columns.add((container, cell.rpartition("/")[0]))
    found: set[str] = set()
    for container, column in sorted(columns):
        folder = PurePosixPath(container).parent
        for path in tables.inner_paths(mirror.path(container), column):
            if PurePosixPath(path).is_absolute():
                raise UserError(f"{mirror.base}/{container}: names {path}: {_ABSOLUTE[1]}.")
            found.add((folder / path).as_posix())
    return found


def problem_in(name: str, objects: Objects) -> tuple[str, str] | None:
    """Returns (code, reason) for an object that must not be copied: its name, or its size."""
    if PurePosixPath(name).is_absolute():
        return _ABSOLUTE
    if name in objects.problems:
        return objects.problems[name]
    one = objects.usable.get(name)
    if one is not None and not name.endswith(".parquet"):
        try:
            Limits.from_environment().check_bytes(one.size or 0)
        except DecodeError as error:
            return error.code, error.reason
    return None
