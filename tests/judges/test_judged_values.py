"""Judge runs in compare and gate, and what happens when two judges differ."""

import json

import numpy as np
import pytest
from typer.testing import CliRunner

from figbench.cli.main import app
from figbench.comparison import compare
from figbench.errors import EXIT_INTEGRITY, EXIT_REGRESSION, IntegrityError
from figbench.gate import gate
from figbench.judges import JudgeProtocol, JudgeSettings, judge
from figbench.judges.calibrate import anchor_trials
from figbench.judges.images import ImageFolder
from figbench.judges.judged_values import load_judged_values
from tests.judges.scripted import ScriptedJudge, write_sets

ANCHORS = 10
SMALL = JudgeProtocol.from_document(
    {
        **JudgeProtocol.load("pairwise-blind").model_dump(),
        "pictures": {"longest_side": 64},
    },
    "small",
)


def run_judge(generated, reference, out, scripted, **options):
    settings = JudgeSettings("http://localhost/v1", "m", transport=scripted.transport())
    return judge(
        generated, reference, endpoint="http://localhost/v1", model="m", out=out, protocol=SMALL,
        settings=settings, controls=0, anchors=ANCHORS, **options,
    )  # fmt: skip


@pytest.fixture(scope="module")
def quality():
    """Minus the strength of the flaw, by digest of the encoded picture."""
    values = {}
    for trial in anchor_trials(SMALL, ANCHORS, ImageFolder(None))[0]:
        for system, picture in zip((trial.first, trial.second), trial.images, strict=True):
            values[picture.digest] = -trial.strength if system == "flawed" else 0.0
    return values


@pytest.fixture(scope="module")
def runs(tmp_path_factory, quality):
    """Judge runs on two models: a third of the figures better, two thirds; and a drifted judge."""
    root = tmp_path_factory.mktemp("judged")
    weak, reference = write_sets(root / "weak", papers=12, better=1 / 3)
    strong, _ = write_sets(root / "strong", papers=12, better=2 / 3, missing=2)
    scripted = ScriptedJudge(quality=quality)
    drifted = ScriptedJudge(quality=quality, fingerprint="fp-2", leniency=0.3)
    sets = {"weak": (weak, scripted), "strong": (strong, scripted), "drifted": (strong, drifted)}
    for name, (generated, by) in sets.items():
        run_judge(
            generated, reference, root / name / "judged", by, name=name.replace("drifted", "strong")
        )
    return {name: root / name / "judged" for name in sets}


def test_values_are_those_of_the_verdicts(runs):
    judged = load_judged_values(runs["strong"])
    document = json.loads((runs["strong"] / "judge.json").read_text())
    assert judged.metric_id == "win_rate" and judged.model == "strong"
    assert judged.value.value == pytest.approx(document["scores"]["win_rate"]["value"])
    assert len(judged.keys) == 24 and judged.value.n_used == 22 and judged.value.n_expected == 24
    assert int(np.isnan(judged.points).sum()) == 2
    assert judged.value.details["missing_figures"] == 2
    assert judged.value.details["failures_as_losses"] < judged.value.value
    assert judged.fingerprint.points and judged.fingerprint.accuracy["value"] == 1.0


def test_compare_pairs_figures_of_two_judge_runs(runs):
    comparison = compare(runs["weak"], runs["strong"])
    (difference,) = comparison.differences
    assert difference.metric == "win_rate" and difference.paired and difference.better
    first, second = (load_judged_values(runs[name]) for name in ("weak", "strong"))
    assert difference.difference == pytest.approx(second.value.value - first.value.value)
    counts = difference.wins, difference.losses, difference.ties
    assert sum(counts) == 22 and counts[1] == 0


def test_compare_refuses_another_judge_and_prints_the_drift(runs):
    with pytest.raises(IntegrityError, match=r"fp-1 and fp-2.*10 anchors.*changed by -\d"):
        compare(runs["weak"], runs["drifted"])
    result = CliRunner().invoke(app, ["compare", str(runs["weak"]), str(runs["drifted"])])
    assert result.exit_code == EXIT_INTEGRITY or isinstance(result.exception, IntegrityError)


def test_compare_widens_across_judges_when_asked(runs):
    same = compare(runs["weak"], runs["strong"]).differences[0]
    comparison = compare(runs["weak"], runs["drifted"], allow_drift=True)
    widened = comparison.differences[0]
    assert widened.p_value > same.p_value
    same_visible, visible = same.minimum_detectable, widened.minimum_detectable
    assert (visible is None) == (same_visible is None)
    assert visible is None or visible > same_visible
    assert "the judges differ" in comparison.notes[0] and "fp-2" in comparison.notes[0]
    assert compare(runs["weak"], runs["strong"], allow_drift=True).differences[0] == same


def test_the_gate_takes_judge_runs_and_refuses_another_judge(runs):
    assert gate(runs["strong"], runs["weak"], ["win_rate:-0.05 & p<0.05"]).passed
    decision = gate(runs["weak"], runs["strong"], ["win_rate:-0.05"])
    assert decision.exit_code == EXIT_REGRESSION
    assert gate(runs["strong"], None, ["win_rate>=0.5"]).passed
    with pytest.raises(IntegrityError, match=r"fp-1 and fp-2.*changed by"):
        gate(runs["drifted"], runs["weak"], ["win_rate:-0.05"])


def test_an_unfinished_judge_run_is_refused(runs, tmp_path, quality):
    source = runs["weak"]
    for name in ("judge.json", "verdicts.parquet", "votes.jsonl", "fingerprint.json"):
        (tmp_path / name).write_bytes((source / name).read_bytes())
    document = json.loads((tmp_path / "judge.json").read_text())
    document |= {"complete": False, "calls_without_answer": 3}
    (tmp_path / "judge.json").write_text(json.dumps(document))
    with pytest.raises(IntegrityError, match="3 calls have no answer yet"):
        compare(tmp_path, runs["strong"])
