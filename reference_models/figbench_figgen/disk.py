"""Errors of a full disk, which torch and safetensors hide, with the folder that was written."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from figbench.errors import FigbenchError


@contextmanager
def failures_named(folder: Path) -> Iterator[None]:
    """Runs a block that writes into ``folder``.

    Raises:
        OSError: With a file name, for every failed write: torch hides it behind a
            ``RuntimeError``, safetensors behind an error of its own, and a plain write says
            what failed but not where.
    """
    try:
        yield
    except FigbenchError:
        raise
    except Exception as error:
        match = _failed_write(error)
        if match is None or match.filename is not None:
            raise
        raise OSError(match.errno, match.strerror or str(match), str(folder)) from error


def _failed_write(error: BaseException | None) -> OSError | None:
    while error is not None:
        if isinstance(error, OSError):
            return error
        if type(error).__name__ == "SafetensorError" and "os error 28" in str(error):
            return OSError(errno.ENOSPC, "No space left on device")
        error = error.__context__
    return None
