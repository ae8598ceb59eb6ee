import json

import choix
import numpy as np
import pytest
from scipy.optimize import minimize

from figbench.errors import UserError
from figbench.ranking import Vote, detectable_win_rate, pairs_needed, rank, read_votes, write_votes
from figbench.ranking.aggregation import aggregate, two_tier_outcome
from figbench.ranking.counts import count
from figbench.ranking.davidson import fit_davidson
from figbench.ranking.fit import fit_without_ties
from figbench.ranking.intervals import wilson
from tests.ranking.simulate import simulate


def vote(winner="first", prompt="p", first="A", second="B", rater="r", paper=None, question=""):
    return Vote(prompt, paper or prompt, first, second, winner, rater, question)


def test_power_matches_published_numbers():
    assert [pairs_needed(0.55), pairs_needed(0.52)] == [783, 4904]
    shown = {n: round(detectable_win_rate(n), 3) for n in (292, 279, 600, 2000)}
    assert shown == {292: 0.582, 279: 0.584, 600: 0.557, 2000: 0.531}
    assert pairs_needed(0.45) == pairs_needed(0.55)
    assert pairs_needed(0.55, design_effect=2) in (1565, 1566)
    assert detectable_win_rate(1) is None
    with pytest.raises(UserError, match=r"0\.5"):
        pairs_needed(0.5)


def test_power_is_what_a_simulation_finds(rng):
    n = pairs_needed(0.6)
    share = rng.binomial(n, 0.6, size=20_000) / n
    found = np.abs(share - 0.5) / (0.5 / np.sqrt(n)) > 1.959964
    assert 0.78 < found.mean() < 0.82


def test_strengths_without_ties_equal_choix_and_evalica(rng):
    votes = simulate([0.8, 0.2, -0.3, -0.7], 40, 2, rng)
    counts = count(votes)
    ours = fit_davidson(counts, counts.total[None], np.array([False])).strengths[0]
    index = {name: i for i, name in enumerate(counts.models)}
    pairs = []
    for one in votes:
        a, b = one.pair if one.outcome > 0 else one.pair[::-1]
        pairs.append((index[a], index[b]))
    peer = choix.opt_pairwise(4, pairs, alpha=0, tol=1e-10)
    np.testing.assert_allclose(ours, peer - peer.mean(), atol=1e-5)
    np.testing.assert_allclose(ours, fit_without_ties(counts), atol=1e-6)
    assert rank(votes).library == "evalica"


def test_strengths_with_ties_maximise_davidsons_likelihood(rng):
    votes = simulate([0.9, 0.0, -0.9], 50, 2, rng, tie=0.8)
    counts = count(votes)
    fitted = fit_davidson(counts, counts.total[None], np.array([False]))

    def loss(values):
        power, nu = np.exp(values[:3]), np.exp(values[3])
        total = 0.0
        for i, j, (won, lost, tied) in zip(counts.first, counts.second, counts.total, strict=True):
            middle = nu * np.sqrt(power[i] * power[j])
            below = power[i] + power[j] + middle
            total -= won * np.log(power[i] / below) + lost * np.log(power[j] / below)
            total -= tied * np.log(middle / below)
        return total

    best = minimize(loss, np.zeros(4), method="BFGS", options={"gtol": 1e-7})
    np.testing.assert_allclose(fitted.strengths[0], best.x[:3] - best.x[:3].mean(), atol=1e-4)
    assert fitted.tie[0] == pytest.approx(np.exp(best.x[3]), abs=1e-4)
    assert rank(votes).library == "figbench"


def test_result_does_not_depend_on_order_or_sides(rng):
    votes = simulate([0.5, 0.0, -0.5], 30, 2, rng, spread=0.5, tie=0.3)
    swap = {"first": "second", "second": "first", "tie": "tie"}
    swapped = [
        Vote(v.prompt_id, v.paper_id, v.second, v.first, swap[v.winner], v.rater) for v in votes
    ]
    shuffled = [swapped[i] for i in rng.permutation(len(swapped))]
    first, second = rank(votes).document(), rank(shuffled).document()
    assert first.pop("first_share") != second.pop("first_share")
    assert first == second


def test_a_model_that_won_everything_is_regularised_and_said():
    result = rank([vote(prompt=str(i)) for i in range(30)])
    assert result.regularised and any("no upper limit" in note for note in result.notes)
    assert any("half a win and half a loss" in note for note in result.notes)
    assert result["A"].win_rate.high == 1.0 and result["A"].win_rate.low < 1.0
    assert str(result["A"].ranks) == "1" and str(result["B"].ranks) == "2"
    few = rank([vote(prompt=str(i)) for i in range(4)])
    assert str(few["A"].ranks) == "1-2"


@pytest.mark.parametrize(
    ("wins", "ties", "losses"), [(6, 10, 0), (0, 10, 6), (1, 15, 0), (15, 1, 0), (6, 4, 1)]
)
def test_few_or_no_losses_beside_ties_have_a_finite_estimate(wins, ties, losses):
    """Strengths and the tie parameter would grow together without a limit."""
    outcomes = ["first"] * wins + ["tie"] * ties + ["second"] * losses
    votes = [
        Vote(f"p{k}", f"p{k // 2}", "a", "b", outcome, "r") for k, outcome in enumerate(outcomes)
    ]
    ranking = rank(votes, resamples=100)
    assert ranking["a"].win_rate.value == (wins + ties / 2) / len(votes)
    assert np.sign(ranking["a"].strength.value) == np.sign(wins - losses)
    assert abs(ranking["a"].strength.value) < 10
    assert ranking.regularised == (not (wins and losses))


