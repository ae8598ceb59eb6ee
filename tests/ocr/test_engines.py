"""Real readers on real pixels; one interface, identified by version, weights and settings."""

import shutil
from collections import Counter

import pytest

from figbench.errors import UserError
from figbench.images.preprocess import preprocess
from figbench.ocr import engine_info, load_engine
from figbench.synthfig import iter_synthfig


def words(texts):
    return Counter(word for text in texts for word in text.casefold().split())


def recall(read, truth):
    found = words(line.text for line in read)
    wanted = words(line.text for line in truth)
    return sum((found & wanted).values()) / sum(wanted.values())


@pytest.fixture(scope="module")
def figures():
    return [(preprocess(one.image, "pad512"), one.labels) for one in iter_synthfig(4, 11)]


@pytest.mark.parametrize(("name", "least"), [("easyocr", 0.6), ("rapidocr", 0.75)])
def test_reads_most_words_with_boxes_inside_the_image(name, least, figures):
    engine = load_engine(name)
    scores = []
    for image, truth in figures[:2] if name == "easyocr" else figures:
        lines = engine.read(image)
        scores.append(recall(lines, truth))
        for line in lines:
            assert len(line.box) == 4
            assert 0 <= line.confidence <= 1
            assert all(-8 <= value <= 520 for point in line.box for value in point)
    assert sum(scores) / len(scores) > least, scores


def test_blank_page_reads_as_nothing(figures):
    blank = figures[0][0].copy()
    blank[:] = 255
    assert load_engine("rapidocr").read(blank) == []


def test_info_identifies_the_reading_without_loading():
    info = engine_info("easyocr", {"mag_ratio": 2})
    assert info.version
    assert info.weights["craft"].startswith("4a5efbfb")
    assert info.settings["mag_ratio"] == 2
    assert info != engine_info("easyocr")


@pytest.mark.parametrize(
    ("name", "settings", "message"),
    [
        ("easyorc", {}, "Did you mean 'easyocr'"),
        ("easyocr", {"mag_ration": 2}, "Did you mean 'mag_ratio'"),
    ],
)
def test_unknown_names_get_suggestions(name, settings, message):
    with pytest.raises(UserError, match=message):
        engine_info(name, settings)


def test_tesseract_reads_or_says_what_to_install(figures):
    if shutil.which("tesseract"):
        assert load_engine("tesseract").read(figures[0][0])
    else:
        with pytest.raises(UserError, match="tesseract"):
            load_engine("tesseract")
