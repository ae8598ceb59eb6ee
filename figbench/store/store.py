"""Content-addressed rows: written once, readable by many, never half.

A *space* holds the rows of one kind (one network with one weight digest on one preprocess in
one precision). A row is a 32-byte key and a set of arrays of fixed shape, or one byte string.
Rows live in immutable segment files named after the SHA-256 of their own bytes. A segment is
written under a temporary name, flushed and renamed, so a crash leaves at most a stray
``.part`` file; two writers never touch the same file; a copied or truncated segment is noticed
by its name when it is read. This works on network file systems, where SQLite's locking does not.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from platformdirs import user_cache_path
from safetensors import safe_open
from safetensors.numpy import save

from figbench.errors import IntegrityError
from figbench.io.atomic import atomic_path
from figbench.store.stored_features import StoredRows, grouped

KEYS = "keys"
SEGMENT_SUFFIX = ".safetensors"
_ROW_BITS = 32


def default_store() -> Path:
    """Returns ``$FIGBENCH_STORE`` or the per-user cache folder."""
    named = os.environ.get("FIGBENCH_STORE")
    return Path(named) if named else user_cache_path("figbench") / "store"


def row_key(*parts: str) -> bytes:
    """Returns the 32-byte key of a row from what identifies it (image digests)."""
    return hashlib.sha256("\0".join(parts).encode()).digest()


class Store:
    """A folder of spaces.

    Args:
        root: The folder; made when the first row is written.
    """

    def __init__(self, root: Path) -> None:
        self.root = root

    @property
    def location(self) -> str | None:
        """Absolute path of the folder, recorded in results."""
        return str(self.root.resolve())

    def space(self, identity: Mapping[str, Any]) -> Space:
        """Returns the space of an identity: any JSON mapping; its hash names the folder."""
        canonical = json.dumps(identity, sort_keys=True, separators=(",", ":"))
        name = hashlib.sha256(canonical.encode()).hexdigest()[:32]
        return Space(self.root / name, identity)

    def space_by_id(self, space_id: str) -> Space:
        """Returns an existing space by the name of its folder.

        Raises:
            IntegrityError: If the store has none of that name.
        """
        description = self.root / space_id / "space.json"
        if not description.is_file():
            raise IntegrityError(
                f"{self.root}: the store no longer has the features '{space_id}'.",
                remedy="Run the same figbench evaluate again; it computes what is missing.",
            )
        return Space(self.root / space_id, json.loads(description.read_text(encoding="utf-8")))


class Space:
    """The rows of one identity. The index is read once; :meth:`refresh` sees other writers."""

    def __init__(self, folder: Path, identity: Mapping[str, Any]) -> None:
        self.folder = folder
        self.identity = dict(identity)
        self._segments: list[Path] = []
        # Place of the segment and row within it as one number: a quarter of an object's memory.
        self._index: dict[bytes, int] = {}
        self._seen: set[str] = set()
        self.damaged: list[Path] = []
        self.refresh()

    @property
    def id(self) -> str:
        """Name of the folder; enough to find the space again."""
        return self.folder.name

    def refresh(self) -> None:
        """Reads the keys of segments that have come since the last look.

        A segment whose bytes do not match its name is left out and listed in ``damaged``: its
        rows are simply computed again.
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
        first = len(self._segments) << _ROW_BITS
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
        """Returns the distinct keys that are not here, in the order given."""
        return [key for key in dict.fromkeys(keys) if key not in self._index]

    def put(self, keys: Sequence[bytes], rows: Mapping[str, npt.NDArray[Any]]) -> None:
        """Writes rows as one segment: ``rows[name][i]`` belongs to ``keys[i]``."""
        if not keys:
            return
        tensors = {name: np.ascontiguousarray(array) for name, array in rows.items()}
        tensors[KEYS] = np.frombuffer(b"".join(keys), dtype=np.uint8).reshape(len(keys), 32)
        self._write(save(tensors), keys)

    def put_bytes(self, keys: Sequence[bytes], values: Sequence[bytes]) -> None:
        """Writes byte strings (readings as JSON) as one segment."""
        if not keys:
            return
        ends = np.cumsum([len(value) for value in values], dtype=np.int64)
        data = np.frombuffer(b"".join(values) or b"\0", dtype=np.uint8)
        key_rows = np.frombuffer(b"".join(keys), dtype=np.uint8).reshape(len(keys), 32)
        self._write(save({KEYS: key_rows, "data": data, "ends": ends}), keys)

    def _write(self, payload: bytes, keys: Sequence[bytes]) -> None:
        if not (self.folder / "space.json").is_file():
            with atomic_path(self.folder / "space.json") as temporary:
                temporary.write_text(json.dumps(self.identity, indent=2, sort_keys=True) + "\n")
        target = self.folder / f"{hashlib.sha256(payload).hexdigest()}{SEGMENT_SUFFIX}"
        with atomic_path(target) as temporary:
            temporary.write_bytes(payload)
        self._seen.add(target.name)
        self._add(target, keys)

    def blocks(
        self, keys: Sequence[bytes], name: str
    ) -> Iterator[tuple[npt.NDArray[np.int64], npt.NDArray[Any]]]:
        """Yields (positions in ``keys``, rows) segment by segment: memory of one segment.

        Raises:
            IntegrityError: If a key is not here.
        """
        for path, positions, rows in self._by_segment(keys):
            with safe_open(path, framework="numpy") as segment:
                array = segment.get_tensor(name)
            yield positions, array[rows]

    def get(self, keys: Sequence[bytes], name: str) -> npt.NDArray[Any]:
        """Returns one array with a row per key, in the order of ``keys``."""
        result: npt.NDArray[Any] | None = None
        for positions, rows in self.blocks(keys, name):
            if result is None:
                result = np.empty((len(keys), *rows.shape[1:]), dtype=rows.dtype)
            result[positions] = rows
        return np.empty((0, 0), dtype=np.float32) if result is None else result

    def rows(self, keys: Sequence[bytes], name: str) -> StoredRows | npt.NDArray[Any]:
        """Returns the rows of :meth:`get` as an array that stays on disk; needs a key.

        Raises:
            IntegrityError: If a key is not here.
        """
        segments, places = self._places(keys)
        return StoredRows(self._segments, segments, places, name)

    def get_bytes(self, keys: Sequence[bytes]) -> list[bytes]:
        """Returns one byte string per key, in the order of ``keys``."""
        found: list[bytes] = [b""] * len(keys)
        for path, positions, rows in self._by_segment(keys):
            with safe_open(path, framework="numpy") as segment:
                data = segment.get_tensor("data").tobytes()
                ends = [*segment.get_tensor("ends").tolist(), 0]
            for position, row in zip(positions.tolist(), rows.tolist(), strict=True):
                found[position] = data[ends[row - 1] : ends[row]]
        return found

    def _places(self, keys: Sequence[bytes]) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32]]:
        """Returns per key the number of its segment and its row there."""
        try:
            codes = np.fromiter(map(self._index.__getitem__, keys), np.int64, len(keys))
        except KeyError as error:
            raise IntegrityError(
                f"{self.folder}: the store has no row {error.args[0].hex()[:16]}.",
                remedy="Run the same figbench evaluate again; it computes what is missing.",
            ) from None
        row = codes & ((1 << _ROW_BITS) - 1)
        return (codes >> _ROW_BITS).astype(np.int32), row.astype(np.int32)

    def _by_segment(
        self, keys: Sequence[bytes]
    ) -> Iterator[tuple[Path, npt.NDArray[np.int64], npt.NDArray[np.int32]]]:
        """Yields (segment, positions in ``keys``, rows of the segment)."""
        segments, rows = self._places(keys)
        for positions in grouped(segments):
            yield self._segments[int(segments[positions[0]])], positions, rows[positions]


def _intact(path: Path) -> bool:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest() == path.stem
    except OSError:
        return False
