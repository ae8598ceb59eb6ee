"""Cache of decode checks in the store: a warm run decodes no image."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator, MutableMapping
from dataclasses import asdict
from functools import lru_cache

from figbench.images.decode import decoder_version
from figbench.images.decode_pool import Probe
from figbench.store import Namespace, Store

FLUSH_AFTER_S = 5.0
"""Seconds between two writes: the work that a killed process loses."""


@lru_cache(maxsize=4096)
def _decoded(payload: bytes) -> Probe:
    fields = json.loads(payload)
    return Probe(**{**fields, "notes": tuple(fields["notes"])})


class DecodeCache(MutableMapping[str, Probe]):
    """Decode checks by SHA-256, for several threads; new entries are written every few seconds."""

    def __init__(self, store: Store) -> None:
        self._namespace: Namespace = store.namespace(
            {"kind": "probe", "decoder": decoder_version()}
        )
        keys = list(self._namespace.keys())
        interned: dict[bytes, bytes] = {}
        stored = self._namespace.get_bytes(keys)
        payloads = (interned.setdefault(payload, payload) for payload in stored)
        self._stored = dict(zip(keys, payloads, strict=True))
        self._new: dict[str, Probe] = {}
        self._lock = threading.RLock()
        self._written_s = time.monotonic()

    def __getitem__(self, digest: str) -> Probe:
        with self._lock:
            if digest in self._new:
                return self._new[digest]
        return _decoded(self._stored[bytes.fromhex(digest)])

    def __setitem__(self, digest: str, probe: Probe) -> None:
        with self._lock:
            self._new[digest] = probe
            if time.monotonic() - self._written_s > FLUSH_AFTER_S:
                self.flush()

    def __delitem__(self, digest: str) -> None:
        raise TypeError("the store only grows")

    def __iter__(self) -> Iterator[str]:
        yield from (key.hex() for key in self._stored)
        yield from self._new

    def __len__(self) -> int:
        return len(self._stored) + len(self._new)

    def flush(self) -> None:
        """Writes the new entries as one segment."""
        with self._lock:
            keys = [bytes.fromhex(digest) for digest in self._new]
            payloads = [json.dumps(asdict(probe)).encode() for probe in self._new.values()]
            self._namespace.put_bytes(keys, payloads)
            self._stored.update(zip(keys, payloads, strict=True))
            self._new.clear()
            self._written_s = time.monotonic()
