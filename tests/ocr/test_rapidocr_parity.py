"""figbench's RapidOCR against ``rapidocr.RapidOCR``: equal text and boxes on every runtime."""

import importlib.util
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import rapidocr
import yaml

from figbench.errors import UserError
from figbench.images.preprocess import preprocess
from figbench.ocr import engine_info, load_engine
from figbench.ocr.onnx_network import load_network
from figbench.ocr.rapidocr_engine import DEFAULTS, DETECTION, MODELS, RapidOcrEngine
from figbench.ocr.rapidocr_recognition import BATCH, HEIGHT_PX, MIN_WIDTH_PX, batches
from figbench.synthfig import iter_synthfig

CONFIDENCE = 1e-3
"""Confidences are rounded to five digits and differ by the rounding of the networks."""


def stock(use_cls=False):
    return rapidocr.RapidOCR(
        params={
            "Global.use_cls": use_cls,
            "Global.log_level": "critical",
            "EngineConfig.onnxruntime.intra_op_num_threads": 1,
        }
    )


def differences(engine, peer, images):
    """Returns a line for each image whose text or boxes differ."""
    listed = []
    for number, image in enumerate(images):
        lines = engine.read(image)
        expected = peer(np.ascontiguousarray(image[..., ::-1]))
        texts = list(expected.txts or ())
        if [line.text for line in lines] != texts:
            listed.append(f"{number}: {[line.text for line in lines]} for {texts}")
        elif texts:
            boxes = np.array([line.box for line in lines])
            moved = np.abs(boxes - expected.boxes).max()
            changed = np.abs(np.array([line.confidence for line in lines]) - expected.scores).max()
            if moved or changed > CONFIDENCE:
                listed.append(f"{number}: boxes moved {moved} px, confidences {changed}")
    return listed


def figures(count, seed, policy="pad512"):
    return [preprocess(figure.image, policy) for figure in iter_synthfig(count, seed)]


@pytest.fixture(scope="module")
def peer():
    return stock()


@pytest.mark.parametrize("runtime", ["openvino", "onnxruntime"])
def test_text_and_boxes_equal_the_stock_engine(runtime, peer):
    if not importlib.util.find_spec(runtime):
        pytest.skip(f"{runtime} is not installed")
    info = replace(engine_info("rapidocr"), runtime=runtime)
    assert differences(RapidOcrEngine(info), peer, figures(2, 31)) == []


def test_images_that_are_resized_or_padded_first(peer):
    """Wide, low, tiny and large images take RapidOCR's other ways."""
    [figure] = figures(1, 5)
    top = int(np.argmax((figure < 128).any(axis=2).sum(axis=1)))
    strip = figure[max(0, top - 14) : top + 14, 100:400]
    wide = np.full((40, 700, 3), 255, np.uint8)
    wide[5 : 5 + len(strip), 10:310] = strip
    large = np.full((60, 2100, 3), 255, np.uint8)
    large[20 : 20 + len(strip), 900:1200] = strip
    images = [wide, strip[:26], strip[:24, :20], large]
    assert differences(load_engine("rapidocr"), peer, images) == []


def test_angle_classifier_equals_the_stock_engine():
    engine = load_engine("rapidocr", {"use_cls": True})
    image = np.rot90(figures(1, 8)[0], 2).copy()
    assert differences(engine, stock(use_cls=True), [image]) == []


@pytest.mark.slow
def test_text_of_many_figures_equals_the_stock_engine(peer):
    found = differences(load_engine("rapidocr"), peer, figures(60, 77))
    assert found == [], "\n".join(found)


def test_shape_compiled_for_itself_gives_the_same_boxes():
    pixels = figures(1, 9)[0]
    engine = load_engine("rapidocr")
    boxes = [engine.detect(pixels) for _ in range(5)]
    assert len(boxes[0]) and all(np.array_equal(boxes[0], later) for later in boxes)


def test_settings_are_those_of_the_package():
    config = yaml.safe_load((Path(rapidocr.__file__).parent / "config.yaml").read_text())
    whole, det, rec = config["Global"], config["Det"], config["Rec"]
    assert (DEFAULTS.min_side_px, DEFAULTS.max_side_px) == (
        whole["min_side_len"],
        whole["max_side_len"],
    )
    assert (DEFAULTS.min_height_px, DEFAULTS.width_height_ratio) == (
        whole["min_height"],
        whole["width_height_ratio"],
    )
    assert whole["use_preprocess_img"] and whole["use_vertical_padding"]
    assert (DEFAULTS.detection_side_px, "min") == (det["limit_side_len"], det["limit_type"])
    assert (DEFAULTS.threshold, DEFAULTS.box_threshold) == (det["thresh"], det["box_thresh"])
    assert (DEFAULTS.max_candidates, DEFAULTS.unclip_ratio) == (
        det["max_candidates"],
        det["unclip_ratio"],
    )
    assert det["use_dilation"] and det["score_mode"] == "fast"
    assert det["mean"] == det["std"] == [0.5, 0.5, 0.5]
    assert rec["rec_img_shape"] == [3, HEIGHT_PX, MIN_WIDTH_PX]
    assert rec["rec_batch_num"] == BATCH
    assert whole["text_score"] == engine_info("rapidocr").settings["min_confidence"]


def test_lines_are_padded_to_the_width_of_their_batch():
    shapes = [(10, 30), (10, 100), (10, 20), (10, 50), (10, 40), (10, 60), (10, 80)]
    assert batches(shapes) == [([2, 0, 4, 3, 5, 6], 384), ([1], 480)]
    assert batches([(10, 20)]) == [([0], 320)]


def test_detection_cannot_be_cropped():
    """Its averages over the whole map see every blank margin: boxes would move."""
    network = load_network(MODELS / DETECTION, "onnxruntime", threads=1, streams=1)
    page = np.ones((1, 3, 320, 320), np.float32)
    page[:, :, 140:180, 120:200] = -1
    whole = network(page).copy()
    part = network(np.ascontiguousarray(page[:, :, 64:256, 32:288]))
    assert np.abs(part[0, 0, 70:122, 80:176] - whole[0, 0, 134:186, 112:208]).max() > 1e-3


def test_unknown_runtime():
    with pytest.raises(UserError, match="does not exist"):
        load_network(MODELS / DETECTION, "tensorflow", threads=1, streams=1)
