"""The grammar accepts what it documents and nothing else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from figbench.errors import UserError
from figbench.gate.rules import parse_rule, require_direction


@pytest.mark.parametrize(
    ("text", "metric", "change", "relative", "alpha"),
    [
        ("fid:+2% & p<0.05", "fid", 0.02, True, 0.05),
        ("label_f1:-0.01", "label_f1", -0.01, False, None),
        (" ocr_sim : + 5 % ", "ocr_sim", 0.05, True, None),
        ("kd@efficientnet-lite0:+1e-3&p<.01", "kd@efficientnet-lite0", 0.001, False, 0.01),
        ("fid:+0", "fid", 0.0, False, None),
    ],
)
def test_documented_forms(text, metric, change, relative, alpha):
    rule = parse_rule(text)
    assert (rule.metric, rule.relative, rule.alpha) == (metric, relative, alpha)
    assert rule.change == pytest.approx(change)


@pytest.mark.parametrize(
    "text",
    ["", "fid", "fid:", "fid:2%", "fid:+x", "fid:+2% p<0.05", "fid:+2% & p<0", "fid:+2% & p<1.5",
     "fid:+1e999", "fid:+nan", "fid:+inf", ":+2", "fid:+2%;rm", "fid:+2% & p>0.05"],
)  # fmt: skip
def test_everything_else_is_refused_with_examples(text):
    with pytest.raises(UserError, match="Rule"):
        parse_rule(text)


@given(st.text(max_size=40))
def test_arbitrary_text_is_a_rule_or_a_user_error(text):
    try:
        rule = parse_rule(text)
    except UserError:
        return
    assert rule.metric
    assert rule.metric in text


def test_direction_is_checked():
    require_direction(parse_rule("fid:+2%"), higher_is_better=False)
    with pytest.raises(UserError, match="would flag an improvement"):
        require_direction(parse_rule("fid:-2%"), higher_is_better=False)
    with pytest.raises(UserError, match="higher label_f1 is better"):
        require_direction(parse_rule("label_f1:+0.01"), higher_is_better=True)


def test_limit_of_a_negative_baseline_is_on_the_worse_side():
    assert parse_rule("kd:+10%").limit(-2.0) == pytest.approx(-1.8)
