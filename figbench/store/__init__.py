"""Content-addressed, crash-safe storage of features, readings and pair scores."""

from figbench.store.kept_rows import KeptRows
from figbench.store.readings import decode_lines, encode_lines
from figbench.store.rows import StoredRows
from figbench.store.store import Space, Store, default_store, row_key

__all__ = [
    "KeptRows",
    "Space",
    "Store",
    "StoredRows",
    "decode_lines",
    "default_store",
    "encode_lines",
    "row_key",
]
