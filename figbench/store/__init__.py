"""Content-addressed, crash-safe storage of features, OCR results and pair scores.

Also the caches that are built on it: decode checks and large records.
"""

from figbench.store.blob_cache import BlobCache
from figbench.store.memory import MemoryStore
from figbench.store.ocr_codec import decode_lines, encode_lines
from figbench.store.store import Namespace, Store, default_store, record_key
from figbench.store.stored_array import StoredArray

__all__ = [
    "BlobCache",
    "MemoryStore",
    "Namespace",
    "Store",
    "StoredArray",
    "decode_lines",
    "default_store",
    "encode_lines",
    "record_key",
]
