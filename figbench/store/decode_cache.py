"""Decoding verdicts kept in the store: a warm run does not decode a single image."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator, MutableMapping
from dataclasses import asdict
from functools import lru_cache

from figbench.images.decode import decoder_version
from figbench.images.decode_pool import Probe
from figbench.store import Space, Store

FLUSH_AFTER_S = 5.0
"""What a kill can cost of the reading."""


@lru_cache(maxsize=4096)
def _decoded(payload: bytes) -> Probe:
    fields = json.loads(payload)
    return Probe(**{**fields, "notes": tuple(fields["notes"])})


class ProbeCache(MutableMapping[str, Probe]):
    """Probes by SHA-256, for several threads; new ones are written every few seconds."""

    def __init__(self, store: Store) -> None:
        self._space: Space = store.space({"kind": "probe", "decoder": decoder_version()})
        keys = list(self._space.keys())
        same: dict[bytes, bytes] = {}
        payloads = (same.setdefault(one, one) for one in self._space.get_bytes(keys))
        self._known = dict(zip(keys, payloads, strict=True))
        self._new: dict[str, Probe] = {}
        self._lock = threading.RLock()
        self._written_s = time.monotonic()

    def __getitem__(self, digest: str) -> Probe:
        with self._lock:
            if digest in self._new:
                return self._new[digest]
        return _decoded(self._known[bytes.fromhex(digest)])

    def __setitem__(self, digest: str, probe: Probe) -> None:
        with self._lock:
            self._new[digest] = probe
            if time.monotonic() - self._written_s > FLUSH_AFTER_S:
                self.flush()

    def __delitem__(self, digest: str) -> None:
        raise TypeError("the store only grows")

    def __iter__(self) -> Iterator[str]:
        yield from (key.hex() for key in self._known)
        yield from self._new

    def __len__(self) -> int:
        return len(self._known) + len(self._new)

    def flush(self) -> None:
        """Writes the new probes as one segment."""
        with self._lock:
            keys = [bytes.fromhex(digest) for digest in self._new]
            payloads = [json.dumps(asdict(probe)).encode() for probe in self._new.values()]
            self._space.put_bytes(keys, payloads)
            self._known.update(zip(keys, payloads, strict=True))
            self._new.clear()
            self._written_s = time.monotonic()
