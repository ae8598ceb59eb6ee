import json
from itertools import combinations

import krippendorff
import numpy as np
import pytest

from figbench.errors import IntegrityError, UserError
from figbench.ranking import rank, read_votes
from figbench.study import import_study
from figbench.study.answers import read_answers
from figbench.study.raters import rater_reports
from tests.study.factory import make_study, rng, simulated_answers, write_lines


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    return make_study(
        tmp_path_factory.mktemp("study"), prompts=10, raters=4, votes_per_item=3, gold=20, repeats=8
    )


def files_of(exported, folder, errors, seed=0, **options):
    generator = rng(seed)
    return [
        write_lines(
            folder / f"{rater}.jsonl",
            simulated_answers(exported.key, rater, error, generator, **options),
        )
        for rater, error in zip(exported.key.sessions, errors, strict=True)
    ]


def test_perfect_raters(exported, tmp_path):
    imported = import_study(exported.key_path, files_of(exported, tmp_path, [0.0] * 4))
    assert imported.n_answers == imported.n_expected
    assert all(alpha.estimate is None for alpha in imported.alphas)
    for one in imported.raters:
        assert one.gold.value == one.repeat.value == one.agreement.value == 1.0
        assert one.error_rate.value == 0.0 and one.repeat_error == 0.0 and one.flags == ()
    imported.write(tmp_path / "votes.jsonl")
    votes = read_votes(tmp_path / "votes.jsonl")
    assert votes == list(imported.votes) and len(votes) == 10 * 3 * 3
    assert [line.model for line in rank(votes).models] == ["alpha", "beta", "gamma"]


def test_error_rates_of_simulated_raters_are_recovered(exported, tmp_path):
    """The interval of the error rate covers the truth in 93% of 100 runs of 4 raters."""
    truth = [0.05, 0.15, 0.3, 0.5]
    covered, agreements = [], []
    for run in range(100):
        files = files_of(exported, tmp_path, truth, seed=run)
        answers, _ = read_answers(exported.key, files)
        reports = rater_reports(exported.key, answers)
        for error, one in zip(truth, reports, strict=True):
            low, high = one.error_rate.interval
            covered.append(low <= error <= high)
        agreements.append([one.agreement.value for one in reports])
    assert np.mean(covered) >= 0.93
    means = np.mean(agreements, axis=0)
    assert list(np.argsort(-means)) == [0, 1, 2, 3]


def test_repeats_recover_the_error_rate(tmp_path):
    exported = make_study(
        tmp_path, prompts=16, names=("a", "b", "c"), raters=2, votes_per_item=2, repeats=48
    )
    files = files_of(exported, tmp_path, [0.1, 0.2], seed=3)
    first, second = import_study(exported.key, files).raters
    assert first.repeat_error == pytest.approx(0.1, abs=0.09)
    assert second.repeat_error == pytest.approx(0.2, abs=0.12)


def test_attention_failures_are_flagged_and_can_be_excluded(exported, tmp_path):
    files = files_of(exported, tmp_path, [0.0, 0.05, 0.5, 0.1])
    rows = [json.loads(line) for line in files[3].read_text().splitlines()]
    write_lines(files[3], [{**row, "answer": "left", "seconds": 0.4} for row in rows])
    imported = import_study(exported.key, files)
    flags = {one.rater: " ".join(one.flags) for one in imported.raters}
    assert flags["R01"] == flags["R02"] == "" and "gold" in flags["R03"]
    assert "side bias" in flags["R04"] and "fast" in flags["R04"] and "repeat" in flags["R04"]
    kept = import_study(exported.key, files, exclude_failed=True)
    assert kept.excluded == ("R03", "R04") and {v.rater for v in kept.votes} == {"R01", "R02"}
    assert len(kept.raters) == 4


def test_alpha_equals_the_library_on_the_raters_table(exported, tmp_path):
    files = files_of(exported, tmp_path, [0.1, 0.2, 0.3, 0.2], tie=0.2)
    imported = import_study(exported.key, files)
    prompts = sorted({vote.prompt_id for vote in imported.votes})
    units = [(p, *pair) for p in prompts for pair in combinations(("alpha", "beta", "gamma"), 2)]
    table = np.full((4, len(units)), np.nan)
    for vote in imported.votes:
        table[int(vote.rater[1:]) - 1, units.index((vote.prompt_id, *vote.pair))] = vote.outcome
    for alpha in imported.alphas:
        expected = krippendorff.alpha(reliability_data=table, level_of_measurement=alpha.level)
        assert alpha.estimate.value == pytest.approx(expected, abs=1e-12)
        assert alpha.estimate.low < expected < alpha.estimate.high


def test_answers_of_another_study_are_refused(exported, tmp_path):
    files = files_of(exported, tmp_path, [0.0] * 4)
    other = make_study(tmp_path / "other", seed=9)
    with pytest.raises(IntegrityError, match=r"R01\.jsonl: line 1 belongs to study"):
        import_study(other.key_path, files)


def test_invalid_and_contradicting_lines_are_named(exported, tmp_path):
    [path, *_] = files_of(exported, tmp_path, [0.0] * 4)
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    flipped = {"left": "right", "right": "left"}[rows[0]["answer"]]
    bad = [
        {**rows[1], "answer": "middle"},
        {**rows[2], "rater": "R02"},
        {**rows[3], "trial": "nope"},
        {**rows[4], "seconds": "long"},
        {**rows[5], "question": "other"},
        {**rows[0], "answer": flipped},
    ]
    write_lines(path, [rows[0], *bad])
    with pytest.raises(UserError) as caught:
        import_study(exported.key, [path])
    assert [n for n in range(1, 9) if f"line {n}:" in str(caught.value)] == [2, 3, 4, 5, 6, 7]


def test_partial_and_repeated_files(exported, tmp_path):
    [path, *_] = files_of(exported, tmp_path, [0.0] * 4)
    part = tmp_path / "part.jsonl"
    part.write_text("".join(path.read_text().splitlines(keepends=True)[:5]))
    imported = import_study(exported.key, [part, path])
    assert imported.n_answers == len(exported.key.sessions["R01"])
    assert any("came twice" in note for note in imported.notes)
    assert any("no answers of 3 raters" in note for note in imported.notes)


def test_likert_study(tmp_path):
    exported = make_study(
        tmp_path, mode="likert", raters=3, votes_per_item=3, scale=5, gold=2, repeats=2
    )
    generator = rng(5)
    level = {"alpha": 5, "beta": 3, "gamma": 2}
    files = []
    for rater, ids in exported.key.sessions.items():
        rows = []
        for name in ids:
            trial = exported.key.trials[name]
            value = level[trial.models[0]] - int(generator.random() < 0.3)
            value = 1 if trial.kind == "gold" else value
            row = {"study": exported.key.study, "rater": rater, "trial": name, "seconds": 4}
            rows.append({**row, "question": "overall", "answer": value})
        files.append(write_lines(tmp_path / f"{rater}.jsonl", rows))
    imported = import_study(exported.key, files)
    assert len(imported.ratings) == 3 * 6 * 3 and not imported.votes
    assert all(one.gold.value == 1 and one.repeat.value == 1 for one in imported.raters)
    ordinal = next(alpha for alpha in imported.alphas if alpha.level == "ordinal")
    assert ordinal.estimate.value > 0.5
    json.dumps(imported.document(), allow_nan=False)
