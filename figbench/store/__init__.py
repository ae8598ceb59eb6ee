"""Content-addressed, crash-safe storage of features, readings and pair scores."""

from figbench.store.blob_cache import KeptRows
from figbench.store.memory import MemoryStore
from figbench.store.ocr_codec import decode_lines, encode_lines
from figbench.store.store import Space, Store, default_store, row_key
from figbench.store.stored_features import StoredRows

__all__ = [
    "KeptRows",
    "MemoryStore",
    "Space",
    "Store",
    "StoredRows",
    "decode_lines",
    "default_store",
    "encode_lines",
    "row_key",
]
