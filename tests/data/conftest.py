"""Stores in memory, with mirrors of their own."""

import fsspec
import pytest
from fsspec.implementations.memory import MemoryFileSystem


@pytest.fixture(autouse=True)
def own_mirrors(tmp_path, monkeypatch):
    monkeypatch.setenv("FIGBENCH_MIRRORS", str(tmp_path / "mirrors"))
    return tmp_path / "mirrors"


@pytest.fixture
def copied(monkeypatch):
    """The keys that were copied from memory:// since it was last cleared."""
    keys = []
    whole = MemoryFileSystem.get_file

    def get_file(self, rpath, lpath, **options):
        keys.append(rpath)
        return whole(self, rpath, lpath, **options)

    monkeypatch.setattr(MemoryFileSystem, "get_file", get_file)
    return keys


@pytest.fixture
def put():
    memory = fsspec.filesystem("memory")
    memory.store.clear()
    memory.pseudo_dirs[:] = [""]
    yield memory.pipe_file
    memory.store.clear()
