"""Index of a data set in an object store, with a local copy of the files that it names.

Indexes and captions are copied first, since the importers read them. Then only the figures that
they name are copied: of a Paper2Fig100k root with 100,000 figures, a single split. Figures are
copied and not streamed, since a run reads them twice, for the digest and for the networks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from posixpath import commonpath
from typing import Any, Protocol

from figbench.data.archives import ARCHIVE_SUFFIXES, is_archive
from figbench.data.dataset_index import DatasetIndex, escaped
from figbench.data.layouts.filenames import FolderNames, Names, ObjectNames
from figbench.data.layouts.records import MAX_INDEX_BYTES
from figbench.data.layouts.serialization import load_saved
from figbench.data.remote.mirror import Advance, Mirror, RemoteObject
from figbench.data.remote.objects import Objects, file_or_folder, list_objects, problem_of
from figbench.data.remote.selection import file_of, indexes, inner_paths, problem_in
from figbench.data.remote.urls import base_name, explained, open_url
from figbench.data.types import Reject
from figbench.errors import FigbenchError, UserError

PACK_SUFFIX = ".figref"
_TEXT_SUFFIXES = (".json", ".jsonl", ".csv", ".txt")
_INDEX_SUFFIXES = (".json", ".jsonl", ".csv", ".parquet")


class Find(Protocol):
    """The importers, with the settings of a call."""

    def __call__(self, path: Path, *, names_of: Callable[[Path], Names]) -> DatasetIndex:
        """Returns the index of a local path."""
        ...


@dataclass(frozen=True, slots=True)
class _Location:
    """The folder or object of a URL.

    Attributes:
        url: URL as the user wrote it.
        filesystem: File system of fsspec.
        key: Path of the folder in the file system.
        mirror: Local copy of the folder.
        name: Name of the object in the folder; empty if the URL names the folder.
        item: The object, if the URL names one.
    """

    url: str
    filesystem: Any
    key: str
    mirror: Mirror
    name: str = ""
    item: RemoteObject | None = None


def list_remote(
    url: str, find: Find, *, split: str | None, advance: Advance | None = None
) -> DatasetIndex:
    """Returns the index of a URL, with its files copied into the cache.

    Args:
        url: URL of a folder, archive or index.
        find: Returns the index of the local copies.
        split: Split of a Paper2Fig100k root.
        advance: Called with the bytes copied and the total, for the indexes and then for the
            figures.

    Raises:
        UserError: If the URL cannot be read, or names a file of an unsupported type.
        OSError: If the cache cannot be written.
    """
    location = _open(url)
    with location.mirror.held(), _named_by_url(location.mirror):
        if location.name:
            return _list_file(location, find, advance)
        return _list_folder(location, find, split, advance)


@contextmanager
def remote_file(url: str, advance: Advance | None = None) -> Iterator[Path | None]:
    """Yields the copy of the object of a URL; None for a folder.

    Errors in the block name the URL instead of the copy.

    Raises:
        UserError: If the URL cannot be read, or names a file of an unsupported type.
    """
    location = _open(url)
    with location.mirror.held(), _named_by_url(location.mirror):
        yield _fetch_file(location, advance) if location.name else None


def subfolders(url: str) -> list[str]:
    """Returns the URLs of the folders in a folder, sorted.

    Raises:
        UserError: If the folder cannot be listed.
    """
    filesystem, key = open_url(url)
    with explained(url):
        filesystem.invalidate_cache()
        entries = filesystem.ls(key, detail=True)
    names = {base_name(entry["name"]) for entry in entries if entry.get("type") == "directory"}
    return [f"{url.rstrip('/')}/{name}" for name in sorted(names)]


def _open(url: str) -> _Location:
    filesystem, key = open_url(url)
    remote_object = file_or_folder(filesystem, url, key)
    if remote_object is None:
        folder = key.rstrip("/")
        return _Location(url, filesystem, folder, Mirror(filesystem, folder, url.rstrip("/")))
    name, folder = base_name(url), key.rpartition("/")[0]
    mirror = Mirror(filesystem, folder, url.rpartition("/")[0])
    if problem_of(name) or not name.lower().endswith(
        (PACK_SUFFIX, *ARCHIVE_SUFFIXES, *_INDEX_SUFFIXES)
    ):
        raise UserError(
            f"{url}: not a folder, archive (.zip, .tar, .tar.gz), index (.json, .jsonl, .csv, "
            f".parquet) or reference pack ({PACK_SUFFIX})."
        )
    return _Location(url, filesystem, folder, mirror, name, remote_object)


@contextmanager
def _named_by_url(mirror: Mirror) -> Iterator[None]:
    """Replaces paths of the cache by URLs in error messages."""
    try:
        yield
    except FigbenchError as error:
        error.message = error.message.replace(str(mirror.files), mirror.base)
        raise


def _fetch_file(location: _Location, advance: Advance | None) -> Path:
    if location.item is not None:
        _require(location, {location.name: location.item}, advance)
    return location.mirror.path(location.name)


def _require(
    location: _Location, objects: dict[str, RemoteObject], advance: Advance | None
) -> None:
    """Copies objects; an object that is too large or unreadable is an error."""
    base = location.mirror.base
    for name, item in objects.items():
        size = item.size or 0
        if size > MAX_INDEX_BYTES and name.endswith(_TEXT_SUFFIXES):
            limit = f"the limit is {MAX_INDEX_BYTES:,}"
            raise UserError(f"{base}/{name}: {size:,} bytes; {limit}.")
    for name, reason in location.mirror.fetch(objects, advance).items():
        raise UserError(f"{base}/{name}: {reason}.")


def _list_file(location: _Location, find: Find, advance: Advance | None) -> DatasetIndex:
    path = _fetch_file(location, advance)
    if is_archive(path):
        return find(path, names_of=FolderNames)
    if load_saved(path) is not None:
        raise UserError(
            f"{location.url}: a saved manifest names files of the machine that wrote it.",
            remedy="Give the URL of the figures themselves.",
        )
    index = _relative(find(path, names_of=FolderNames), location)
    inner = inner_paths(location.mirror, index)
    named = {*map(file_of, index.candidates), *inner} - {location.name}
    objects = Objects({}, {})
    if named := {name for name in named if not problem_of(name)}:
        common = commonpath([PurePosixPath(name).parent for name in named])
        below = f"{common}/" if common else ""
        folder = f"{location.key}/{below}".rstrip("/") or "/"
        objects = list_objects(location.filesystem, location.url, folder, location.key)
        location.mirror.prune({*objects.usable, location.name}, below)
    return _with_figures(location, index, objects, inner, advance)


def _list_folder(
    location: _Location, find: Find, split: str | None, advance: Advance | None
) -> DatasetIndex:
    objects = list_objects(location.filesystem, location.url, location.key or "/", location.key)
    location.mirror.prune(objects.usable)
    first = {name: objects.usable[name] for name in indexes(objects.usable, split)}
    _require(location, first, advance)
    refused = [Reject(escaped(name), *problem) for name, problem in objects.problems.items()]
    title = base_name(location.url)
    index = find(
        location.mirror.files,
        names_of=lambda root: ObjectNames(root, title, objects.usable, refused),
    )
    index = _relative(index, location)
    return _with_figures(location, index, objects, inner_paths(location.mirror, index), advance)


def _relative(index: DatasetIndex, location: _Location) -> DatasetIndex:
    """Returns an index with paths relative to the mirror; an index may contain URLs of figures."""
    below = index.root.relative_to(location.mirror.files)
    prefix = f"{location.mirror.base}/"

    def relative(path: str | None) -> str | None:
        return path and str(below / path.removeprefix(prefix))

    candidates = [
        replace(
            candidate,
            path=str(below / candidate.path.removeprefix(prefix)),
            origin=replace(candidate.origin, source=relative(candidate.origin.source)),
        )
        for candidate in index.candidates
    ]
    return replace(index, root=location.mirror.files, candidates=candidates)


def _with_figures(
    location: _Location,
    index: DatasetIndex,
    objects: Objects,
    inner: set[str],
    advance: Advance | None,
) -> DatasetIndex:
    """Copies the files of an index; a file that cannot be copied becomes a reject."""
    problems = {}
    selection = {name: objects.usable[name] for name in inner if name in objects.usable}
    for candidate in index.candidates:
        name = file_of(candidate)
        problem = problem_in(name, objects)
        if problem:
            problems[name] = problem
        elif name in objects.usable:
            selection[name] = objects.usable[name]
            source = candidate.origin.source
            if source is not None and source in objects.usable and not problem_in(source, objects):
                selection[source] = objects.usable[source]
    refused = location.mirror.fetch(selection, advance)
    problems |= {name: ("unreadable", reason) for name, reason in refused.items()}
    copied, rejects = [], list(index.rejects)
    for candidate in index.candidates:
        problem = problems.get(file_of(candidate))
        if problem is None:
            copied.append(candidate)
        else:
            path, figure_id = escaped(candidate.path), escaped(candidate.figure_id)
            rejects.append(Reject(path, *problem, figure_id, candidate.sample))
    return replace(index, candidates=copied, rejects=rejects)
