"""Each published aggregation on hand-made verdicts, with its defects."""

import pytest

from figbench.errors import UserError
from figbench.judges import JudgeProtocol, shipped_judge_protocols
from figbench.judges.measures import aggregate as rules

LIST = ["model"] * 4 + ["reference"] * 3 + ["tie"] * 1 + ["missing"] + ["judge-failure"]


def test_blind_win_rate_bounds():
    document = rules.blind_win_rate(LIST)
    assert document["value"] == 4.5 / 8
    assert (document["failures_as_losses"], document["failures_as_wins"]) == (0.45, 0.65)
    assert rules.blind_win_rate(["missing"])["value"] is None


def test_paperbanana_counts_missing_figures_as_losses():
    assert rules.paperbanana(LIST) == pytest.approx(45.0)
    # 10% failures at a true 50%: 45 by one implementation and 50 by the other.
    outcomes = ["model"] * 45 + ["reference"] * 45 + ["missing"] * 10
    assert rules.paperbanana(outcomes) == 45.0
    assert rules.paperbanana_independent(outcomes) == 50.0


def test_the_independent_rule_counts_judge_failures_as_halves():
    assert rules.paperbanana_independent(LIST) == pytest.approx(100 * 5 / 9)


@pytest.mark.parametrize(
    ("winners", "overall"),
    [
        ("a a b b", "a"), ("a tie b b", "a"), ("tie b a a", "b"), ("a b a tie", "a"),
        ("a b a b", "tie"), ("tie tie tie b", "b"), ("tie both-bad tie tie", "tie"),
    ],
)  # fmt: skip
def test_two_tier(winners, overall):
    names = ("faithfulness", "readability", "conciseness", "aesthetics")
    assert rules.two_tier(dict(zip(names, winners.split(), strict=True))) == overall


def test_figurebench_drops_failures():
    shares = rules.figurebench_pairwise([*LIST, "both-bad"])
    assert shares == {
        "win_rate": 4 / 9, "loss_rate": 3 / 9, "both_good": 1 / 9, "both_bad": 1 / 9
    }  # fmt: skip
    assert rules.figurebench_pointwise([{"a": 4, "b": 8}, None, {"a": 2}]) == 4.0
    assert rules.figurebench_pointwise([None]) is None


def test_craftbench():
    weights = {"content_faithfulness": 3.0, "readability": 1.5, "format_academic": 1.0}
    scores = {"content_faithfulness": 8.0, "readability": 6.0, "format_academic": None}
    assert rules.craftbench_total(scores, weights) == pytest.approx(33 / 4.5)
    assert rules.craftbench_total({"readability": None}, weights) is None
    margins = [(7.3, 7.0), (7.31, 7.0), (7.0, 7.4), (None, 7.0)]
    outcomes = [rules.by_margin(a, b) for a, b in margins]
    assert outcomes == ["tie", "model", "reference", "judge-failure"]
    assert rules.craftbench([*outcomes, "missing"]) == 30.0


def test_aibench_is_a_mean_of_levels():
    answers = [("a", True), ("a", True), ("a", False), ("a", None), ("b", True)]
    assert rules.aibench(answers) == {"a": 50.0, "b": 100.0, "overall": 75.0}


def _errors(*entries):
    return [{"type": kind, "severity": severity} for kind, severity in entries]


def test_sciforma():
    axis = rules.sciforma_axis
    assert axis(_errors(("missing", "critical"), ("duplicate", "moderate")), 3) == 0.5
    assert axis(_errors(*[("missing", "critical")] * 15), 60) == 0.5
    assert axis(_errors(*[("missing", "critical")] * 5), 2) == 0.0
    # The released weights: ten wrong labels cost nothing.
    assert axis(_errors(*[("wrong", "critical")] * 10), 10) == 1.0
    # A failed axis counts as perfect.
    half = _errors(("missing", "critical"))
    assert rules.sciforma({"components": (half, 2), "arrows": (None, 3)}) == 75.0
    assert rules.sciforma({"components": (None, 2), "arrows": (None, 3)}) == 100.0


def test_shipped_protocols_load_with_distinct_hashes():
    names = shipped_judge_protocols()
    assert {
        "pairwise-blind",
        "paperbanana",
        "figurebench",
        "aibench",
        "sciforma",
        "craftbench",
    } <= (set(names))
    protocols = [JudgeProtocol.load(name) for name in names]
    assert len({protocol.hash for protocol in protocols}) == len(names)
    for protocol in protocols:
        assert (protocol.reimplementation is None) == (protocol.id == "pairwise-blind")


@pytest.mark.parametrize(
    "text",
    [
        "[]",
        "id: x",
        "id: x\nmode: pairwise\nrule: craftbench\nsystem: a\nquestion: b",
        "a: &a [*a]",
    ],
)
def test_a_wrong_protocol_is_named(tmp_path, text):
    path = tmp_path / "own.yaml"
    path.write_text(text)
    with pytest.raises(UserError, match=r"own\.yaml"):
        JudgeProtocol.load(path)


def test_an_unknown_protocol_gets_a_suggestion():
    with pytest.raises(UserError, match="pairwise-blind"):
        JudgeProtocol.load("pairwise-blnd")


def test_the_table_of_the_docs_is_the_script_s():
    from pathlib import Path

    from figbench.judges.measures.effects import table

    text = (Path(__file__).parents[2] / "docs" / "judges.md").read_text(encoding="utf-8")
    assert text.split("<!-- effects -->\n")[1].split("<!-- /effects -->")[0] == table()
