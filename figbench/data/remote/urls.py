"""URLs of object stores: detection, opening with fsspec, and errors for users."""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from figbench.errors import FigbenchError, UserError
from figbench.registry import suggest

_URL = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+)(?:::.*)?://")
_ON_THIS_MACHINE = ("file", "local", "memory")
_PACKAGES = {"smbclient": "smbprotocol", "aiohttp": "aiohttp requests"}
"""Package to install for a missing module, if the names differ."""


def is_url(path: str | Path) -> bool:
    """Returns whether an input is the URL of an object store (``s3://bucket/figures``)."""
    return isinstance(path, str) and _URL.match(path) is not None


def offline() -> bool:
    """Returns whether downloads are forbidden (``FIGBENCH_OFFLINE=1``)."""
    return os.environ.get("FIGBENCH_OFFLINE", "") not in ("", "0")


def localized(path: str | Path) -> str | Path:
    """Returns the local path of a ``file://`` URL; other inputs are unchanged."""
    if isinstance(path, str) and path.lower().startswith(("file://", "local://")):
        from fsspec.implementations.local import LocalFileSystem

        scheme, rest = path.split("://", 1)
        return Path(LocalFileSystem._strip_protocol(f"{scheme.lower()}://{rest}"))
    return path


def open_url(url: str) -> tuple[Any, str]:
    """Returns the file system of a URL, and the path of the URL in it.

    Raises:
        UserError: If the protocol is unknown, its package is missing, ``FIGBENCH_OFFLINE`` forbids
            it, or the URL contains a password.
    """
    from fsspec.core import url_to_fs

    scheme = url.split("://", 1)[0].lower()
    _refuse_unsafe(url, scheme)
    _require_protocol(url, scheme)
    if scheme not in _ON_THIS_MACHINE and offline():
        raise UserError(
            f"{url}: FIGBENCH_OFFLINE forbids downloads.",
            remedy="Unset it, or copy the files to this machine and give their folder.",
        )
    with explained(url):
        filesystem, key = url_to_fs(f"{scheme}://{url.split('://', 1)[1]}")
    return filesystem, str(key)


def _refuse_unsafe(url: str, scheme: str) -> None:
    if "::" in url:
        raise UserError(
            f"{url}: chained URLs are not read.",
            remedy="Give the URL of the archive or folder itself; figbench opens archives.",
        )
    if scheme == "http":
        from figbench.io.download import require_https

        require_https(url)
    if re.match(r"[^/@]*:[^/@]+@", url.split("://", 1)[1]):
        redacted = f"{scheme}://...@{url.rpartition('@')[2]}"
        raise UserError(
            f"{redacted}: a password in a URL would be recorded in the result.",
            remedy="Put it in the file system's configuration, e.g. ~/.config/fsspec/conf.json.",
        )


def _require_protocol(url: str, scheme: str) -> None:
    from fsspec.registry import available_protocols, get_filesystem_class

    try:
        get_filesystem_class(scheme)
    except ValueError:
        raise UserError(
            f"{url}: unknown protocol '{scheme}'.{suggest(scheme, available_protocols())}",
            remedy="Give a local path, or a protocol of fsspec such as s3, gs, az or https.",
        ) from None
    except ImportError as error:
        module = (getattr(error.__cause__, "name", None) or scheme).partition(".")[0]
        package = _PACKAGES.get(module, module)
        raise UserError(
            f"{url}: the package that reads '{scheme}' is not installed.",
            remedy=f"pip install {package}",
        ) from None


@contextmanager
def explained(url: str) -> Iterator[None]:
    """Replaces the errors of a file system in the block by a UserError that names the URL.

    Raises:
        UserError: If the file system fails. The message has the first line of the cause.
        OSError: If the local disk is full.
    """
    try:
        yield
    except FigbenchError:
        raise
    except FileNotFoundError:
        raise UserError(
            f"{url}: no such object, folder or bucket.", remedy="Check the URL."
        ) from None
    except Exception as error:  # every file system has its own exception types
        if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise
        cause = str(error).strip().splitlines()
        raise UserError(
            f"{url}: cannot be read ({cause[0] if cause else type(error).__name__}).",
            remedy="Check the network, the URL, and the credentials that the file system uses.",
        ) from None


def base_name(url: str) -> str:
    """Returns the last component of a URL's path, without a query."""
    rest = url.split("://", 1)[1] if is_url(url) else url
    plain = urlsplit(url).path if url.lower().startswith(("http://", "https://")) else rest
    return plain.rstrip("/").rpartition("/")[2]
