"""Large rows: kept while there is room, absent when damaged, never wrong."""

from figbench.store import BlobCache

KEY, OTHER = b"\1" * 32, b"\2" * 32


def test_a_row_comes_back_and_other_identities_have_none(tmp_path):
    rows = BlobCache(tmp_path, "one", 1000)
    assert rows.get(KEY) is None
    rows.put(KEY, b"payload")
    assert KEY in rows
    assert OTHER not in rows
    assert BlobCache(tmp_path, "one", 1000).get(KEY) == b"payload"
    assert BlobCache(tmp_path, "another", 1000).get(KEY) is None


def test_a_damaged_row_is_absent_and_can_be_kept_again(tmp_path):
    rows = BlobCache(tmp_path, "one", 1000)
    rows.put(KEY, b"payload")
    [path] = tmp_path.glob("*/*.row")
    path.write_bytes(path.read_bytes()[:-1] + b"X")
    assert rows.get(KEY) is None
    assert KEY not in rows
    rows.put(KEY, b"payload")
    assert rows.get(KEY) == b"payload"


def test_the_limit_holds_for_all_identities_of_the_store(tmp_path):
    BlobCache(tmp_path, "one", 100).put(KEY, b"x" * 60)
    full = BlobCache(tmp_path, "two", 100)
    full.put(KEY, b"x" * 60)
    assert KEY not in full
    assert not list(tmp_path.glob("*/*.part"))
    roomy = BlobCache(tmp_path, "two", 200)
    roomy.put(KEY, b"x" * 60)
    assert KEY in roomy


def test_a_folder_that_cannot_be_written_costs_the_row_only(tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("")
    rows = BlobCache(blocked, "one", 1000)
    rows.put(KEY, b"payload")
    assert rows.get(KEY) is None
