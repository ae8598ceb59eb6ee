"""Stored graphs are keyed by the readers' version: graphs of an older version are never used."""

from __future__ import annotations

import pytest

from figbench.evaluation.planning.tasks import GraphTask
from figbench.graphs import read


def test_another_version_is_another_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("figbench.graphs.raster.reader.ocr_identity", lambda: {"engine": "fixed"})
    digests = set()
    for version in (1, read.READERS_VERSION, read.READERS_VERSION + 1):
        monkeypatch.setattr(read, "READERS_VERSION", version)
        read.readers_digest.cache_clear()
        digests.add(read.readers_digest())
    read.readers_digest.cache_clear()
    assert len(digests) == 3


def test_the_task_of_an_evaluation_carries_the_digest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("figbench.evaluation.planning.tasks.readers_digest", lambda: "digest")
    assert GraphTask.weights_of("graph") == "digest"


def test_readers_changed_since_release_0_1() -> None:
    assert read.READERS_VERSION >= 2
