"""Pixels, captions and order of the training data."""

import io
import json

import numpy as np
import pytest
import torch
from figbench_figgen.config import load_config
from figbench_figgen.figures import FigureSet, on_square
from figbench_figgen.rng import Order, fold, numpy_generator
from PIL import Image

from figbench.errors import UserError


def write_root(folder, images, captions):
    folder.mkdir(parents=True, exist_ok=True)
    lines = []
    for i, (image, caption) in enumerate(zip(images, captions, strict=True)):
        image.save(folder / f"f{i}.png")
        lines.append(json.dumps({"file_name": f"f{i}.png", "figure_id": f"f{i}", "text": caption}))
    (folder / "metadata.jsonl").write_text("\n".join(lines))
    return str(folder)


def data(*overrides):
    return load_config("figgen-ci", overrides).data


def test_figures_without_caption_or_of_another_shape_are_left_out_and_said(tmp_path):
    images = [Image.new("RGB", size, (200, 10, 10)) for size in ((40, 30), (90, 30), (30, 30))]
    root = write_root(tmp_path / "set", images, ["a", "b", None])
    figures = FigureSet(root, data(), 32)
    assert figures.captions == ["a"]
    assert figures.notes == [
        f"{root} has no splits; all of its figures are taken.",
        "1 figures left out: outside the aspect range",
        "1 figures left out: without a caption",
    ]


def test_longest_side_fills_the_square_on_white(tmp_path):
    root = write_root(tmp_path / "set", [Image.new("RGB", (64, 48), (0, 0, 0))], ["a"])
    pixels = FigureSet(root, data(), 32).padded(0)
    assert pixels.shape == (3, 32, 32)
    assert torch.all(pixels[:, :4] == 1) and torch.all(pixels[:, -4:] == 1)
    assert torch.all(pixels[:, 4:-4] == -1)


def test_transparency_is_white_or_as_released_black(tmp_path):
    image = Image.new("RGBA", (32, 32), (0, 0, 0, 0))
    image.paste((255, 0, 0, 255), (0, 0, 16, 32))
    root = write_root(tmp_path / "set", [image], ["a"])
    assert FigureSet(root, data(), 32).padded(0)[:, 16, 24].tolist() == [1, 1, 1]
    legacy = FigureSet(root, data("data.alpha=legacy_black"), 32)
    assert legacy.padded(0)[:, 16, 24].tolist() == [-1, -1, -1]


def test_resizing_with_and_without_antialias(tmp_path):
    """A one-pixel pattern turns grey when shrunk well, and stays black or white when not."""
    stripes = np.zeros((128, 128, 3), np.uint8)
    stripes[:, ::4] = 255
    root = write_root(tmp_path / "set", [Image.fromarray(stripes)], ["a"])
    good = FigureSet(root, data(), 32).padded(0)
    legacy = FigureSet(root, data("data.resize=legacy_linear"), 32).padded(0)
    assert float(good.std()) < 0.1
    rows = torch.nn.functional.interpolate(
        torch.from_numpy(stripes).permute(2, 0, 1)[None].float(), (32, 32), mode="bilinear"
    )
    assert torch.allclose(legacy, rows[0].round() / 127.5 - 1)
    assert float((legacy - good).abs().mean()) > 0.1


def test_crops_depend_on_their_generator_only(tmp_path):
    rng = np.random.default_rng(0)
    noise = Image.fromarray(rng.integers(0, 255, (60, 80, 3), dtype=np.uint8))
    root = write_root(tmp_path / "set", [noise], ["a"])
    stage = load_config(
        "figgen-ci",
        ["autoencoder.crop=32", "autoencoder.smallest_side=48", "autoencoder.augment=true"],
    ).autoencoder
    figures = FigureSet(root, data(), 32)
    first, again, other = (figures.cropped(0, stage, numpy_generator(s)) for s in (1, 1, 2))
    assert first.shape == (3, 32, 32)
    assert torch.equal(first, again) and not torch.equal(first, other)


def test_order_visits_every_figure_once_per_epoch():
    order = Order(7, 3)
    epochs = [[order[7 * e + i] for i in range(7)] for e in range(3)]
    assert all(sorted(one) == list(range(7)) for one in epochs)
    assert epochs[0] != epochs[1]
    assert [Order(7, 3)[i] for i in (13, 2)] == [epochs[1][6], epochs[0][2]]


def test_folded_seeds_do_not_collide_by_joining():
    assert fold(1, "ab", "c") != fold(1, "a", "bc")
    assert fold(1, "a", 2) == fold(1, "a", 2) >= 0


def test_square_of_a_square_is_itself():
    image = np.arange(27, dtype=np.uint8).reshape(3, 3, 3)
    np.testing.assert_array_equal(on_square(image, 3), image)


def test_figure_that_vanishes_is_named(tmp_path):
    root = write_root(tmp_path / "set", [Image.new("RGB", (32, 32), (9, 9, 99))], ["a"])
    figures = FigureSet(root, data(), 32)
    buffer = io.BytesIO()
    Image.new("RGB", (32, 32)).save(buffer, "PNG")
    (tmp_path / "set" / "f0.png").unlink()
    with pytest.raises(UserError, match=r"f0\.png: cannot be read any more"):
        figures.padded(0)
