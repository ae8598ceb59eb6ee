"""Every row of the table of docs/inputs.md, through the command line."""

from pathlib import Path

import pytest

from tests.field.cases import paired
from tests.field.files import evaluate
from tests.field.table import CASES, rows

PAGE = Path(__file__).parents[2] / "docs" / "inputs.md"


@pytest.mark.parametrize("case", CASES, ids=[f"{one.area}: {one.input}" for one in CASES])
def test_the_right_value_or_a_refusal(case, tmp_path):
    """A figure is scored against the reference of its own picture, so that SSIM is 1."""
    generated, reference = case.build(tmp_path)
    outcome = evaluate(generated, reference, *case.options)
    if case.counts is None:
        assert outcome.code == 2, outcome.text
        assert case.said in outcome.text
        return
    assert outcome.code == 0, outcome.text
    assert outcome.counts == case.counts
    if outcome.counts[0] < outcome.counts[1]:
        # Missing figures count as blank pages: about 0.77 each, as a figure of another reference.
        assert 0.85 < outcome.ssim < 0.95
    else:
        assert outcome.ssim == pytest.approx(1, abs=0.02)
    assert not case.said or any(case.said in one for one in outcome.warnings), outcome.warnings


def test_the_page_shows_the_table_that_is_run():
    """``python -m tests.field.table`` prints the rows."""
    assert rows() in PAGE.read_text()
    assert paired.rows() in PAGE.read_text()
