"""The verdict log: an append-only file of attempts and answers that survives a kill at any byte."""

from __future__ import annotations

import json
import os
import zlib
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import IO, Any


@dataclass(frozen=True, slots=True)
class Reply:
    """A complete answer of the server, as received.

    Attributes:
        text: Content of the message, at most 64 KiB of characters; None when absent.
        finish_reason: As reported.
        refusal: The message's refusal field.
        model: Model id that the server reports.
        system_fingerprint: As reported.
        prompt_tokens: From the usage field; None when not reported.
        completion_tokens: From the usage field; None when not reported.
        usd: Price charged to the budget.
        milliseconds: Of the last attempt.
        attempts: Requests sent for this answer.
        problem: ``oversized`` or a broken envelope; the answer is then a failure.
    """

    text: str | None
    finish_reason: str | None = None
    refusal: str | None = None
    model: str | None = None
    system_fingerprint: str | None = None
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    usd: float = 0.0
    milliseconds: int = 0
    attempts: int = 1
    problem: str = ""


class Ledger:
    """Attempts and answers by cache key.

    Every request is written before it is sent (with its largest possible price) and its outcome
    after it: a request without an outcome was in flight at a kill and counts at its full price.

    Args:
        path: The file; None holds everything in memory.
        durable: Flush to disk after every line.
    """

    def __init__(self, path: Path | None, *, durable: bool = True) -> None:
        self.path, self.durable = path, durable
        self.replies: dict[str, Reply] = {}
        self.failures: dict[str, str] = {}
        self.damaged_lines = 0
        self.spent_usd = 0.0
        self._open: dict[str, list[float]] = {}
        self._handle: IO[bytes] | None = None
        if path is not None:
            self._load(path)
            path.parent.mkdir(parents=True, exist_ok=True)
            self._handle = path.open("ab")
            if self._handle.tell() and not path.read_bytes().endswith(b"\n"):
                self._handle.write(b"\n")

    def __enter__(self) -> Ledger:
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:  # fmt: skip
        if self._handle is not None:
            self._handle.close()

    @classmethod
    def read(cls, path: Path) -> Ledger:
        """Returns the content of a log without opening it for writing."""
        ledger = cls(None)
        ledger._load(path)
        return ledger

    @property
    def in_doubt(self) -> int:
        """Requests that were sent and have no outcome."""
        return sum(map(len, self._open.values()))

    @property
    def committed_usd(self) -> float:
        """Price of all outcomes plus the largest price of every request in doubt."""
        return self.spent_usd + sum(map(sum, self._open.values()))

    def sent(self, key: str, reserve_usd: float) -> None:
        """Records a request before it leaves."""
        self._append({"event": "sent", "key": key, "usd": reserve_usd})

    def lost(self, key: str, usd: float, reason: str) -> None:
        """Records an attempt without an answer.

        Args:
            key: Cache key of the call.
            usd: Price of the attempt, 0 where it is not charged.
            reason: For the log.
        """
        self._append({"event": "lost", "key": key, "usd": usd, "reason": reason[:300]})

    def answered(self, key: str, reply: Reply) -> None:
        """Records an answer; the key is never sent again."""
        self._append({"event": "answer", "key": key, "reply": asdict(reply)})

    def _append(self, record: dict[str, Any]) -> None:
        if self._handle is not None:
            body = json.dumps(record, separators=(",", ":"), allow_nan=False)
            line = f"{zlib.crc32(body.encode()):08x} {body}\n".encode()
            self._handle.write(line)
            self._handle.flush()
            if self.durable:
                os.fsync(self._handle.fileno())
        self._apply(record)

    def _load(self, path: Path) -> None:
        if not path.exists():
            return
        with path.open("rb") as handle:
            for line in handle:
                checksum, _, body = line.rstrip(b"\n").partition(b" ")
                if checksum != f"{zlib.crc32(body):08x}".encode():
                    self.damaged_lines += bool(line.strip())
                    continue
                self._apply(json.loads(body))

    def _apply(self, record: dict[str, Any]) -> None:
        key, event = record["key"], record["event"]
        waiting = self._open.setdefault(key, [])
        if event == "sent":
            waiting.append(record["usd"])
            return
        if waiting:
            waiting.pop()
        if not waiting:
            self._open.pop(key, None)
        if event == "lost":
            self.spent_usd += record["usd"]
            self.failures[key] = record["reason"]
            return
        reply = Reply(**record["reply"])
        self.spent_usd += reply.usd
        self.replies[key] = reply
        self.failures.pop(key, None)
