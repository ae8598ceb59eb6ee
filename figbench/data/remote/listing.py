"""What a URL of an object store names, listed and copied so far as it is needed.

Indexes and captions are copied first, for the importers to read; then the figures that they name,
and no others: of a Paper2Fig100k root of 100,000 figures one split is copied. Every byte is read
for its digest and again for the networks, which is why figures are copied and not streamed.
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
from figbench.data.remote.urls import explained, last_part, open_url
from figbench.data.types import Reject
from figbench.errors import FigbenchError, UserError

PACK_SUFFIX = ".figref"
_TEXT_SUFFIXES = (".json", ".jsonl", ".csv", ".txt")
_INDEX_SUFFIXES = (".json", ".jsonl", ".csv", ".parquet")


class Find(Protocol):
    """The importers, with the settings of a call bound."""

    def __call__(self, path: Path, *, names_of: Callable[[Path], Names]) -> DatasetIndex:
        """Returns the candidates of a local path."""
        ...


@dataclass(frozen=True, slots=True)
class _Place:
    """What a URL names: a folder, or one object (``name``) of the folder ``key``."""

    url: str
    filesystem: Any
    key: str
    mirror: Mirror
    name: str = ""
    found: RemoteObject | None = None


def list_remote(
    url: str, find: Find, *, split: str | None, advance: Advance | None = None
) -> DatasetIndex:
    """Returns the candidates of a URL, with their files copied into the cache.

    Args:
        url: Of a folder, archive or index.
        find: Looks at what was copied.
        split: For a Paper2Fig100k root.
        advance: Receives bytes copied and in all, for the indexes and then for the figures.

    Raises:
        UserError: If it cannot be read, or is nothing known.
        OSError: If the cache cannot be written.
    """
    place = _open(url)
    with place.mirror.held(), _named_by_url(place.mirror):
        if place.name:
            return _list_file(place, find, advance)
        return _list_folder(place, find, split, advance)


@contextmanager
def remote_file(url: str, advance: Advance | None = None) -> Iterator[Path | None]:
    """Yields the copy of the one object that a URL names; None where it names a folder.

    Errors in the block name the URL in the place of the copy.

    Raises:
        UserError: If it cannot be read, or is no file that figbench reads.
    """
    place = _open(url)
    with place.mirror.held(), _named_by_url(place.mirror):
        yield _fetch_file(place, advance) if place.name else None


def subfolders(url: str) -> list[str]:
    """Returns the URLs of the folders in a folder, sorted.

    Raises:
        UserError: If it cannot be listed.
    """
    filesystem, place = open_url(url)
    with explained(url):
        filesystem.invalidate_cache()
        entries = filesystem.ls(place, detail=True)
    names = {last_part(one["name"]) for one in entries if one.get("type") == "directory"}
    return [f"{url.rstrip('/')}/{name}" for name in sorted(names)]


def _open(url: str) -> _Place:
    filesystem, key = open_url(url)
    found = file_or_folder(filesystem, url, key)
    if found is None:
        folder = key.rstrip("/")
        return _Place(url, filesystem, folder, Mirror(filesystem, folder, url.rstrip("/")))
    name, folder = last_part(url), key.rpartition("/")[0]
    mirror = Mirror(filesystem, folder, url.rpartition("/")[0])
    if problem_of(name) or not name.lower().endswith(
        (PACK_SUFFIX, *ARCHIVE_SUFFIXES, *_INDEX_SUFFIXES)
    ):
        raise UserError(
            f"{url}: not a folder, archive (.zip, .tar, .tar.gz), index (.json, .jsonl, .csv, "
            f".parquet) or reference pack ({PACK_SUFFIX})."
        )
    return _Place(url, filesystem, folder, mirror, name, found)


@contextmanager
def _named_by_url(mirror: Mirror) -> Iterator[None]:
    """The user typed a URL, and does not know the cache."""
    try:
        yield
    except FigbenchError as error:
        error.message = error.message.replace(str(mirror.files), mirror.base)
        raise


def _fetch_file(place: _Place, advance: Advance | None) -> Path:
    if place.found is not None:
        _require(place, {place.name: place.found}, advance)
    return place.mirror.path(place.name)


def _require(place: _Place, wanted: dict[str, RemoteObject], advance: Advance | None) -> None:
    for name, one in wanted.items():
        if (one.size or 0) > MAX_INDEX_BYTES and name.endswith(_TEXT_SUFFIXES):
            raise UserError(f"{place.mirror.base}/{name}: {one.size:,} bytes is too much.")
    for name, reason in place.mirror.fetch(wanted, advance).items():
        raise UserError(f"{place.mirror.base}/{name}: {reason}.")


def _list_file(place: _Place, find: Find, advance: Advance | None) -> DatasetIndex:
    path = _fetch_file(place, advance)
    if is_archive(path):
        return find(path, names_of=FolderNames)
    if load_saved(path) is not None:
        raise UserError(
            f"{place.url}: a saved manifest names files of the machine that wrote it.",
            remedy="Give the URL of the figures themselves.",
        )
    listing = _relative(find(path, names_of=FolderNames), place)
    inner = inner_paths(place.mirror, listing)
    named = {*map(file_of, listing.candidates), *inner} - {place.name}
    objects = Objects({}, {})
    if named := {name for name in named if not problem_of(name)}:
        common = commonpath([PurePosixPath(name).parent for name in named])
        below = f"{common}/" if common else ""
        folder = f"{place.key}/{below}".rstrip("/") or "/"
        objects = list_objects(place.filesystem, place.url, folder, place.key)
        place.mirror.keep({*objects.usable, place.name}, below)
    return _with_figures(place, listing, objects, inner, advance)


def _list_folder(
    place: _Place, find: Find, split: str | None, advance: Advance | None
) -> DatasetIndex:
    objects = list_objects(place.filesystem, place.url, place.key or "/", place.key)
    place.mirror.keep(objects.usable)
    first = {name: objects.usable[name] for name in indexes(objects.usable, split)}
    _require(place, first, advance)
    refused = [Reject(escaped(name), *why) for name, why in objects.problems.items()]
    title = last_part(place.url)
    listing = find(
        place.mirror.files,
        names_of=lambda root: ObjectNames(root, title, objects.usable, refused),
    )
    listing = _relative(listing, place)
    return _with_figures(place, listing, objects, inner_paths(place.mirror, listing), advance)


def _relative(listing: DatasetIndex, place: _Place) -> DatasetIndex:
    """Paths as the mirror has them; an index may name the figures beside it by their URLs."""
    below = listing.root.relative_to(place.mirror.files)
    prefix = f"{place.mirror.base}/"
    candidates = [
        replace(
            one,
            path=str(below / one.path.removeprefix(prefix)),
            origin=replace(
                one.origin,
                source=one.origin.source and str(below / one.origin.source.removeprefix(prefix)),
            ),
        )
        for one in listing.candidates
    ]
    return replace(listing, root=place.mirror.files, candidates=candidates)


def _with_figures(
    place: _Place, listing: DatasetIndex, objects: Objects, inner: set[str], advance: Advance | None
) -> DatasetIndex:
    """Copies what a listing names; what may not be copied becomes a reject."""
    problems = {}
    wanted = {name: objects.usable[name] for name in inner if name in objects.usable}
    for one in listing.candidates:
        name = file_of(one)
        problem = problem_in(name, objects)
        if problem:
            problems[name] = problem
        elif name in objects.usable:
            wanted[name] = objects.usable[name]
            source = one.origin.source
            if source is not None and source in objects.usable and not problem_in(source, objects):
                wanted[source] = objects.usable[source]
    refused = place.mirror.fetch(wanted, advance)
    problems |= {name: ("unreadable", reason) for name, reason in refused.items()}
    kept, rejects = [], list(listing.rejects)
    for one in listing.candidates:
        why = problems.get(file_of(one))
        if why is None:
            kept.append(one)
        else:
            rejects.append(Reject(escaped(one.path), *why, escaped(one.figure_id), one.sample))
    return replace(listing, candidates=kept, rejects=rejects)
