"""The raster checks of SynthFig-simple figures: right on drawn figures, wrong on altered ones."""

from __future__ import annotations

import json
import re
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from figbench_figgen.check_labels import nearest_label
from figbench_figgen.check_samples import check_folder, compare_folders
from figbench_figgen.checks import Checked, check_figure, parse_caption, shapes_of
from PIL import Image

from figbench.errors import UserError
from figbench.images.types import RGBImage
from figbench.synthfig.simple import LAYOUTS
from figbench.synthfig.write import iter_synthfig


@pytest.fixture(scope="module")
def figures() -> list[tuple[RGBImage, str]]:
    """Returns 60 drawn figures with their captions."""
    return [(figure.image, figure.caption) for figure in iter_synthfig(60, 3, simple=True)]


def test_caption_is_parsed_whole() -> None:
    asked = parse_caption(
        "Figure 1: An orange rounded box labelled Enc, then a red circle, joined by arrows "
        "from top to bottom."
    )
    assert asked.colours == ("orange", "red")
    assert asked.kinds == ("rounded box", "circle")
    assert asked.labels == ("Enc", None)
    assert asked.order == "from top to bottom"
    with pytest.raises(ValueError, match="not a SynthFig-simple caption"):
        parse_caption("Figure 2: An overview of the method.")


def test_drawn_figures_pass(figures: list[tuple[RGBImage, str]]) -> None:
    results = [check_figure(image, caption) for image, caption in figures]
    assert all(one.layout and one.count and one.arrows for one in results)
    assert all(one.colours == 1.0 for one in results)
    assert np.mean([one.kinds for one in results]) > 0.97
    # Edges of letters mix ink and fill; some mixtures are near another fill.
    assert min(one.named_pixels for one in results) > 0.9


def test_mirrored_figures_fail(figures: list[tuple[RGBImage, str]]) -> None:
    """The arrows then point from the last shape to the first."""
    checked = 0
    for image, caption in figures:
        axis = {"from left to right": 1, "from top to bottom": 0}.get(parse_caption(caption).order)
        if axis is None:
            continue
        result = check_figure(np.ascontiguousarray(np.flip(image, axis)), caption)
        assert result.count
        assert not result.arrows
        checked += 1
    assert checked > 20


def test_other_captions_fail(figures: list[tuple[RGBImage, str]]) -> None:
    shifted = pairwise(figures)
    results: list[Checked] = [check_figure(image, other) for (image, _), (_, other) in shifted]
    assert np.mean([one.colours for one in results]) < 0.2
    assert np.mean([one.layout for one in results]) < 0.4


def test_missing_arrow_extra_shape_and_blank_page_fail(
    figures: list[tuple[RGBImage, str]],
) -> None:
    image, caption = next(
        one for one in figures
        if parse_caption(one[1]).order == "from left to right"
        and len(parse_caption(one[1]).colours) == 2
    )  # fmt: skip
    without = image.copy()
    dark = (without.max(axis=2) < 90) & (np.arange(64)[None] > 27) & (np.arange(64)[None] < 37)
    without[dark] = 255
    assert not check_figure(without, caption).arrows
    extra = image.copy()
    extra[2:14, 2:20] = (84, 172, 92)
    assert not check_figure(extra, caption).count
    blank = np.full((64, 64, 3), 255, dtype=np.uint8)
    result = check_figure(blank, caption)
    assert (result.colours, result.count, result.layout) == (0.0, False, False)
    assert np.isnan(result.named_pixels)
    assert shapes_of(blank) == []


def test_a_folder_of_samples_is_scored_with_intervals(
    figures: list[tuple[RGBImage, str]], tmp_path: Path
) -> None:
    """Half of the figures are drawn for their caption, half are blank."""
    lines = []
    for i, (image, caption) in enumerate(figures):
        drawn = image if i % 2 else np.full_like(image, 255)
        Image.fromarray(drawn).save(tmp_path / f"{i}.png")
        record = {"file_name": f"{i}.png", "figure_id": str(i), "prompt": caption}
        lines.append(json.dumps(record) + "\n")
    (tmp_path / "metadata.jsonl").write_text("".join(lines))
    document = check_folder(tmp_path)
    assert document["figures"] == document["captions"] == len(figures)
    assert document["layout"]["value"] == document["colours"]["value"] == 0.5
    low, high = document["layout"]["interval"]
    assert 0.3 < low < 0.5 < high < 0.7
    with pytest.raises(UserError, match=r"metadata\.jsonl: missing"):
        check_folder(tmp_path / "nothing")
    _difference_to_itself_with_all_drawn(figures, tmp_path)


def _difference_to_itself_with_all_drawn(figures: list[tuple[RGBImage, str]], first: Path) -> None:
    """The second run has all figures, the first every other."""
    second = first / "second"
    second.mkdir()
    for i, (image, _) in enumerate(figures):
        Image.fromarray(image).save(second / f"{i}.png")
    (second / "metadata.jsonl").write_bytes((first / "metadata.jsonl").read_bytes())
    document = compare_folders(first, second)
    assert document["layout"]["value"] == 0.5
    low, high = document["layout"]["interval"]
    assert 0.3 < low < 0.5 < high < 0.7
    assert compare_folders(first, first)["labels"]["interval"] == [0, 0]
    lines = (first / "metadata.jsonl").read_text().splitlines()
    (second / "metadata.jsonl").write_text("\n".join(lines[1:]))
    with pytest.raises(UserError, match="different captions"):
        compare_folders(first, second)


def test_labels_are_read_where_the_caption_puts_them(figures: list[tuple[RGBImage, str]]) -> None:
    """Drawn labels are right, the labels of other captions are not, empty shapes have none."""
    right, other = [], []
    empty: list[str | None] = []
    for image, caption in figures:
        asked = parse_caption(caption)
        right.append(check_figure(image, caption).labels)
        named = caption.replace(" labelled ", " labelled X")
        other.append(check_figure(image, named).labels)
        boxes = [box for order, box in LAYOUTS[len(asked.kinds)] if order == asked.order][-1]
        empty += [
            nearest_label(image, box, kind)
            for box, kind, label in zip(boxes, asked.kinds, asked.labels, strict=True)
            if label is None
        ]
    assert np.mean(right) > 0.95
    assert not any(other)
    assert len(empty) > 20
    assert set(empty) == {None}
    without = [check_figure(image, caption).unlabelled for image, caption in figures]
    assert np.nanmean(without) == 1
    # Labels that nobody asked for are seen in every figure.
    unasked = [
        check_figure(image, re.sub(r" labelled \w+", "", caption)).unlabelled
        for image, caption in figures
    ]
    assert max(unasked) < 1
