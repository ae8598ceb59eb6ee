import json
from itertools import pairwise

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from scipy.stats import kendalltau, spearmanr

from figbench.errors import UserError
from figbench.ranking import Vote, write_votes
from figbench.results.files import write_result
from figbench.results.schema import MetricValue
from figbench.study import correlate
from figbench.study.association import rank_correlations
from figbench.study.opinions import read_opinions
from tests.results.factory import make_result
from tests.study.factory import human_votes, rng, write_lines


def write_run(folder, scores, *, lower=()):
    """A run folder with per-figure scores: {metric: {figure_id: value}}."""
    folder.mkdir(parents=True)
    ids = sorted({name for values in scores.values() for name in values})
    metrics = {
        name: MetricValue(
            value=0.5,
            status="ok",
            higher_is_better=name not in lower,
            n_used=len(ids),
            n_expected=len(ids),
        )
        for name in scores
    }
    write_result(make_result(metrics=metrics), folder)
    columns = {name: [values.get(one) for one in ids] for name, values in scores.items()}
    table = {"figure_id": ids, "sample": [0] * len(ids), "paper_id": ids}
    present = {"present": [True] * len(ids), "sha256": ["0"] * len(ids)}
    pq.write_table(pa.table({**table, **present, **columns}), folder / "per_figure.parquet")
    return folder


@pytest.fixture(scope="module")
def case(tmp_path_factory):
    """A metric that knows the truth, a noisy one, a distance, a coin, and people with 20% error."""
    root = tmp_path_factory.mktemp("correlate")
    generator = rng(3)
    votes, truth = human_votes(150, 3, 0.2, generator)
    write_votes(votes, root / "votes.jsonl")
    zero = {name: 0.0 for name in truth}
    noisy = {name: gap + generator.normal() * 2 for name, gap in truth.items()}
    coin = {name: generator.normal() for name in truth}
    scores = {"exact": truth, "noisy": noisy, "coin": coin}
    distance = {name: -gap for name, gap in truth.items()}
    runs = {
        "a": write_run(root / "a", {**scores, "distance": distance}, lower=["distance"]),
        "b": write_run(root / "b", dict.fromkeys([*scores, "distance"], zero), lower=["distance"]),
    }
    return root, runs, votes, truth


def test_instruments_are_recovered(case):
    root, runs, votes, truth = case
    result = correlate(root / "votes.jsonl", runs, resamples=200)
    found = {one.name: one for one in result.instruments}
    for name, expected in (("exact", 0.8), ("distance", 0.8), ("coin", 0.5)):
        accuracy = found[name].accuracy
        assert accuracy.low <= expected <= accuracy.high
    right = sum((truth[v.prompt_id] > 0) == (v.winner == "first") for v in votes)
    assert found["exact"].accuracy.value == pytest.approx(right / len(votes))
    assert found["distance"].document() == {**found["exact"].document(), "name": "distance"}
    person = result.ceiling.accuracy
    assert person.low <= 0.8 * 0.8 + 0.2 * 0.2 <= person.high
    assert found["exact"].kendall.low > found["coin"].kendall.high


def test_paired_differences(case):
    root, runs, *_ = case
    result = correlate(root / "votes.jsonl", runs, resamples=200)
    gaps = {(one.first, one.second): one for one in result.differences}
    assert len(gaps) == 6
    sure, same = gaps["coin", "exact"], gaps["distance", "exact"]
    assert sure.p_holm < 0.01 and sure.difference.high < 0
    assert same.difference.value == 0 and same.p_holm == 1
    found = {one.name: one for one in result.instruments}
    expected = found["coin"].accuracy.value - found["exact"].accuracy.value
    assert sure.difference.value == pytest.approx(expected)


def test_ceiling_is_the_agreement_of_two_people(tmp_path):
    """Votes 1, 1, -1 on each pair: a vote agrees with another one in a third of the cases."""
    votes = [
        Vote(str(p), str(p), "a", "b", winner, f"r{k}")
        for p in range(12)
        for k, winner in enumerate(("first", "first", "second"))
    ]
    write_votes(votes, tmp_path / "v.jsonl")
    write_votes(votes[::3], tmp_path / "judge.jsonl")
    result = correlate(tmp_path / "v.jsonl", {}, {"j": tmp_path / "judge.jsonl"}, resamples=100)
    assert result.ceiling.accuracy.value == pytest.approx(1 / 3)
    [judge] = result.instruments
    assert judge.accuracy.value == pytest.approx(2 / 3) and judge.kind == "judge"


