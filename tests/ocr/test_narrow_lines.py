"""Short lines read without computing their padding: the scores of the whole network."""

import importlib.util

import numpy as np
import pytest

from figbench.ocr import load_engine, narrow_lines
from figbench.ocr.narrow_lines import BATCH, EQUAL_FROM, WIDTH_PX, NarrowLines, input_px
from figbench.ocr.onnx_network import OpenVinoOnnx
from figbench.ocr.rapidocr_engine import DETECTION, MODELS, RECOGNITION
from figbench.ocr.rapidocr_recognition import _best
from tests.ocr.test_rapidocr_parity import differences, figures, stock

pytestmark = pytest.mark.skipif(
    not importlib.util.find_spec("openvino"), reason="OpenVINO is not installed"
)


@pytest.fixture(scope="module")
def whole():
    return OpenVinoOnnx(MODELS / RECOGNITION, 1, 1)


def lines(text_px, seed=0):
    """Returns a batch of noise, each line 5 pixels shorter than the one before."""
    batch = np.zeros((BATCH, 3, 48, WIDTH_PX), np.float32)
    noise = np.random.default_rng(seed).uniform(-1, 1, batch.shape).astype(np.float32)
    for number in range(BATCH):
        width = text_px - 5 * number
        batch[number, :, :, :width] = noise[number, :, :, :width]
    return batch


def deviation(whole, start, text_px):
    """Returns the largest difference of probabilities from the whole network."""
    batch = lines(text_px)
    network = whole.compiled(lambda model: narrow_lines.narrow(model, start))
    logits = network(np.ascontiguousarray(batch[..., : input_px(start)])).astype(np.float64)
    scores = np.exp(logits - logits.max(axis=3, keepdims=True))[:, 0]
    scores /= scores.sum(axis=2, keepdims=True)
    return np.abs(scores - whole(batch)).max()


@pytest.mark.parametrize("start", [*EQUAL_FROM, 80])
def test_scores_equal_those_of_the_whole_network(whole, start):
    longest = min(4 * start - 3, WIDTH_PX)
    assert narrow_lines._start(longest) == start
    assert deviation(whole, start, longest) < 5e-5


def test_a_longer_text_takes_the_next_network(whole):
    start = EQUAL_FROM[0]
    assert narrow_lines._start(4 * start - 2) == EQUAL_FROM[1]
    assert deviation(whole, start, 4 * start + 8) > 1e-3


def test_text_and_boxes_equal_the_stock_engine(monkeypatch):
    monkeypatch.setattr(narrow_lines, "COMPILE_AFTER", 0)
    used = []
    call = NarrowLines.__call__

    def counted(self, batch, text_px):
        logits = call(self, batch, text_px)
        used.append(logits is not None)
        return logits

    monkeypatch.setattr(NarrowLines, "__call__", counted)
    assert differences(load_engine("rapidocr"), stock(), figures(2, 43)) == []
    assert len(used) > 4 and all(used)


def test_a_network_that_deviates_is_not_used(whole, monkeypatch):
    monkeypatch.setattr(narrow_lines, "COMPILE_AFTER", 0)
    assert NarrowLines(whole)(lines(80), 80) is not None
    monkeypatch.setattr(narrow_lines, "REACH_PX", -40)  # too few columns for the text
    assert NarrowLines(whole)(lines(130), 130) is None


def test_a_network_of_other_layers_is_not_used(monkeypatch):
    monkeypatch.setattr(narrow_lines, "COMPILE_AFTER", 0)
    network = OpenVinoOnnx(MODELS / DETECTION, 1, 1)
    tried = []
    compiled = network.compiled
    monkeypatch.setattr(network, "compiled", lambda change: tried.append(1) or compiled(change))
    narrow = NarrowLines(network)
    assert [narrow(lines(80), 80) for _ in range(3)] == [None, None, None]
    assert len(tried) == 1


def test_probabilities_of_the_likeliest_characters():
    logits = np.array([[[1, 3, 2], [1, 4, 2], [5, 0, 0], [0, 1, 9]]], np.float32)
    best, probabilities = _best(logits)
    assert best.tolist() == [[1, 1, 0, 2]]
    expected = [np.exp(3) / np.exp([1, 3, 2]).sum(), 0, 0, np.exp(9) / np.exp([0, 1, 9]).sum()]
    assert np.allclose(probabilities, [expected], atol=1e-7)
