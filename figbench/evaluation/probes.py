"""Decoding verdicts kept in the store: a warm run does not decode a single image."""

from __future__ import annotations

import json
from collections.abc import Iterator, MutableMapping
from dataclasses import asdict

from figbench.data.decode import DECODER_VERSION
from figbench.data.manifest import Probe
from figbench.store import Space, Store


class ProbeCache(MutableMapping[str, Probe]):
    """Probes by SHA-256; new ones are written by :meth:`flush`."""

    def __init__(self, store: Store) -> None:
        self._space: Space = store.space({"kind": "probe", "decoder": DECODER_VERSION})
        keys = list(self._space.keys())
        self._known = dict(zip(keys, self._space.get_bytes(keys), strict=True))
        self._new: dict[str, Probe] = {}

    def __getitem__(self, digest: str) -> Probe:
        if digest in self._new:
            return self._new[digest]
        fields = json.loads(self._known[bytes.fromhex(digest)])
        return Probe(**{**fields, "notes": tuple(fields["notes"])})

    def __setitem__(self, digest: str, probe: Probe) -> None:
        self._new[digest] = probe

    def __delitem__(self, digest: str) -> None:
        raise TypeError("the store only grows")

    def __iter__(self) -> Iterator[str]:
        yield from (key.hex() for key in self._known)
        yield from self._new

    def __len__(self) -> int:
        return len(self._known) + len(self._new)

    def flush(self) -> None:
        """Writes the new probes as one segment."""
        digests = list(self._new)
        payloads = [json.dumps(asdict(self._new[digest])).encode() for digest in digests]
        self._space.put_bytes([bytes.fromhex(digest) for digest in digests], payloads)
        known = zip(digests, payloads, strict=True)
        self._known.update({bytes.fromhex(digest): payload for digest, payload in known})
        self._new.clear()
