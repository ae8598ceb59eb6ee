"""Graded flaws change the named thing and nothing else; neutral changes keep the content."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from figbench.errors import UserError
from figbench.metrics import get_metric
from figbench.metrics.numerics.graph_matching import compare_graphs
from figbench.synthfig import make_scene, render_scene
from figbench.synthfig.degrade import (
    FAMILIES,
    LEVELS,
    change_figure,
    change_scene,
    claims,
    flaw_registry,
    get_flaw,
)
from figbench.synthfig.degrade.base import part_of
from figbench.synthfig.export.graph import scene_graph

SCENES = [make_scene(31, i) for i in range(8)]
PIXELS = [name for name, flaw in flaw_registry().items() if not flaw.set_ and not flaw.file]
SETS = [name for name, flaw in flaw_registry().items() if flaw.set_]


def graphs(name, level):
    flaw = get_flaw(name)
    return [
        (scene_graph(change_scene(flaw, scene, level, seed=1, index=i)), scene_graph(scene))
        for i, scene in enumerate(SCENES)
    ]


def test_every_flaw_has_five_levels_and_a_family():
    for name, flaw in flaw_registry().items():
        assert len(flaw.strengths) == len(LEVELS) == 5
        assert flaw.neutral or flaw.family in FAMILIES
        given = [flaw.scene, flaw.rendered, flaw.image, flaw.file, flaw.set_]
        assert sum(one is not None for one in given) == 1, name
    with pytest.raises(UserError, match="Did you mean 'arrows-reversed'"):
        get_flaw("arrows-revered")
    with pytest.raises(UserError, match="no level 6"):
        get_flaw("blur").strength(6)


@pytest.mark.parametrize("name", PIXELS)
def test_a_change_is_reproducible_and_shows_at_level_5(name):
    flaw = get_flaw(name)
    first, again = (
        [change_figure(flaw, s, 5, seed=3, index=i) for i, s in enumerate(SCENES)] for _ in "ab"
    )
    assert all(np.array_equal(a, b) for a, b in zip(first, again, strict=True))
    clean = [render_scene(scene) for scene in SCENES]
    assert any(a.shape != b.shape or (a != b).any() for a, b in zip(first, clean, strict=True))


@pytest.mark.parametrize("level", [2, 5])
def test_reversed_arrows_change_directions_alone(level):
    scores = [compare_graphs(a, b) for a, b in graphs("arrows-reversed", level)]
    assert all(one.node.f1 == 1 and one.edge_undirected.f1 == 1 for one in scores)
    assert np.mean([one.edge.f1 for one in scores]) < (0.9 if level == 2 else 0.3)


def test_a_higher_level_removes_what_a_lower_one_removed():
    flaw = get_flaw("arrows-removed")
    for i, scene in enumerate(SCENES):
        parts = [
            {item.part for item in change_scene(flaw, scene, k, seed=1, index=i).items}
            for k in LEVELS
        ]
        assert all(more <= fewer for fewer, more in pairwise(parts))
        assert not any(part.startswith("edge:") for part in parts[-1])


@pytest.mark.parametrize(
    ("name", "lower", "same"),
    [
        ("arrows-removed", "edge", "node"),
        ("arrows-added", "edge", "node"),
        ("arrows-reattached", "edge", "node"),
        ("nodes-added", "node", None),
        ("nodes-removed", "node", None),
        ("text-shuffled", "edge", "node"),
        ("text-garbled", "node", None),
        ("text-removed", "node", None),
    ],
)
def test_the_exact_graph_states_the_flaw(name, lower, same):
    scores = [compare_graphs(a, b) for a, b in graphs(name, 4)]
    assert np.mean([getattr(one, lower).f1 for one in scores]) < 0.85
    if same:
        assert all(getattr(one, same).f1 > 0.99 for one in scores)


@pytest.mark.parametrize("name", ["boxes-displaced", "layout-mirrored", "line-width", "palette",
                                  "font", "layout"])  # fmt: skip
def test_layout_and_neutral_changes_keep_the_graph(name):
    for one, other in graphs(name, 3):
        assert sorted(n.text for n in one.nodes) == sorted(n.text for n in other.nodes)
        assert len(one.edges) == len(other.edges)
        texts = [g.texts for g in (one, other)]
        said = [
            sorted((t[e.source], t[e.target], e.direction) for e in g.edges)
            for g, t in zip((one, other), texts, strict=True)
        ]
        assert said[0] == said[1]


@pytest.mark.parametrize("name", SETS)
def test_set_flaws_name_a_figure_for_each_prompt(name):
    flaw = get_flaw(name)
    bad = []
    for level in LEVELS:
        slots = flaw.set_(40, flaw.strength(level), flaw.rng(0))
        assert len(slots) == 40
        assert all(slot.source is None or 0 <= slot.source < 40 for slot in slots)
        bad.append(sum(s.source != i or s.broken or s.reference for i, s in enumerate(slots)))
    assert bad == sorted(bad) and bad[-1] >= 15


def test_pixel_flaws_run_on_real_images_and_scene_flaws_say_why_not():
    image = render_scene(SCENES[0])
    assert change_figure(get_flaw("jpeg"), image, 5, seed=0).shape == image.shape
    with pytest.raises(UserError, match="needs its scene"):
        change_figure(get_flaw("arrows-reversed"), image, 1, seed=0)


def test_shares_are_exact_in_expectation():
    counts = [len(part_of(range(5), 0.25, np.random.default_rng(i))) for i in range(2000)]
    assert np.mean(counts) == pytest.approx(1.25, abs=0.05)


@pytest.mark.parametrize(
    "name",
    ["fd@efficientnet-lite0", "kd@efficientnet-lite0", "prdc@efficientnet-lite0", "label_fidelity",
     "label_layout", "ocr_sim", "ssim", "validity"],
)  # fmt: skip
def test_metrics_claim_flaws_that_exist(name):
    sees = get_metric(name).spec.sees
    assert sees and set(sees) <= set(claims())