def test_any_connected_votes_have_a_finite_estimate(rng):
    for _ in range(15):
        chances = rng.dirichlet([0.4, 0.6, 0.4])
        votes = [
            Vote(f"p{k}", f"p{k // 2}", f"m{k % 3}", f"m{(k + 1) % 3}",
                 ("first", "tie", "second")[rng.choice(3, p=chances)], "r")
            for k in range(int(rng.integers(3, 30)))
        ]  # fmt: skip
        ranking = rank(votes, resamples=100)
        assert all(np.isfinite(line.strength.value) for line in ranking.models)


def test_only_ties_tie():
    result = rank([vote("tie", prompt=str(i)) for i in range(30)])
    assert [line.strength.value for line in result.models] == [0.0, 0.0]
    assert {str(line.ranks) for line in result.models} == {"1-2"}
    assert result.first_share is None


def test_one_paper_gives_no_interval_and_no_order():
    alone = rank([vote(prompt=str(i), paper="same") for i in range(40)])
    assert alone["A"].win_rate.low is None and str(alone["A"].ranks) == "1-2"
    json.dumps(alone.document(), allow_nan=False)


def test_disconnected_votes_are_refused_with_the_groups():
    votes = [vote(), vote(first="C", second="D")]
    with pytest.raises(UserError, match=r"\(A, B\); \(C, D\)"):
        rank(votes)
    assert rank(votes, models=["C", "D"]).models[0].model == "C"


def test_repeated_votes_on_a_paper_do_not_narrow_the_interval(rng):
    votes = simulate([0.3, -0.3], 40, 1, rng)
    result, copied = rank(votes), rank(votes * 5)
    assert copied["m0"].win_rate.low == pytest.approx(result["m0"].win_rate.low)
    assert copied.design_effect > 4


def test_every_invalid_line_is_named(tmp_path):
    path = tmp_path / "votes.jsonl"
    good = json.dumps(vote().document())
    lines = [good, "{", '{"prompt_id": "x"}', "", good.replace('"first", "rater"', '"A", "rater"')]
    lines += [good.replace('"B"', '"A"'), "[1]", good.replace('"r"', "3")]
    path.write_text("\n".join(lines), encoding="utf-8")
    with pytest.raises(UserError) as caught:
        read_votes(path)
    named = [n for n in range(1, 9) if f"line {n}:" in str(caught.value)]
    assert named == [2, 3, 5, 6, 7, 8]
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(UserError, match="UTF-8"):
        read_votes(path)


def test_votes_survive_a_round_trip(tmp_path):
    votes = [vote("tie", prompt="é\u2028x"), vote(question="readability")]
    write_votes(votes, tmp_path / "v.jsonl")
    assert read_votes(tmp_path / "v.jsonl") == votes


@pytest.mark.parametrize(
    ("outcomes", "expected"),
    [
        ((1, 1, -1, -1), 1),
        ((1, 0, -1, -1), 1),
        ((0, -1, 1, 1), -1),
        ((1, -1, 1, 0), 1),
        ((0, 0, -1, 0), -1),
        ((1, -1, 1, -1), 0),
        ((0, 0, 0, 0), 0),
    ],
)
def test_two_tier_rule(outcomes, expected):
    names = ("faithfulness", "readability", "conciseness", "aesthetics")
    assert two_tier_outcome(dict(zip(names, outcomes, strict=True))) == expected
    word = {1: "first", -1: "second", 0: "tie"}
    votes = [vote(word[o], question=q) for o, q in zip(outcomes, names, strict=True)]
    [merged], notes = aggregate(votes, "paperbanana")
    assert merged.outcome == expected and notes == []
    swapped = [vote(v.winner, first="B", second="A", question=v.question) for v in votes]
    [flipped], _ = aggregate(swapped, "paperbanana")
    assert flipped.outcome == -expected


def test_two_tier_counts_incomplete_groups():
    names = ("faithfulness", "readability", "conciseness", "aesthetics")
    votes = [vote(question=q) for q in names] + [vote(prompt="q", question=names[0])]
    merged, notes = aggregate(votes, "paperbanana")
    assert len(merged) == 1 and notes == ["1 comparisons without all four questions were left out"]


def test_a_verdict_that_flips_with_the_order_is_a_counted_tie():
    votes = [vote("first"), vote("first", first="B", second="A"), vote(prompt="q")]
    merged, notes = aggregate(votes, "both-orders")
    assert [one.winner for one in merged] == ["tie", "first"]
    assert notes[0].startswith("1 of 2") and notes[1].startswith("1 of 2")


def test_majority_and_questions():
    votes = [vote(rater="a"), vote("second", rater="b"), vote(rater="c")]
    [merged], _ = aggregate(votes, "majority")
    assert merged.winner == "first"
    with pytest.raises(UserError, match="2 questions"):
        rank([vote(), vote(question="x")])
    with pytest.raises(UserError, match="Unknown aggregation"):
        rank([vote()], aggregation="nope")
    with pytest.raises(UserError, match="No vote answers"):
        rank([vote()], question="nope")


def test_wilson_matches_a_published_interval():
    """30.7% of 292 is 25.7 to 36.2 in Wilson's interval."""
    low, high = wilson(0.307 * 292, 292)
    assert (round(low, 3), round(high, 3)) == (0.257, 0.362)


def test_dataframe_and_mappings():
    import pandas as pd

    records = [vote(prompt=str(i)).document() for i in range(3)]
    assert rank(pd.DataFrame(records)).document() == rank(records).document()
    with pytest.raises(UserError, match="record 1"):
        rank([{"prompt_id": "x"}])
