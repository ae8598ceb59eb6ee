"""The store keeps what was finished, whatever happens to its writers."""

import os
import signal
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from figbench.data.types import TextLine
from figbench.errors import IntegrityError
from figbench.store import Store, decode_lines, encode_lines, record_key
from tests.waiting import HANG_S, pause

IDENTITY = {"network": "test", "weights": "abc"}


def keys_and_rows(n, start=0):
    keys = [record_key(str(i)) for i in range(start, start + n)]
    rows = np.arange(start, start + n, dtype=np.float32)[:, None] * np.ones(5, np.float32)
    return keys, rows


def test_rows_come_back_in_the_order_asked_for_across_segments(tmp_path):
    namespace = Store(tmp_path).namespace(IDENTITY)
    for start in (0, 10, 20):
        keys, rows = keys_and_rows(10, start)
        namespace.put(keys, {"features": rows})
    wanted = [25, 3, 14, 3, 0]
    found = (
        Store(tmp_path).namespace(IDENTITY).get([record_key(str(i)) for i in wanted], "features")
    )
    assert found[:, 0].tolist() == wanted
    assert found.dtype == np.float32


def test_identity_separates_spaces(tmp_path):
    store = Store(tmp_path)
    keys, rows = keys_and_rows(2)
    store.namespace(IDENTITY).put(keys, {"features": rows})
    other = store.namespace({**IDENTITY, "weights": "another file"})
    assert other.missing(keys) == keys
    assert store.namespace(IDENTITY).missing(keys) == []


def test_missing_row_and_missing_space_are_integrity_errors(tmp_path):
    store = Store(tmp_path)
    namespace = store.namespace(IDENTITY)
    with pytest.raises(IntegrityError, match="no record"):
        namespace.get([record_key("nothing")], "features")
    with pytest.raises(IntegrityError, match="no longer has"):
        store.namespace_by_id("0" * 32)


@pytest.mark.parametrize("damage", ["truncate", "flip", "empty"])
def test_damaged_segment_is_computed_again_not_believed(tmp_path, damage):
    namespace = Store(tmp_path).namespace(IDENTITY)
    keys, rows = keys_and_rows(4)
    namespace.put(keys, {"features": rows})
    [segment] = namespace.folder.glob("*.safetensors")
    data = bytearray(segment.read_bytes())
    if damage == "flip":
        data[-3] ^= 0xFF
    segment.write_bytes({"truncate": data[:-7], "flip": data, "empty": b""}[damage])
    again = Store(tmp_path).namespace(IDENTITY)
    assert again.missing(keys) == keys
    assert again.damaged == [segment]
    again.put(keys, {"features": rows})
    assert np.array_equal(Store(tmp_path).namespace(IDENTITY).get(keys, "features"), rows)


WRITER = """
import sys, numpy as np
from pathlib import Path
from figbench.store import Store, record_key
root, start, count = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
namespace = Store(root).namespace({"network": "test", "weights": "abc"})
print("ready", flush=True)
for i in range(start, start + count):
    namespace.put([record_key(str(i))], {"features": np.full((1, 2048), i, np.float32)})
"""


def test_two_writers_at_once_lose_nothing(tmp_path):
    writers = [
        subprocess.Popen([sys.executable, "-c", WRITER, str(tmp_path), str(start), "40"])
        for start in (0, 20)
    ]
    assert [writer.wait(timeout=HANG_S) for writer in writers] == [0, 0]
    namespace = Store(tmp_path).namespace(IDENTITY)
    found = namespace.get([record_key(str(i)) for i in range(60)], "features")
    assert found[:, 7].tolist() == list(range(60))


def test_kill_at_any_moment_leaves_only_whole_rows(tmp_path):
    rng = np.random.default_rng(0)
    for _ in range(6):
        writer = subprocess.Popen(
            [sys.executable, "-c", WRITER, str(tmp_path), "0", "100000"], stdout=subprocess.PIPE
        )
        assert writer.stdout is not None
        writer.stdout.readline()
        pause(float(rng.uniform(0.01, 0.15)))
        os.kill(writer.pid, signal.SIGKILL)
        writer.wait()
        writer.stdout.close()
        namespace = Store(tmp_path).namespace(IDENTITY)
        assert namespace.damaged == []
        keys = [record_key(str(i)) for i in range(100000)]
        kept = [i for i, key in enumerate(keys) if key in namespace]
        assert kept == list(range(len(kept)))
        if kept:
            values = namespace.get([keys[i] for i in kept], "features")
            assert np.array_equal(values[:, 0], np.array(kept, np.float32))


@given(st.lists(st.text(max_size=20), max_size=6))
def test_readings_survive_the_round_trip(texts):
    lines = [TextLine(text, ((0.5, 1.0), (2.0, 1.0)), 0.25) for text in texts]
    assert decode_lines(encode_lines(lines)) == tuple(lines)


def test_byte_rows_of_many_lengths(tmp_path):
    namespace = Store(tmp_path).namespace({"kind": "ocr"})
    values = [b"", b"a", b"longer value", b""]
    keys = [record_key(str(i)) for i in range(4)]
    namespace.put_bytes(keys, values)
    again = Store(tmp_path).namespace({"kind": "ocr"})
    assert again.get_bytes(keys[::-1]) == values[::-1]
