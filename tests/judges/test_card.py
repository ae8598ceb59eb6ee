"""The card recovers a scripted judge's bias, noise and failure rates inside its intervals."""

import numpy as np
import pytest

from figbench.data.load import load_manifest
from figbench.judges.calls.execute import CallSettings
from figbench.judges.calls.ledger import Ledger
from figbench.judges.images import ImageFolder
from figbench.judges.materials import Materials
from figbench.judges.measures.card import instrument_card
from figbench.judges.plan import Planner, items_of
from figbench.judges.protocol import JudgeProtocol
from figbench.judges.session import JudgeSettings, execute
from tests.judges.scripted import ScriptedJudge, served, write_sets

BIAS, NOISE, MALFORMED, REFUSAL = 0.10, 0.20, 0.05, 0.03


def truth():
    """Values of the scripted judge, from its definition, for pairs that differ in quality."""
    right = BIAS + (1 - BIAS) * (NOISE / 2 + 1 - NOISE)
    wrong = (1 - BIAS) * NOISE / 2
    right_second = (1 - BIAS) * (NOISE / 2 + 1 - NOISE)
    wrong_second = BIAS + wrong
    assert abs(right + wrong - 1) < 1e-12 and abs(right_second + wrong_second - 1) < 1e-12
    agree = (right**2 + wrong**2 + right_second**2 + wrong_second**2) / 2
    return {
        "position_bias": BIAS,
        "position_bias_same_picture": BIAS,
        "flip_rate": right * wrong_second + wrong * right_second,
        "inconsistency_rate": right * wrong_second + wrong * right_second,
        "self_agreement": agree,
        "parse_failure_rate": MALFORMED,
        "refusal_rate": (1 - MALFORMED) * REFUSAL,
        "text_only": BIAS + (1 - BIAS) * NOISE,
        "blank_page": 1 - right * right_second,
        "win_rate": None,
    }


@pytest.fixture(scope="module")
def prepared(tmp_path_factory):
    """Plan of 30 papers with two figures each; repeats measure agreement."""
    gen, ref = write_sets(tmp_path_factory.mktemp("sets"), papers=30)
    protocol = JudgeProtocol.load("pairwise-blind").with_sampling(structured="none")
    protocol = protocol.from_document(
        {**protocol.model_dump(), "pictures": {"longest_side": 32}}, "test"
    )
    references = load_manifest(ref)
    items, _ = items_of(load_manifest(gen, reference=references), references)
    pictures = ImageFolder(None)
    planner = Planner(protocol, pictures, Materials({}))
    plan = planner.plan(items, repeats=2, controls=40, anchors=0, seed=0)
    return protocol, pictures, plan


def card_of(prepared, seed, endpoint="http://localhost/v1", transport=None):
    protocol, pictures, plan = prepared
    scripted = ScriptedJudge(BIAS, NOISE, MALFORMED, REFUSAL, seed=seed)
    settings = JudgeSettings(
        endpoint, "m", calls=CallSettings(8), transport=transport or scripted.transport()
    )
    if endpoint != "http://localhost/v1":
        settings = JudgeSettings(endpoint, "m", calls=CallSettings(8))
    judged, _ = execute(plan.trials, protocol, settings, pictures, Ledger(None))
    return instrument_card(judged, protocol)


def value_of(card, name):
    return card["controls"][name] if name in card["controls"] else card[name]


def measured(cards, name):
    return [value_of(card, name) for card in cards]


def coverage(cards):
    shares = {}
    for name, true in truth().items():
        if true is not None:
            inside = [
                m["interval"]["low"] <= true <= m["interval"]["high"] for m in measured(cards, name)
            ]
            shares[name] = float(np.mean(inside))
    return shares


def test_card_recovers_a_known_judge(prepared):
    cards = [card_of(prepared, seed) for seed in range(4)]
    for name, true in truth().items():
        if true is not None:
            values = [m["value"] for m in measured(cards, name)]
            assert abs(np.mean(values) - true) < 0.09, name
    assert min(coverage(cards).values()) >= 0.5


def test_card_over_http(prepared):
    scripted = ScriptedJudge(BIAS, NOISE, MALFORMED, REFUSAL, seed=1)
    with served(scripted) as server:
        over_http = card_of(prepared, 1, server.endpoint)
    in_process = card_of(prepared, 1)
    for card in (over_http, in_process):
        del card["latency_s"]
    assert over_http == in_process


@pytest.mark.slow
def test_intervals_cover_in_93_percent_of_200_runs(prepared):
    cards = [card_of(prepared, seed) for seed in range(200)]
    shares = coverage(cards)
    print(shares)
    assert min(shares.values()) >= 0.93, shares
    for name, true in truth().items():
        if true is not None:
            widths = [m["interval"]["high"] - m["interval"]["low"] for m in measured(cards, name)]
            assert np.mean(widths) < 0.5, name
