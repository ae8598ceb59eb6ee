"""``figbench.features(name)`` and ``figbench.ocr(name)``; packages that can be called."""

import inspect

import numpy as np
import pytest
import torch
from PIL import Image

import figbench
import figbench.features.catalog
import figbench.gate.rules
from figbench.errors import UserError
from figbench.features import load_extractor
from figbench.synthfig import iter_synthfig


@pytest.fixture(scope="module")
def network():
    return figbench.features("efficientnet-lite0", device="cpu", batch_size=2)


def test_every_input_gives_the_extractors_rows(network):
    images = np.random.default_rng(0).integers(0, 256, (3, 48, 64, 3), dtype=np.uint8)
    expected = load_extractor("efficientnet-lite0").extract(list(images))
    tensor = torch.from_numpy(images).permute(0, 3, 1, 2)
    for kind in (images, list(images), [Image.fromarray(one) for one in images], tensor):
        assert np.allclose(network(kind), expected["features"], atol=1e-5)
    assert np.allclose(
        network(tensor.float() / 255, output="logits"), expected["logits"], atol=1e-4
    )
    signed = network(tensor.float() / 127.5 - 1, value_range=(-1, 1))
    assert np.allclose(signed, expected["features"], atol=1e-5)


def test_sizes_may_differ_and_order_is_kept(network):
    rng = np.random.default_rng(1)
    images = [rng.integers(0, 256, (40 + 8 * (i % 3), 40, 3), dtype=np.uint8) for i in range(7)]
    rows = network(images)
    assert rows.shape == (7, 1280)
    for i, image in enumerate(images):
        assert np.allclose(rows[i], network(image)[0], atol=1e-5)


def test_wrong_names_and_ranges_are_said(network):
    image = torch.full((1, 3, 32, 32), -0.5)
    with pytest.raises(UserError, match="value_range"):
        network(image)
    with pytest.raises(UserError, match=r"output: .*Did you mean 'features'"):
        network(np.zeros((32, 32, 3), np.uint8), output="feature")
    with pytest.raises(UserError, match="Unknown feature extractor"):
        figbench.features("inception")


def test_packages_stay_packages_and_are_callable():
    assert figbench.features.catalog.extractor_info("craft").outputs == {"features": 1024}
    assert figbench.gate.rules.parse_rule("fid:+2%").metric == "fid"
    assert list(inspect.signature(figbench.gate).parameters)[:3] == ["result", "baseline", "rules"]
    assert "batch_size" in inspect.signature(figbench.features).parameters


def test_ocr_reads_the_labels_of_a_figure():
    figure = next(iter_synthfig(1, 0))
    (lines,) = figbench.ocr("rapidocr")(figure.image)
    texts = " ".join(line.text for line in lines).casefold()
    assert lines and all(len(line.box) == 4 for line in lines)
    assert any(line.text.split()[0].casefold() in texts for line in figure.labels)
