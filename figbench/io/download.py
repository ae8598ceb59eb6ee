"""Downloads that resume, are verified before they get their name, and never half exist."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

import httpx

from figbench.errors import IntegrityError, UserError

ATTEMPTS = 5
TIMEOUT_S = 60.0
Advance = Callable[[int, int], None]
"""Called with (bytes so far, bytes in all)."""


def download_file(
    url: str,
    target: Path,
    *,
    size_bytes: int,
    digest: str,
    advance: Advance | None = None,
    attempts: int = ATTEMPTS,
    pause_s: float = 1.0,
) -> None:
    """Downloads ``url`` to ``target``, resuming ``target.part`` where an earlier try stopped.

    Args:
        url: https, or http on this machine (tests, mirrors).
        target: Appears only complete and verified; left alone where it already is.
        size_bytes: Expected size; more bytes than this are never written.
        digest: ``sha256:<hex>`` or ``md5:<hex>``.
        advance: Progress.
        attempts: Tries in a row that bring nothing; each resumes.
        pause_s: Pause between tries, doubled each time.

    Raises:
        OSError: If the network or the disk failed in the end; the partial file remains.
        IntegrityError: If the complete file is not what was promised; the partial file is removed.
        UserError: If the URL is not https.
    """
    require_https(url)
    target.parent.mkdir(parents=True, exist_ok=True)
    if target.exists() and _matches(target, size_bytes, digest, url):
        return
    partial = target.with_name(target.name + ".part")
    left = attempts
    while True:
        before = _size(partial)
        try:
            _continue(url, partial, size_bytes, advance)
            break
        except (httpx.HTTPError, OSError) as error:
            left = attempts if _size(partial) > before else left - 1
            if left <= 0 or _is_final(error):
                raise _explained(url, partial, error) from None
            time.sleep(pause_s * 2 ** (attempts - left))
        except IntegrityError:
            partial.unlink(missing_ok=True)
            raise
    _verify(partial, size_bytes, digest, url)
    with partial.open("r+b") as handle:
        os.fsync(handle.fileno())
    partial.replace(target)


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def require_https(url: str) -> None:
    """Refuses a URL that is neither https nor http on this machine.

    Raises:
        UserError: Naming the URL.
    """
    parsed = httpx.URL(url)
    local = parsed.host in ("127.0.0.1", "localhost", "::1")
    if parsed.scheme != "https" and not (parsed.scheme == "http" and local):
        raise UserError(f"{url}: only https downloads are allowed.")


def _continue(url: str, partial: Path, size_bytes: int, advance: Advance | None) -> None:
    have = _size(partial)
    if have == size_bytes:
        return
    if have > size_bytes:
        partial.unlink()
        have = 0
    # Raw bytes: a server that also compresses must not change what the digest is taken of.
    headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={have}-"} if have else {})
    with httpx.stream(
        "GET", url, headers=headers, timeout=TIMEOUT_S, follow_redirects=True
    ) as response:
        response.raise_for_status()
        if have and not _resumes_at(response, have):
            have = 0
        with partial.open("ab" if have else "wb") as out:
            _write(response.iter_raw(), out, have, size_bytes, advance)


def _resumes_at(response: httpx.Response, have: int) -> bool:
    started = response.headers.get("Content-Range", "").startswith(f"bytes {have}-")
    return started and response.status_code == httpx.codes.PARTIAL_CONTENT


def _write(
    chunks: Iterator[bytes], out: IO[bytes], have: int, size_bytes: int, advance: Advance | None
) -> None:
    for chunk in chunks:
        have += len(chunk)
        if have > size_bytes:
            raise IntegrityError(
                f"The server sends more than the {size_bytes:,} bytes that were promised."
            )
        out.write(chunk)
        if advance:
            advance(have, size_bytes)
    if have < size_bytes:
        raise OSError(f"the connection ended after {have:,} of {size_bytes:,} bytes")


def _is_final(error: Exception) -> bool:
    """A 'not found' or a full disk does not get better by trying again."""
    if isinstance(error, httpx.HTTPStatusError):
        return error.response.status_code < 500 and error.response.status_code != 429
    return isinstance(error, OSError) and error.errno is not None


def _explained(url: str, partial: Path, error: Exception) -> OSError:
    retained = f"; {partial} is kept, run the same command to resume" if partial.exists() else ""
    reason = str(error).splitlines()[0] if str(error) else repr(error)
    return OSError(f"{url}: {reason}{retained}")


def _verify(partial: Path, size_bytes: int, digest: str, url: str) -> None:
    if not _matches(partial, size_bytes, digest, url):
        partial.unlink()
        raise IntegrityError(
            f"{url}: the file is not the promised one ({digest}); it was removed.",
            remedy="Run the same command to download it again.",
        )


def _matches(path: Path, size_bytes: int, digest: str, url: str) -> bool:
    algorithm, _, expected = digest.partition(":")
    if algorithm not in ("sha256", "md5"):
        raise IntegrityError(f"{url}: cannot verify a digest of kind '{algorithm}'.")
    if _size(path) != size_bytes:
        return False
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, algorithm).hexdigest() == expected.lower()
