"""Lists the objects of a folder in a store, with stamps, and rejects unsafe names."""

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
_MAX_NAME_BYTES = 255
_OUTSIDE = ("path-traversal", "the object's name leaves the folder")
_UNUSABLE = ("bad-name", "no file can have this name (a component is empty, '.' or too long)")
_CLASH = ("bad-name", "other objects have this name for their folder")


@dataclass(frozen=True, slots=True)
class Objects:
    """The objects below a folder.

    Attributes:
        usable: Usable objects by name relative to the folder.
        problems: (code, reason) by name of the objects that must not be copied.
    """

    usable: Mapping[str, RemoteObject]
    problems: Mapping[str, tuple[str, str]]


def file_or_folder(filesystem: Any, url: str, key: str) -> RemoteObject | None:
    """Returns the object of a URL; None for a folder.

    Args:
        filesystem: File system of fsspec.
        url: URL as the user wrote it.
        key: Path of the URL in the file system.

    Raises:
        UserError: If neither an object nor a folder exists, or the store does not answer.
    """
    with explained(url):
        # fsspec caches listings; an old listing in a long-lived process would hide changes.
        filesystem.invalidate_cache()
        if url.endswith("/") and filesystem.isdir(key):
            return None
        info = filesystem.info(key)
    return None if info.get("type") == "directory" else _object(key, info)


def list_objects(filesystem: Any, url: str, folder: str, base: str) -> Objects:
    """Lists every object in or below a folder.

    Args:
        filesystem: File system of fsspec.
        url: URL of the folder, for messages.
        folder: Key of the folder to list.
        base: Key of the folder that names are relative to.

    Raises:
        UserError: If the store does not answer, or has more than ``MAX_MEMBERS`` objects.
    """
    with explained(url):
        entries = _walk(filesystem, folder) if _walks(filesystem) else _find(filesystem, folder)
    if len(entries) > MAX_MEMBERS:
        raise UserError(f"{url}: more than {MAX_MEMBERS:,} objects.")
    prefix = f"{base.rstrip('/')}/"
    usable, problems = {}, {}
    for key, info in entries.items():
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


def _find(filesystem: Any, folder: str) -> dict[str, Mapping[str, Any]]:
    return dict(filesystem.find(folder, detail=True))


def _walks(filesystem: Any) -> bool:
    """Returns whether fsspec would list folder by folder, and skip folders without permission."""
    from fsspec import AbstractFileSystem
    from fsspec.asyn import AsyncFileSystem

    kind = type(filesystem)
    if filesystem.async_impl:
        return getattr(kind, "_find", None) is AsyncFileSystem._find
    return kind.find is AbstractFileSystem.find


def _walk(filesystem: Any, root: str) -> dict[str, Mapping[str, Any]]:
    """Lists folder by folder; fsspec's ``find`` would skip folders that cannot be read."""
    entries: dict[str, Mapping[str, Any]] = {}
    folders = [root]
    while folders and len(entries) <= MAX_MEMBERS:
        folder = folders.pop()
        for info in filesystem.ls(folder, detail=True):
            key = str(info["name"])
            if info.get("type") != "directory":
                entries[key] = info
            elif key.startswith(f"{folder.rstrip('/')}/") and key.rstrip("/") != folder.rstrip("/"):
                folders.append(key)
    return entries


def problem_of(name: str) -> tuple[str, str] | None:
    """Returns (code, reason) for a relative name that no local file may have, else None."""
    components = name.split("/")
    if ".." in components or name.startswith(("/", "\\")) or "\0" in name:
        return _OUTSIDE
    if any(_is_unusable(component) for component in components):
        return _UNUSABLE
    return None


def _is_unusable(component: str) -> bool:
    n_bytes = len(component.encode("utf-8", "surrogatepass"))
    return component in ("", ".") or n_bytes > _MAX_NAME_BYTES


def _clashes(names: Collection[str]) -> set[str]:
    """Returns names that are also folders of other objects, which no file system allows."""
    folders = {str(folder) for name in names for folder in PurePosixPath(name).parents}
    return folders.intersection(names)


def _object(key: str, info: Mapping[str, Any]) -> RemoteObject:
    attributes = {name.lower(): value for name, value in info.items() if value is not None}
    size = attributes.get("size")
    version = {name: attributes[name] for name in _CONTENT if name in attributes} or {
        name: attributes[name] for name in _TIMES if name in attributes
    }
    return RemoteObject(key, size if isinstance(size, int) else None, _stamp(size, version))


def _stamp(size: object, version: Mapping[str, Any]) -> str | None:
    """Returns a digest of size and version attributes; None without any attribute."""
    fields = [str(size)]
    for name, value in sorted(version.items()):
        # Some stores return a time as a datetime in one call and as a number in another.
        fields.append(f"{name}={value.timestamp() if isinstance(value, datetime) else value}")
    return hashlib.sha256("\n".join(fields).encode()).hexdigest() if version else None
