"""Every figure is sound: words are whole, alone and on plain ground, captions are grounded."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations, pairwise

import numpy as np
import pytest
from numpy.random import default_rng

from figbench.errors import UserError
from figbench.synthfig import Scene, make_scene, render_scene, restyle
from figbench.synthfig.method.kinds import BUILDERS
from figbench.synthfig.scene import Shape, Stroke, Text

SCENES = 300


@pytest.fixture(scope="module")
def scenes() -> list[Scene]:
    return [make_scene(2024, i) for i in range(SCENES)]


def without_text(scene: Scene) -> np.ndarray:
    return render_scene(
        replace(scene, items=tuple(i for i in scene.items if not isinstance(i, Text)))
    )


def defects(scene: Scene, bare: np.ndarray) -> list[str]:
    """Judges pixels, not the layout's own records."""
    found = []
    boxes = [text.box for text in scene.texts]
    for text, (x0, y0, x1, y1) in zip(scene.texts, boxes, strict=True):
        if x0 < 0 or y0 < 0 or x1 > scene.width or y1 > scene.height:
            found.append(f"off the page: {text.markup}")
        ground = bare[y0:y1, x0:x1].reshape(-1, 3)
        if (ground != ground[0]).any():
            found.append(f"on a border or an arrow: {text.markup}")
        if abs(int(ground[0].mean()) - sum(text.colour) // 3) < 70:
            found.append(f"hard to see: {text.markup}")
    for a, b in combinations(boxes, 2):
        if a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]:
            found.append(f"two labels meet at {a}, {b}")
    return found


def test_words_are_whole_alone_and_on_plain_ground(scenes: list[Scene]) -> None:
    found = {i: bad for i, s in enumerate(scenes) if (bad := defects(s, without_text(s)))}
    assert found == {}


def test_ink_of_words_stays_in_their_boxes(scenes: list[Scene]) -> None:
    for scene in scenes[::10]:
        ink = (without_text(scene) != render_scene(scene)).any(axis=2)
        assert ink.any()
        for x0, y0, x1, y1 in (text.box for text in scene.texts):
            assert ink[y0:y1, x0:x1].any()
            ink[y0:y1, x0:x1] = False
        assert not ink.any()


def test_the_check_sees_a_misplaced_word(scenes: list[Scene]) -> None:
    scene = next(s for s in scenes if any(isinstance(i, Stroke) for i in s.items))
    stroke = next(i for i in scene.items if isinstance(i, Stroke))
    x, y = (int(v) for v in stroke.path[0])
    moved = replace(scene.texts[0], x=x, y=y + 4)
    spoilt = replace(scene, items=(*scene.items, moved))
    assert defects(spoilt, without_text(spoilt))


def test_modules_do_not_overlap(scenes: list[Scene]) -> None:
    for scene in scenes:
        solid = [i.box for i in scene.items if isinstance(i, Shape) and i.kind != "frame"]
        for a, b in combinations(solid, 2):
            apart = a[2] <= b[0] or b[2] <= a[0] or a[3] <= b[1] or b[3] <= a[1]
            inside = a[0] <= b[0] and b[2] <= a[2] and a[1] <= b[1] and b[3] <= a[3]
            assert apart or inside


def test_arrows_go_round_modules(scenes: list[Scene]) -> None:
    for scene in scenes:
        solid = [i.box for i in scene.items if isinstance(i, Shape) and i.kind != "frame"]
        for stroke in (i for i in scene.items if isinstance(i, Stroke)):
            for a, b in pairwise(stroke.path):
                middle = ((a[0] + b[0]) / 2, (a[1] + b[1]) / 2)
                for x0, y0, x1, y1 in solid:
                    deep = (x1 - x0) / 5, (y1 - y0) / 5
                    assert not (
                        x0 + deep[0] < middle[0] < x1 - deep[0]
                        and y0 + deep[1] < middle[1] < y1 - deep[1]
                    )


def test_sizes_suit_a_512_pixel_view(scenes: list[Scene]) -> None:
    longest = [max(s.width, s.height) for s in scenes]
    assert all(0.5 <= s.width / s.height <= 2 for s in scenes)
    assert 380 <= min(longest)
    assert max(longest) <= 600
    assert 470 < np.median(longest) < 540
    assert min(text.size for s in scenes for text in s.texts) >= 11


def test_the_set_is_varied(scenes: list[Scene]) -> None:
    kinds = [s.content.kind for s in scenes if s.content]
    assert all(kinds.count(kind) >= SCENES // 40 for kind in BUILDERS)
    assert len({text.face for s in scenes for text in s.texts}) >= 7
    assert len({i.kind for s in scenes for i in s.items if isinstance(i, Shape)}) >= 22
    assert len({s.caption for s in scenes}) == SCENES
    portrait = np.mean([s.height > s.width for s in scenes])
    assert 0.2 < portrait < 0.8


def test_captions_name_what_is_drawn(scenes: list[Scene]) -> None:
    for scene in scenes:
        assert scene.content is not None
        assert scene.caption.startswith("Figure 1: ")
        drawn = " ".join(line.text for line in scene.labels)
        for module in scene.content.modules:
            if module.lines:
                assert module.name in " ".join(scene.paragraphs)
                assert all(word in drawn for word in module.name.split())
        named = [m for m in scene.content.modules if m.lines and m.name in scene.caption]
        assert len(named) >= 3


def test_every_label_of_the_content_is_drawn(scenes: list[Scene]) -> None:
    for scene in scenes:
        content = scene.content
        assert content is not None
        wanted = [line for m in content.modules for line in m.lines]
        wanted += [g.title for g in content.groups] + [k.text for k in content.links if k.text]
        wanted += [words for _, words in content.legend]
        assert sorted(text.markup for text in scene.texts) == sorted(wanted)


def test_restyle_keeps_the_words_and_changes_the_drawing(scenes: list[Scene]) -> None:
    for i, scene in enumerate(scenes[:40]):
        other = restyle(scene, i)
        assert sorted(x.text for x in other.labels) == sorted(x.text for x in scene.labels)
        assert (other.caption, other.content) == (scene.caption, scene.content)
        assert other.items != scene.items
        assert not defects(other, without_text(other))


def test_scaling_scales(scenes: list[Scene]) -> None:
    scene = scenes[3]
    full, half = render_scene(scene), render_scene(scene, 0.5)
    assert half.shape == (round(scene.height / 2), round(scene.width / 2), 3)
    pooled = full[: full.shape[0] // 2 * 2, : full.shape[1] // 2 * 2].astype(float)
    pooled = pooled.reshape(pooled.shape[0] // 2, 2, pooled.shape[1] // 2, 2, 3).mean((1, 3))
    small = half[: pooled.shape[0], : pooled.shape[1]].astype(float)
    assert np.corrcoef(pooled.ravel(), small.ravel())[0, 1] > 0.75


def test_a_generator_may_stand_for_the_seed() -> None:
    a, b = make_scene(default_rng(3), 1), make_scene(default_rng(3), 1)
    assert a == b != make_scene(default_rng(4), 1)


def test_negative_seeds_and_indices_are_refused() -> None:
    for seed, index in ((-1, 0), (0, -1)):
        with pytest.raises(UserError, match="no figure"):
            make_scene(seed, index)
