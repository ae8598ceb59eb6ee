"""Selection of the objects to copy: indexes before the import, figures after it."""

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
    """Returns the objects that importers open before the figures: indexes and captions.

    Args:
        names: Names of all objects.
        split: Split of a Paper2Fig100k root; None takes the first of test and train.
    """
    stems = {str(PurePosixPath(name).with_suffix("")) for name in names if is_image(name)}
    documents = [paper2fig.split_file(entry) for entry in (split, "test", "train") if entry]
    standard = [*_FOLDER_INDEXES, *[name for name in documents if name in names][:1]]
    shards = [] if stems else [name for name in names if name.endswith(".parquet")]
    return [
        *(name for name in standard if name in names),
        *(name for name in names if indexed.is_index(name) and name not in standard),
        *(name for name in shards if PurePosixPath(name).parent.as_posix() in (".", "data")),
        *(
            name
            for name in names
            if (name.endswith(".txt") and name[:-4] in stems)
            or (name.endswith(("/caption.txt", "/metadata.jsonl")))
        ),
    ]


def file_of(candidate: Candidate) -> str:
    """Returns the name of the object that contains a candidate."""
    container = candidate.path.partition(SEPARATOR)[0]
    if GRID_MARK in candidate.path:
        return PurePosixPath(candidate.path.rpartition(GRID_MARK)[0]).as_posix()
    path = container if container.endswith(".parquet") else candidate.path
    return PurePosixPath(path).as_posix()


def inner_paths(mirror: Mirror, index: DatasetIndex) -> set[str]:
    """Returns the files that the cells of parquet tables name.

    Raises:
        UserError: If a cell has an absolute path.
    """
    columns = set()
    for candidate in index.candidates:
        container, separator, cell = candidate.path.partition(SEPARATOR)
        if separator and container.endswith(".parquet"):
            columns.add((container, cell.rpartition("/")[0]))
    names: set[str] = set()
    for container, column in sorted(columns):
        folder = PurePosixPath(container).parent
        for path in tables.inner_paths(mirror.path(container), column):
            if PurePosixPath(path).is_absolute():
                raise UserError(f"{mirror.base}/{container}: names {path}: {_ABSOLUTE[1]}.")
            names.add((folder / path).as_posix())
    return names


def problem_in(name: str, objects: Objects) -> tuple[str, str] | None:
    """Returns (code, reason) for an object with an unusable name or size, else None."""
    if PurePosixPath(name).is_absolute():
        return _ABSOLUTE
    if name in objects.problems:
        return objects.problems[name]
    item = objects.usable.get(name)
    if item is not None and not name.endswith(".parquet"):
        try:
            Limits.from_environment().check_bytes(item.size or 0)
        except DecodeError as error:
            return error.code, error.reason
    return None
