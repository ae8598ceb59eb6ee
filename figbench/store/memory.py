"""A store that holds its records in memory, over a store on disk or alone."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from figbench.errors import IntegrityError
from figbench.store.store import Namespace, Store
from figbench.store.stored_array import StoredArray

Record = bytes | dict[str, npt.NDArray[Any]]
Records = dict[str, tuple[dict[str, Any], dict[bytes, Record]]]
"""Namespace id to its identity and its records."""


class MemoryStore(Store):
    """Namespaces whose new records stay in memory.

    Args:
        base: Folder of a store whose records are read and never written; None for none.
    """

    def __init__(self, base: Path | None = None) -> None:
        super().__init__(base if base is not None else Path("memory"))
        self._base = Store(base) if base is not None else None
        self._open: dict[str, MemoryNamespace] = {}

    @property
    def location(self) -> str | None:
        """None: the records are gone with the process."""
        return None

    def namespace(self, identity: Mapping[str, Any]) -> Namespace:
        """Returns the namespace of an identity; one object for one identity."""
        canonical = json.dumps(identity, sort_keys=True, separators=(",", ":"))
        name = hashlib.sha256(canonical.encode()).hexdigest()[:32]
        if name not in self._open:
            below = self._base.namespace(identity) if self._base else None
            self._open[name] = MemoryNamespace(name, identity, below)
        return self._open[name]

    def namespace_by_id(self, namespace_id: str) -> Namespace:
        """Returns a namespace by its id.

        Raises:
            IntegrityError: If there is none.
        """
        if namespace_id in self._open:
            return self._open[namespace_id]
        if self._base:
            return self._base.namespace_by_id(namespace_id)
        raise IntegrityError(f"The store in memory has no namespace '{namespace_id}'.")

    def records(self, keys: Iterable[bytes] | None = None) -> Records:
        """Returns the records in memory, for another process or a checkpoint.

        Args:
            keys: Keys to select; None for all.
        """
        selection = None if keys is None else set(keys)
        exported: Records = {}
        for name, namespace in self._open.items():
            selected = {
                key: record
                for key, record in namespace.records.items()
                if selection is None or key in selection
            }
            if selected:
                exported[name] = (namespace.identity, selected)
        return exported

    def add(self, records: Records) -> None:
        """Adds the records of :meth:`records`; a key that is present keeps its record."""
        for identity, added in records.values():
            namespace = self.namespace(identity)
            if isinstance(namespace, MemoryNamespace):
                namespace.records = {**added, **namespace.records}

    def discard(self, keys: Iterable[bytes]) -> None:
        """Frees the records of some keys."""
        for key in list(keys):
            for namespace in self._open.values():
                namespace.records.pop(key, None)


class MemoryNamespace(Namespace):
    """The records of one identity in memory, over a namespace on disk."""

    def __init__(self, name: str, identity: Mapping[str, Any], below: Namespace | None) -> None:
        self.folder = Path(name)
        self.identity = dict(identity)
        self.damaged = []
        self.records: dict[bytes, Record] = {}
        self._below = below

    def refresh(self) -> None:
        """Reads the keys that other writers have added on disk."""
        if self._below is not None:
            self._below.refresh()

    def __contains__(self, key: bytes) -> bool:
        return key in self.records or (self._below is not None and key in self._below)

    def __len__(self) -> int:
        return len(set(self.keys()))

    def keys(self) -> Iterable[bytes]:
        """Returns every key."""
        below = self._below.keys() if self._below is not None else ()
        return dict.fromkeys([*self.records, *below])

    def missing(self, keys: Iterable[bytes]) -> list[bytes]:
        """Returns the distinct keys that are absent, in the order given."""
        return [key for key in dict.fromkeys(keys) if key not in self]

    def put(self, keys: Sequence[bytes], arrays: Mapping[str, npt.NDArray[Any]]) -> None:
        """Adds records: ``arrays[name][i]`` belongs to ``keys[i]``."""
        for i, key in enumerate(keys):
            self.records[key] = {name: np.array(array[i]) for name, array in arrays.items()}

    def put_bytes(self, keys: Sequence[bytes], values: Sequence[bytes]) -> None:
        """Adds byte strings."""
        self.records.update(zip(keys, values, strict=True))

    def blocks(
        self, keys: Sequence[bytes], name: str
    ) -> Iterator[tuple[npt.NDArray[np.int64], npt.NDArray[Any]]]:
        """Yields (positions in ``keys``, values) as :meth:`Namespace.blocks`, memory first."""
        memory = [i for i, key in enumerate(keys) if key in self.records]
        if memory:
            yield (
                np.asarray(memory, np.int64),
                np.stack([self._array(keys[i], name) for i in memory]),
            )
        disk = np.asarray([i for i, key in enumerate(keys) if key not in self.records], np.int64)
        if not len(disk):
            return
        for positions, block in self._require_below(keys[disk[0]]).blocks(
            [keys[i] for i in disk], name
        ):
            yield disk[positions], block

    def get_lazily(self, keys: Sequence[bytes], name: str) -> StoredArray | npt.NDArray[Any]:
        """Returns the array of :meth:`Namespace.get`, in memory."""
        return self.get(keys, name)

    def get_bytes(self, keys: Sequence[bytes]) -> list[bytes]:
        """Returns one byte string per key, in the order of ``keys``."""
        absent = [key for key in keys if key not in self.records]
        below: dict[bytes, bytes] = {}
        if absent:
            below = dict(zip(absent, self._require_below(absent[0]).get_bytes(absent), strict=True))
        values = [self.records.get(key, below.get(key)) for key in keys]
        return [value if isinstance(value, bytes) else b"" for value in values]

    def _array(self, key: bytes, name: str) -> npt.NDArray[Any]:
        record = self.records[key]
        if isinstance(record, bytes):
            raise IntegrityError(f"The record {key.hex()[:16]} is text, not '{name}'.")
        return record[name]

    def _require_below(self, key: bytes) -> Namespace:
        if self._below is None:
            raise IntegrityError(f"The store in memory has no record {key.hex()[:16]}.")
        return self._below
