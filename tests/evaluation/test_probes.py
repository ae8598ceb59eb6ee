"""Decoding verdicts are written while a set is read, by several threads at once."""

from concurrent.futures import ThreadPoolExecutor

from figbench.images.decode_pool import Probe
from figbench.store import Store, decode_cache


def digest(number):
    return f"{number:064x}"


def test_verdicts_reach_the_disk_before_the_set_is_read(tmp_path, monkeypatch):
    """So that a kill costs seconds of reading, not all of it."""
    monkeypatch.setattr(decode_cache, "FLUSH_AFTER_S", 0.0)
    cache = decode_cache.DecodeCache(Store(tmp_path))

    def note(number):
        cache[digest(number)] = Probe(width=number, height=1)
        return cache[digest(number)].width

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(note, range(200))) == list(range(200))
    again = decode_cache.DecodeCache(Store(tmp_path))
    assert len(again) == 200
    assert all(again[digest(number)].width == number for number in range(200))
