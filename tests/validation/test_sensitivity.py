"""A metric sees its own family as well as in the published run, and neutral changes as little."""

from __future__ import annotations

import json
from importlib import resources

import pytest

from figbench.metrics import get_metric
from figbench.protocol import Protocol
from figbench.validation.document import claimed
from figbench.validation.effects import compare_measurements, largest_alarm
from figbench.validation.structure import structure_measurements

OWN = {
    "edge_f1@exact": ("arrows-reversed", "arrows-removed", "arrows-added", "arrows-reattached",
                      "text-shuffled"),
    "direction_accuracy@exact": ("arrows-reversed",),
    "node_f1@exact": ("nodes-removed", "nodes-added"),
    "group_f1@exact": ("groups-broken",),
    "edge_label_f1@exact": ("edge-labels-swapped",),
    "box_alignment@exact": ("boxes-displaced",),
    "layout_agreement@exact": ("text-shuffled", "layout-mirrored"),
    "label_f1@exact": ("text-characters", "text-garbled", "text-removed", "text-invented"),
    "label_layout@exact": ("text-shuffled", "layout-mirrored"),
    "label_alignment@exact": ("boxes-displaced",),
}  # fmt: skip
NEUTRAL = ("layout", "palette", "font")
SHARE = 0.6
"""Of the published change that must remain at level 2, with other figures and changes."""


def published():
    path = resources.files("figbench.validation") / "published" / "synthfig.json"
    return json.loads(path.read_text(encoding="utf-8"))["metrics"]


@pytest.mark.slow
def test_sensitivity_to_the_own_family_has_not_dropped():
    flaws = tuple(dict.fromkeys([name for names in OWN.values() for name in names]))
    clean, done = structure_measurements(60, 1, (2,), (*flaws, *NEUTRAL), ("exact",))
    table = published()
    for metric, names in OWN.items():
        for name in names:
            now = compare_measurements(clean[metric], done[name][2][metric]).change
            then = table[metric]["flaws"][name]["levels"]["2"]["change"]
            assert now >= SHARE * then > 0, f"{metric}, {name}: {now:.4f}, published {then:.4f}"
        weakest = min(table[metric]["flaws"][name]["levels"]["2"]["change"] for name in names)
        for name in NEUTRAL:
            moved = abs(compare_measurements(clean[metric], done[name][2][metric]).change)
            assert moved < weakest, f"{metric} moves by {moved:.4f} under a neutral {name}"


@pytest.mark.slow
def test_neutral_changes_move_the_recommended_metrics_by_less_than_a_level_1_flaw():
    """Other figures than the published ones, and few: beyond doubt, as the rule says."""
    path = resources.files("figbench.validation") / "published" / "synthfig.json"
    document = json.loads(path.read_text(encoding="utf-8"))
    offers = {
        flaw: offer["metric"]
        for flaw, offer in document["recommended"].items()
        if offer["metric"] and offer["metric"].endswith("@exact") and not offer["confused_with"]
    }
    assert len(offers) >= 8 and {"arrows-removed", "text-shuffled"} <= set(offers)
    clean, first = structure_measurements(40, 2, (1,), tuple(offers), ("exact",))
    _, neutral = structure_measurements(40, 2, (2,), NEUTRAL, ("exact",))
    for flaw, metric in offers.items():
        change = compare_measurements(clean[metric], first[flaw][1][metric]).change
        effects = [
            compare_measurements(clean[metric], neutral[name][2][metric]) for name in NEUTRAL
        ]
        assert change > largest_alarm(effects), f"{flaw}, {metric}"


def test_every_metric_of_the_protocol_claims_a_flaw():
    for request in Protocol.load("validation").metrics:
        assert get_metric(request.metric).spec.sees
        assert claimed(request.metric), request.metric
