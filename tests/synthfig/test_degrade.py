"""Each flawed copy has its flaw and no other; nano scenes say what they show."""

from __future__ import annotations

import numpy as np
import pytest

from figbench.errors import UserError
from figbench.synthfig import (
    FLAWS,
    blur,
    degraded,
    garble,
    make_scene,
    make_simple_scene,
    mode_dropped,
    render_scene,
    restyle,
)
from figbench.synthfig.drawing.text import width_of
from figbench.synthfig.scene import Shape, Text
from figbench.synthfig.simple import COLOURS, SIDE

SCENES = [make_scene(77, i) for i in range(12)]


def test_garbling_spoils_every_label_and_nothing_else() -> None:
    for scene in SCENES:
        spoilt = garble(scene, 1)
        for old, new in zip(scene.items, spoilt.items, strict=True):
            if isinstance(old, Text) and isinstance(new, Text):
                assert new.markup != old.markup
                width = width_of(old.markup, old.face, old.size)
                assert width_of(new.markup, new.face, new.size) <= width
            else:
                assert new == old
        assert (spoilt.caption, garble(scene, 1)) == (scene.caption, spoilt)


def test_blurring_keeps_the_ink_and_loses_the_edges() -> None:
    image = render_scene(SCENES[0])
    soft = blur(image, 2.5)
    assert soft.shape == image.shape
    assert soft.mean() == pytest.approx(image.mean(), abs=1)
    edge = np.abs(np.diff(image.astype(int), axis=1)).sum()
    assert np.abs(np.diff(soft.astype(int), axis=1)).sum() < 0.6 * edge


def test_a_dropped_mode_repeats_few_figures_under_wrong_captions() -> None:
    dropped = mode_dropped(SCENES, 5)
    assert [s.caption for s in dropped] == [s.caption for s in SCENES]
    assert len({s.items for s in dropped}) == 3
    assert all(a.content != b.content for a, b in zip(dropped, SCENES, strict=True))
    assert all(s.items != kept.items for s in dropped for kept in SCENES)


@pytest.mark.parametrize("flaw", FLAWS)
def test_every_flaw_gives_one_image_per_scene_and_repeats(flaw: str) -> None:
    first, again = (list(degraded(flaw, SCENES[:5], 9)) for _ in range(2))
    assert len(first) == 5
    for a, b, scene in zip(first, again, SCENES, strict=False):
        assert np.array_equal(a, b)
        clean = render_scene(scene)
        assert a.shape != clean.shape or (a != clean).any()


def test_an_unknown_flaw_and_none_kept_are_refused() -> None:
    with pytest.raises(UserError, match="Unknown flaw"):
        next(degraded("smudged", SCENES, 0))
    with pytest.raises(UserError, match="distinct"):
        mode_dropped(SCENES, 0, 0)


def test_simple_scenes_show_what_their_caption_says() -> None:
    for seed in range(120):
        scene = make_simple_scene(seed)
        image = render_scene(scene)
        assert image.shape == (SIDE, SIDE, 3)
        said = [word for word in scene.caption.replace(",", "").split() if word in COLOURS]
        shapes = [item for item in scene.items if isinstance(item, Shape)]
        assert 1 <= len(shapes) <= 4
        assert len(said) == len(shapes)
        for colour, shape in zip(said, shapes, strict=True):
            x0, y0, x1, y1 = shape.box
            painted = image[y0:y1, x0:x1].reshape(-1, 3)
            assert (painted == COLOURS[colour]).all(axis=1).mean() > 0.25
        assert 1 <= len(scene.labels) <= 2
        assert all(f"labelled {line.text}" in scene.caption for line in scene.labels)
        assert ("joined by arrows" in scene.caption) is (len(shapes) > 1)


def test_simple_scenes_keep_labels_inside_their_shapes() -> None:
    for seed in range(120):
        scene = make_simple_scene(seed)
        shapes = [item.box for item in scene.items if isinstance(item, Shape)]
        for text in scene.texts:
            half = width_of(text.markup, text.face, text.size) / 2
            assert any(
                x0 + 1 < text.x - half and text.x + half < x1 - 1 and y0 < text.y < y1
                for x0, y0, x1, y1 in shapes
            )


def test_simple_scenes_have_nothing_to_restyle() -> None:
    with pytest.raises(UserError, match="no content"):
        restyle(make_simple_scene(np.random.default_rng(0)), 1)
