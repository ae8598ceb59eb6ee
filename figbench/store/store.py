"""Content-addressed store of records in immutable segment files.

A namespace holds the records of one network with one weight digest, one preprocessing policy and
one precision. A record is a 32-byte key with named arrays of fixed shape, or with one byte string.
Segment files are named by the SHA-256 of their bytes. A segment is written under a temporary name,
flushed and renamed: a crash leaves at most a stray ``.part`` file, two writers never write the same
file, and a truncated segment no longer matches its name. This works on network file systems, where
SQLite's locking does not.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from safetensors import safe_open
from safetensors.numpy import save

from figbench.errors import IntegrityError
from figbench.io.atomic import atomic_path
from figbench.io.user_folders import cache_folder
from figbench.store.stored_array import StoredArray, grouped

KEYS = "keys"
SEGMENT_SUFFIX = ".safetensors"
_INDEX_BITS = 32


def default_store() -> Path:
    """Returns ``$FIGBENCH_STORE`` or the per-user cache folder."""
    return cache_folder("store", "FIGBENCH_STORE")


def record_key(*identifiers: str) -> bytes:
    """Returns the 32-byte key of a record from the digests of its images."""
    return hashlib.sha256("\0".join(identifiers).encode()).digest()


class Store:
    """A folder of namespaces.

    Args:
        root: The folder; created when the first record is written.
    """

    def __init__(self, root: Path) -> None:
        self.root = root

    @property
    def location(self) -> str | None:
        """Absolute path of the folder, recorded in results."""
        return str(self.root.resolve())

    def namespace(self, identity: Mapping[str, Any]) -> Namespace:
        """Returns the namespace of an identity.

        Args:
            identity: JSON mapping of everything that changes a stored number. Its hash names the
                folder.
        """
        canonical = json.dumps(identity, sort_keys=True, separators=(",", ":"))
        name = hashlib.sha256(canonical.encode()).hexdigest()[:32]
        return Namespace(self.root / name, identity)

    def namespace_by_id(self, namespace_id: str) -> Namespace:
        """Returns an existing namespace by the name of its folder.

        Raises:
            IntegrityError: If the store has none of that name.
        """
        description = self.root / namespace_id / "space.json"
        if not description.is_file():
            raise IntegrityError(
                f"{self.root}: the store no longer has the features '{namespace_id}'.",
                remedy="Run the same figbench evaluate again; it computes what is missing.",
            )
        return Namespace(
            self.root / namespace_id, json.loads(description.read_text(encoding="utf-8"))
        )


class Namespace:
    """The records of one identity. The index is read once; :meth:`refresh` reads new segments.

    Args:
        folder: Folder of the segments; need not exist.
        identity: JSON mapping that the namespace stands for.

    Attributes:
        damaged: Segments whose bytes do not match their name.
    """

    def __init__(self, folder: Path, identity: Mapping[str, Any]) -> None:
        self.folder = folder
        self.identity = dict(identity)
        self._segments: list[Path] = []
        # Segment number and index within the segment in one integer, to save memory.
        self._index: dict[bytes, int] = {}
        self._seen: set[str] = set()
        self.damaged: list[Path] = []
        self.refresh()

    @property
    def id(self) -> str:
        """Name of the folder; enough to find the namespace again."""
        return self.folder.name

    def refresh(self) -> None:
        """Reads the keys of segments that are new since the last call.

        A segment whose bytes do not match its name is listed in ``damaged`` and left out; its
        records are computed again.
        """
        if not self.folder.is_dir():
            return
        for path in sorted(self.folder.glob(f"*{SEGMENT_SUFFIX}")):
            if path.name in self._seen:
                continue
            self._seen.add(path.name)
            if not _intact(path):
                self.damaged.append(path)
                continue
            with safe_open(path, framework="numpy") as segment:
                keys = segment.get_tensor(KEYS)
            self._add(path, [key.tobytes() for key in keys])

    def _add(self, segment: Path, keys: Sequence[bytes]) -> None:
        first = len(self._segments) << _INDEX_BITS
        self._segments.append(segment)
        self._index.update(zip(keys, range(first, first + len(keys)), strict=True))

    def __contains__(self, key: bytes) -> bool:
        return key in self._index

    def __len__(self) -> int:
        return len(self._index)

    def keys(self) -> Iterable[bytes]:
        """Returns every key."""
        return self._index.keys()

    def missing(self, keys: Iterable[bytes]) -> list[bytes]:
        """Returns the distinct keys that the namespace lacks, in the order given."""
        return [key for key in dict.fromkeys(keys) if key not in self._index]

    def put(self, keys: Sequence[bytes], arrays: Mapping[str, npt.NDArray[Any]]) -> None:
        """Writes records as one segment.

        Args:
            keys: 32-byte keys.
            arrays: By name, shape (len(keys), ...); ``arrays[name][i]`` belongs to ``keys[i]``.
        """
        if not keys:
            return
        tensors = {name: np.ascontiguousarray(array) for name, array in arrays.items()}
        tensors[KEYS] = np.frombuffer(b"".join(keys), dtype=np.uint8).reshape(len(keys), 32)
        self._write(save(tensors), keys)

    def put_bytes(self, keys: Sequence[bytes], values: Sequence[bytes]) -> None:
        """Writes byte strings (OCR results as JSON) as one segment."""
        if not keys:
            return
        ends = np.cumsum([len(value) for value in values], dtype=np.int64)
        data = np.frombuffer(b"".join(values) or b"\0", dtype=np.uint8)
        key_array = np.frombuffer(b"".join(keys), dtype=np.uint8).reshape(len(keys), 32)
        self._write(save({KEYS: key_array, "data": data, "ends": ends}), keys)

    def _write(self, payload: bytes, keys: Sequence[bytes]) -> None:
        if not (self.folder / "space.json").is_file():
            with atomic_path(self.folder / "space.json") as temporary:
                temporary.write_text(
                    json.dumps(self.identity, indent=2, sort_keys=True) + "\n", encoding="utf-8"
                )
        target = self.folder / f"{hashlib.sha256(payload).hexdigest()}{SEGMENT_SUFFIX}"
        with atomic_path(target) as temporary:
            temporary.write_bytes(payload)
        self._seen.add(target.name)
        self._add(target, keys)

    def blocks(
        self, keys: Sequence[bytes], name: str
    ) -> Iterator[tuple[npt.NDArray[np.int64], npt.NDArray[Any]]]:
        """Yields the values of one array segment by segment, with the memory of one segment.

        Args:
            keys: Keys of the records.
            name: Name of the array.

        Yields:
            Positions in ``keys``, shape (k,), and their values, shape (k, ...).

        Raises:
            IntegrityError: If the namespace lacks a key.
        """
        for path, positions, indices in self._by_segment(keys):
            with safe_open(path, framework="numpy") as segment:
                array = segment.get_tensor(name)
            yield positions, array[indices]

    def get(self, keys: Sequence[bytes], name: str) -> npt.NDArray[Any]:
        """Returns an array of shape (len(keys), ...), in the order of ``keys``."""
        result: npt.NDArray[Any] | None = None
        for positions, block in self.blocks(keys, name):
            if result is None:
                result = np.empty((len(keys), *block.shape[1:]), dtype=block.dtype)
            result[positions] = block
        return np.empty((0, 0), dtype=np.float32) if result is None else result

    def get_lazily(self, keys: Sequence[bytes], name: str) -> StoredArray | npt.NDArray[Any]:
        """Returns the array of :meth:`get`, read from disk where it is indexed.

        Args:
            keys: Keys of the records, at least one.
            name: Name of the array.

        Returns:
            Shape (len(keys), ...), in the order of ``keys``.

        Raises:
            IntegrityError: If the namespace lacks a key.
        """
        segments, indices = self._locate(keys)
        return StoredArray(self._segments, segments, indices, name)

    def get_bytes(self, keys: Sequence[bytes]) -> list[bytes]:
        """Returns one byte string per key, in the order of ``keys``."""
        values: list[bytes] = [b""] * len(keys)
        for path, positions, indices in self._by_segment(keys):
            with safe_open(path, framework="numpy") as segment:
                data = segment.get_tensor("data").tobytes()
                ends = [*segment.get_tensor("ends").tolist(), 0]
            for position, index in zip(positions.tolist(), indices.tolist(), strict=True):
                values[position] = data[ends[index - 1] : ends[index]]
        return values

    def _locate(self, keys: Sequence[bytes]) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32]]:
        """Returns the segment number and the index within the segment of each key."""
        try:
            codes = np.fromiter(map(self._index.__getitem__, keys), np.int64, len(keys))
        except KeyError as error:
            raise IntegrityError(
                f"{self.folder}: the store has no record {error.args[0].hex()[:16]}.",
                remedy="Run the same figbench evaluate again; it computes what is missing.",
            ) from None
        indices = codes & ((1 << _INDEX_BITS) - 1)
        return (codes >> _INDEX_BITS).astype(np.int32), indices.astype(np.int32)

    def _by_segment(
        self, keys: Sequence[bytes]
    ) -> Iterator[tuple[Path, npt.NDArray[np.int64], npt.NDArray[np.int32]]]:
        """Yields (segment, positions in ``keys``, indices within the segment)."""
        segments, indices = self._locate(keys)
        for positions in grouped(segments):
            yield self._segments[int(segments[positions[0]])], positions, indices[positions]


def _intact(path: Path) -> bool:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest() == path.stem
    except OSError:
        return False