def test_ties_of_a_judge_count_half_and_absent_verdicts_are_noted(case, tmp_path):
    root, _, votes, _ = case
    ties = [Vote(v.prompt_id, v.paper_id, "b", "a", "tie", "j") for v in votes[:300:3]]
    write_votes(ties, tmp_path / "judge.jsonl")
    result = correlate(root / "votes.jsonl", {}, {"j": tmp_path / "judge.jsonl"}, resamples=100)
    [judge] = result.instruments
    assert judge.accuracy.value == 0.5 and judge.kendall is None and judge.n_pairs == 100
    assert "j: 50 pairs without a value" in result.notes
    json.dumps(result.document(), allow_nan=False)


def test_rank_correlations_are_scipys_over_both_orientations(rng):
    values, human = rng.normal(size=40), rng.integers(-1, 2, size=40).astype(float)
    both, people = np.r_[values, -values], np.r_[human, -human]
    tau, rho = rank_correlations(values, human)
    assert tau == kendalltau(both, people).statistic and rho == spearmanr(both, people).statistic
    signs = rng.choice([-1.0, 1.0], size=40)
    assert rank_correlations(values * signs, human * signs) == pytest.approx((tau, rho))


@pytest.mark.slow
def test_accuracy_interval_covers_with_clustered_papers():
    """Half of the papers are easy, half are a coin: 200 runs cover 0.75 in 90-99%."""
    from figbench.study.association import agreement
    from figbench.study.opinions import pairs_of

    covered = []
    for run in range(200):
        generator = rng(run)
        votes = []
        for paper in range(40):
            chance = 1.0 if generator.random() < 0.5 else 0.5
            for prompt in range(3):
                won = "first" if generator.random() < chance else "second"
                votes.append(Vote(f"{paper}-{prompt}", str(paper), "a", "b", won, "r"))
        pairs = pairs_of(votes)
        row = agreement("m", "metric", np.ones(len(pairs)), pairs, resamples=300, seed=run)
        covered.append(row.accuracy.low <= 0.75 <= row.accuracy.high)
    assert 0.9 <= np.mean(covered) <= 0.99


def test_ratings_become_pairs(tmp_path):
    rows = [
        {
            "prompt_id": f"p{prompt}",
            "paper_id": f"p{prompt}",
            "model": model,
            "value": value,
            "rater": rater,
            "question": "overall",
        }
        for prompt in range(3)
        for rater, values in (("r1", (5, 2, 2)), ("r2", (4, 3, 1)))
        for model, value in zip("abc", values, strict=True)
    ]
    path = write_lines(tmp_path / "ratings.jsonl", rows)
    pairs = read_opinions(path)
    assert len(pairs) == 9 and pairs[0].votes == (("r1", 1.0), ("r2", 1.0))
    assert [one.preference for one in pairs[:3]] == [2.0, 3.0, 1.0]
    assert all(one.prompt_id <= other.prompt_id for one, other in pairwise(pairs))


def test_a_model_without_a_run_is_noted_and_its_pairs_have_no_value(case, tmp_path):
    root, runs, votes, _ = case
    others = [Vote(v.prompt_id, v.paper_id, "a", "people", "second", v.rater) for v in votes[:30]]
    write_votes([*votes, *others], tmp_path / "more.jsonl")
    result = correlate(tmp_path / "more.jsonl", runs, resamples=100)
    before = correlate(root / "votes.jsonl", runs, resamples=100)
    assert "no run of people: its pairs have no metric value" in result.notes
    values = {one.name: one.accuracy.value for one in result.instruments}
    assert values == {one.name: one.accuracy.value for one in before.instruments}


def test_wrong_use(case, tmp_path):
    root, runs, votes, _ = case
    with pytest.raises(UserError, match="No run of b"):
        correlate(root / "votes.jsonl", {"a": runs["a"]})
    with pytest.raises(UserError, match="nothing to compare"):
        correlate(root / "votes.jsonl", {})
    with pytest.raises(UserError, match="line 2"):
        correlate(write_lines(tmp_path / "x.jsonl", [votes[0].document(), {"a": 1}]), {})
    many = [Vote("p", "p", "a", "b", "tie", "r", name) for name in ("x", "y")]
    write_votes(many, tmp_path / "many.jsonl")
    with pytest.raises(UserError, match="2 questions"):
        correlate(tmp_path / "many.jsonl", {})
