"""One store for all cases: a picture is scored once."""

import pytest


@pytest.fixture(scope="session")
def field_store(tmp_path_factory):
    return tmp_path_factory.mktemp("field-store")


@pytest.fixture(autouse=True)
def own_store(field_store, monkeypatch):
    monkeypatch.setenv("FIGBENCH_STORE", str(field_store))
