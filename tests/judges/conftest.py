"""Small sets, once for the session."""

import pytest

from tests.judges.scripted import write_sets


@pytest.fixture(scope="session")
def sets(tmp_path_factory):
    """Twelve figures of six papers, generated and reference."""
    return write_sets(tmp_path_factory.mktemp("sets"))


@pytest.fixture(autouse=True)
def no_key(monkeypatch):
    """Tests do not use the user's key."""
    monkeypatch.delenv("FIGBENCH_JUDGE_API_KEY", raising=False)
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
