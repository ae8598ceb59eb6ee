"""Objects below a place of a store: listed, stamped, and refused where a name is unsafe."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePosixPath
from typing import Any

from figbench.data.archives import MAX_MEMBERS
from figbench.data.remote.mirror import RemoteObject
from figbench.data.remote.urls import explained
from figbench.errors import UserError

_CONTENT = ("etag", "md5hash", "content_md5", "md5", "checksum", "generation", "blob_id", "oid")
_TIMES = ("lastmodified", "last_modified", "mtime", "modify", "modified", "updated", "created")
_LONGEST_PART = 255
_OUTSIDE = ("path-traversal", "the object's name leaves the folder")
_UNUSABLE = ("bad-name", "no file can have this name (an empty, '.' or too long part)")
_CLASH = ("bad-name", "other objects have this name for their folder")


@dataclass(frozen=True, slots=True)
class Objects:
    """What lies below a place.

    Attributes:
        usable: By name relative to the place.
        problems: (code, reason) by name, for those that must not be copied.
    """

    usable: Mapping[str, RemoteObject]
    problems: Mapping[str, tuple[str, str]]


def file_or_folder(filesystem: Any, url: str, place: str) -> RemoteObject | None:
    """Returns the object that a URL names; None for a folder.

    Raises:
        UserError: If nothing is there, or the store does not answer.
    """
    with explained(url):
        # An earlier listing in a long-lived process must not hide what has changed since.
        filesystem.invalidate_cache()
        if url.endswith("/") and filesystem.isdir(place):
            return None
        info = filesystem.info(place)
    return None if info.get("type") == "directory" else _object(place, info)


def list_objects(filesystem: Any, url: str, place: str, base: str) -> Objects:
    """Lists every object at or below a place.

    Args:
        filesystem: Of fsspec.
        url: For errors.
        place: The folder to list.
        base: The folder that names are relative to.

    Raises:
        UserError: If the store does not answer, or has more objects than any submission needs.
    """
    with explained(url):
        found = _walk(filesystem, place) if _walks(filesystem) else _find(filesystem, place)
    if len(found) > MAX_MEMBERS:
        raise UserError(f"{url}: more than {MAX_MEMBERS:,} objects.")
    prefix = f"{base.rstrip('/')}/"
    usable, problems = {}, {}
    for key, info in found.items():
        inside = key.startswith(prefix)
        name = key[len(prefix) :] if inside else key
        problem = problem_of(name) if inside else _OUTSIDE
        if problem:
            problems[name] = problem
        else:
            usable[name] = _object(key, info)
    for name in _clashes(usable):
        del usable[name]
        problems[name] = _CLASH
    return Objects(usable, problems)


def _find(filesystem: Any, place: str) -> dict[str, Mapping[str, Any]]:
    return dict(filesystem.find(place, detail=True))


def _walks(filesystem: Any) -> bool:
    from fsspec import AbstractFileSystem
    from fsspec.asyn import AsyncFileSystem

    kind = type(filesystem)
    if filesystem.async_impl:
        return getattr(kind, "_find", None) is AsyncFileSystem._find
    return kind.find is AbstractFileSystem.find


def _walk(filesystem: Any, place: str) -> dict[str, Mapping[str, Any]]:
    """As fsspec's own, which passes over folders that cannot be read: a set would shrink unsaid."""
    found: dict[str, Mapping[str, Any]] = {}
    folders = [place]
    while folders and len(found) <= MAX_MEMBERS:
        folder = folders.pop()
        for info in filesystem.ls(folder, detail=True):
            key = str(info["name"])
            if info.get("type") != "directory":
                found[key] = info
            elif key.startswith(f"{folder.rstrip('/')}/") and key.rstrip("/") != folder.rstrip("/"):
                folders.append(key)
    return found


def problem_of(name: str) -> tuple[str, str] | None:
    """Returns (code, reason) for a relative name that no file of the copy may have."""
    parts = name.split("/")
    if ".." in parts or name.startswith(("/", "\\")) or "\0" in name:
        return _OUTSIDE
    if any(part in ("", ".") or _length(part) > _LONGEST_PART for part in parts):
        return _UNUSABLE
    return None


def _length(part: str) -> int:
    return len(part.encode("utf-8", "surrogatepass"))


def _clashes(names: Collection[str]) -> set[str]:
    """An object may be called like the folder of others; a file may not."""
    folders = {str(folder) for name in names for folder in PurePosixPath(name).parents}
    return folders.intersection(names)


def _object(key: str, info: Mapping[str, Any]) -> RemoteObject:
    facts = {name.lower(): value for name, value in info.items() if value is not None}
    size = facts.get("size")
    told = {name: facts[name] for name in _CONTENT if name in facts} or {
        name: facts[name] for name in _TIMES if name in facts
    }
    return RemoteObject(key, size if isinstance(size, int) else None, _stamp(size, told))


def _stamp(size: object, told: Mapping[str, Any]) -> str | None:
    words = [str(size)]
    for name, value in sorted(told.items()):
        # Some stores give a time as a datetime here and as a number there.
        words.append(f"{name}={value.timestamp() if isinstance(value, datetime) else value}")
    return hashlib.sha256("\n".join(words).encode()).hexdigest() if told else None
