"""An evaluator's state as bytes: safetensors with a JSON header, no pickle."""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from safetensors.numpy import load, save

from figbench.errors import UserError

_LENGTH = struct.Struct("<Q")


def pack_state(state: Mapping[str, Any]) -> bytes:
    """Returns :meth:`Evaluator.state_dict` as bytes that may be joined with others."""
    tensors: dict[str, np.ndarray] = {}
    namespaces = []
    for number, (identity, stored) in enumerate(state["records"].values()):
        keys = []
        for position, (key, record) in enumerate(stored.items()):
            arrays = {"": np.frombuffer(record, np.uint8)} if isinstance(record, bytes) else record
            keys.append([key.hex(), sorted(arrays)])
            for name, array in arrays.items():
                tensors[f"{number}/{position}/{name}"] = np.array(array, order="C")
        namespaces.append({"identity": identity, "keys": keys})
    head = {name: value for name, value in state.items() if name != "records"}
    header = json.dumps({**head, "spaces": namespaces}).encode()
    tensors["header"] = np.frombuffer(header, np.uint8)
    payload = save(tensors)
    return _LENGTH.pack(len(payload)) + payload


def require_same(state: Mapping[str, Any], identity: Mapping[str, Any]) -> None:
    """Raises unless a state has the version, protocol and reference of an evaluator.

    Raises:
        UserError: Naming the field that differs.
    """
    for name, value in identity.items():
        if state.get(name) != value:
            raise UserError(
                f"state: {name} is {state.get(name)}, this evaluator has {value}.",
                remedy="Load it with the protocol and reference that it was saved with.",
            )


def unpack_states(data: bytes) -> Iterator[dict[str, Any]]:
    """Yields the states in joined bytes of :func:`pack_state`."""
    start = 0
    while start < len(data):
        (size,) = _LENGTH.unpack_from(data, start)
        start += _LENGTH.size
        yield _unpack(data[start : start + size])
        start += size


def _unpack(payload: bytes) -> dict[str, Any]:
    tensors = load(payload)
    header = json.loads(tensors["header"].tobytes())
    records = {}
    for number, namespace in enumerate(header.pop("spaces")):
        stored: dict[bytes, Any] = {}
        for position, (key, names) in enumerate(namespace["keys"]):
            arrays = {name: tensors[f"{number}/{position}/{name}"] for name in names}
            stored[bytes.fromhex(key)] = arrays[""].tobytes() if names == [""] else arrays
        records[str(number)] = (namespace["identity"], stored)
    return {**header, "records": records}
