"""What figbench decodes is what independent renderers show, within the tolerance that is stated."""

from pathlib import Path

import pytest

from tests.browser.conftest import browser  # noqa: F401
from tests.data.truth import ROWS, line_of, measure

PAGE = Path(__file__).parents[2] / "docs" / "inputs.md"


@pytest.fixture(scope="module")
def measured(browser, tmp_path_factory):  # noqa: F811
    return measure(browser, tmp_path_factory.mktemp("truth"))


@pytest.mark.parametrize("name", ROWS)
def test_row(measured, name):
    largest, mean = measured[name]
    row = ROWS[name]
    assert largest <= row.most
    if row.mean:
        assert mean <= row.mean


def test_the_documented_table_is_this_table():
    """Names, judges and tolerances; the measured values may move with a renderer's version."""
    lines = PAGE.read_text(encoding="utf-8").splitlines()
    for name in ROWS:
        stated = line_of(name, 0, 0.0).rpartition("|")[0].rpartition("|")[0]
        assert any(line.startswith(stated) for line in lines), stated
