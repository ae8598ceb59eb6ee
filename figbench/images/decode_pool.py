"""Decode checks in worker processes, because Pillow holds the interpreter lock while it decodes.

A worker is ``python -m figbench.images.decode_pool``. It reads a length and the bytes from
standard input and answers with one line of JSON. The caller's script is not imported again, nothing
is forked beside running threads, and a file that crashes a decoder costs one figure, not the run.
"""

from __future__ import annotations

import json
import struct
import subprocess  # nosec B404 # one fixed command
import sys
import threading
from collections.abc import MutableMapping
from dataclasses import asdict, dataclass
from typing import IO

from figbench.errors import UserError
from figbench.images.decode import decode
from figbench.images.limits import DecodeError

LOOKS_BEFORE_WORKERS = 400
"""Below this many images a worker's start costs more than it saves."""
_LENGTH = struct.Struct(">Q")


@dataclass(frozen=True, slots=True)
class Probe:
    """What decoding a file's bytes showed; depends on the bytes alone.

    Attributes:
        width: Pixels as seen; 0 for a reject.
        height: Pixels as seen; 0 for a reject.
        code: Reject code, empty for a usable figure.
        reason: Reject reason.
        notes: From the decoder.
    """

    width: int = 0
    height: int = 0
    code: str = ""
    reason: str = ""
    notes: tuple[str, ...] = ()


Probes = MutableMapping[str, Probe]
"""Probes by SHA-256 of the bytes."""

CRASHED = Probe(code="crashed", reason="the decoder's process ended on this file")


def look(data: bytes) -> Probe:
    """Returns the verdict on a file's bytes.

    Raises:
        UserError: If a renderer is missing.
    """
    try:
        decoded = decode(data)
    except DecodeError as error:
        return Probe(code=error.code, reason=error.reason)
    height, width = decoded.image.shape[:2]
    return Probe(width, height, notes=decoded.notes)


class DecodePool:
    """Gives verdicts to several threads: here at first, by a worker per thread for many files."""

    def __init__(self, threshold: int = LOOKS_BEFORE_WORKERS) -> None:
        self._left = threshold
        self._own = threading.local()
        self._workers: list[_Worker] = []

    def look(self, data: bytes) -> Probe:
        """Returns the verdict on a file's bytes; see :func:`look`."""
        self._left -= 1
        if self._left >= 0:
            return look(data)
        if getattr(self._own, "worker", None) is None:
            self._own.worker = _Worker()
            self._workers.append(self._own.worker)
        worker: _Worker = self._own.worker
        try:
            return worker.look(data)
        except (OSError, EOFError):
            worker.stop()
            self._own.worker = None
            return CRASHED

    def stop(self) -> None:
        """Ends the workers."""
        for worker in self._workers:
            worker.stop()


class _Worker:
    def __init__(self) -> None:
        # Of its own session: Ctrl-C is for the parent, which ends the workers.
        self._process = subprocess.Popen(  # nosec B603 # a fixed list, no shell, no data
            [sys.executable, "-m", "figbench.images.decode_pool"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def look(self, data: bytes) -> Probe:
        stdin, stdout = self._process.stdin, self._process.stdout
        if stdin is None or stdout is None:
            raise EOFError
        stdin.write(_LENGTH.pack(len(data)))
        stdin.write(data)
        stdin.flush()
        line = stdout.readline()
        if not line.endswith(b"\n"):
            raise EOFError
        answer = json.loads(line)
        if "message" in answer:
            raise UserError(answer["message"], remedy=answer["remedy"])
        return Probe(**{**answer, "notes": tuple(answer["notes"])})

    def stop(self) -> None:
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            try:
                if pipe is not None:
                    pipe.close()
            except OSError:
                pass


def serve(source: IO[bytes], target: IO[bytes]) -> None:
    """Answers until the input ends, as it does when the parent is gone."""
    while len(head := source.read(_LENGTH.size)) == _LENGTH.size:
        size = _LENGTH.unpack(head)[0]
        data = source.read(size)
        if len(data) < size:
            return
        try:
            answer = asdict(look(data))
        except UserError as error:
            answer = {"message": error.message, "remedy": error.remedy}
        target.write(json.dumps(answer).encode() + b"\n")
        target.flush()


if __name__ == "__main__":
    serve(sys.stdin.buffer, sys.stdout.buffer)
