"""Arrow columns from NumPy arrays and texts, without ``pyarrow.array``, which imports pandas."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa


def text_column(texts: Sequence[str | None]) -> pa.Array:
    """Returns a string column of shape (len(texts),).

    Args:
        texts: None becomes null.
    """
    encoded = [b"" if text is None else text.encode() for text in texts]
    offsets = np.zeros(len(encoded) + 1, np.int64)
    np.cumsum([len(text) for text in encoded], out=offsets[1:])
    present = _bits(np.array([text is not None for text in texts], bool))
    buffers = [present, pa.py_buffer(offsets.astype(np.int32)), pa.py_buffer(b"".join(encoded))]
    return pa.Array.from_buffers(pa.string(), len(encoded), buffers)


def number_column(values: npt.NDArray[Any]) -> pa.Array:
    """Returns a column of numbers or truth values.

    Args:
        values: (n,), bool or a dtype of Arrow; NaN stays NaN.
    """
    if values.dtype == np.bool_:
        return pa.Array.from_buffers(pa.bool_(), len(values), [None, _bits(values)])
    data = pa.py_buffer(np.ascontiguousarray(values))
    return pa.Array.from_buffers(pa.from_numpy_dtype(values.dtype), len(values), [None, data])


def _bits(values: npt.NDArray[np.bool_]) -> pa.Buffer:
    return pa.py_buffer(np.packbits(values, bitorder="little"))
