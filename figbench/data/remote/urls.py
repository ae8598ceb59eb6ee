"""URLs of object stores: told from paths, opened through fsspec, their failures in plain words."""

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
"""Where the package to install has another name than the module that was missed."""


def is_url(path: str | Path) -> bool:
    """Tells whether an input is the URL of an object store (``s3://bucket/figures``)."""
    return isinstance(path, str) and _URL.match(path) is not None


def offline() -> bool:
    """Tells whether downloads are forbidden (``FIGBENCH_OFFLINE=1``)."""
    return os.environ.get("FIGBENCH_OFFLINE", "") not in ("", "0")


def localized(path: str | Path) -> str | Path:
    """Returns the local path of a ``file://`` URL; everything else as it is."""
    if isinstance(path, str) and path.lower().startswith(("file://", "local://")):
        from fsspec.implementations.local import LocalFileSystem

        scheme, rest = path.split("://", 1)
        return Path(LocalFileSystem._strip_protocol(f"{scheme.lower()}://{rest}"))
    return path


def open_url(url: str) -> tuple[Any, str]:
    """Returns the file system of a URL, and what it calls the place.

    Raises:
        UserError: If the protocol is unknown, its package is missing, ``FIGBENCH_OFFLINE`` forbids
            it, or the URL holds a password.
    """
    from fsspec.core import url_to_fs

    scheme = url.split("://", 1)[0].lower()
    _refuse_unsafe(url, scheme)
    _require_known(url, scheme)
    if scheme not in _ON_THIS_MACHINE and offline():
        raise UserError(
            f"{url}: FIGBENCH_OFFLINE forbids downloads.",
            remedy="Unset it, or copy the files to this machine and give their folder.",
        )
    with explained(url):
        filesystem, place = url_to_fs(f"{scheme}://{url.split('://', 1)[1]}")
    return filesystem, str(place)


def _refuse_unsafe(url: str, scheme: str) -> None:
    if "::" in url:
        raise UserError(
            f"{url}: chained URLs are not read.",
            remedy="Give the URL of the archive or folder itself; archives are opened here.",
        )
    if scheme == "http":
        from figbench.io.download import require_https

        require_https(url)
    if re.match(r"[^/@]*:[^/@]+@", url.split("://", 1)[1]):
        shown = f"{scheme}://...@{url.rpartition('@')[2]}"
        raise UserError(
            f"{shown}: a password in a URL would be recorded in the result.",
            remedy="Put it where the file system looks for it, e.g. ~/.config/fsspec/conf.json.",
        )


def _require_known(url: str, scheme: str) -> None:
    from fsspec.registry import available_protocols, get_filesystem_class

    try:
        get_filesystem_class(scheme)
    except ValueError:
        raise UserError(
            f"{url}: unknown protocol '{scheme}'.{suggest(scheme, available_protocols())}",
            remedy="Known are a local path, and fsspec's protocols, such as s3, gs, az and https.",
        ) from None
    except ImportError as error:
        missed = getattr(error.__cause__, "name", None) or scheme
        package = _PACKAGES.get(missed.partition(".")[0], missed.partition(".")[0])
        raise UserError(
            f"{url}: the package that reads '{scheme}' is not installed.",
            remedy=f"pip install {package}",
        ) from None


@contextmanager
def explained(url: str) -> Iterator[None]:
    """Turns whatever a file system raises in the block into a UserError that names the URL.

    Raises:
        UserError: With the cause's first line.
        OSError: If this machine's disk is full.
    """
    try:
        yield
    except FigbenchError:
        raise
    except FileNotFoundError:
        raise UserError(
            f"{url}: no such object, folder or bucket.", remedy="Check the URL."
        ) from None
    except Exception as error:  # every file system has exceptions of its own
        if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise
        cause = str(error).strip().splitlines()
        raise UserError(
            f"{url}: cannot be read ({cause[0] if cause else type(error).__name__}).",
            remedy="Check the network, the URL, and the credentials that the file system uses.",
        ) from None


def last_part(url: str) -> str:
    """Returns the name of what a URL names, without a query."""
    rest = url.split("://", 1)[1] if is_url(url) else url
    plain = urlsplit(url).path if url.lower().startswith(("http://", "https://")) else rest
    return plain.rstrip("/").rpartition("/")[2]
