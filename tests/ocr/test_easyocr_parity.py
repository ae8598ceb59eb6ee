"""Our EasyOCR reads what the package reads of the same file, on one network pass and in threads."""

import threading
from concurrent.futures import ThreadPoolExecutor

import cv2
import easyocr
import numpy as np
import pytest
import torch
from PIL import Image

from figbench.features.weights import require_weights
from figbench.images.preprocess import preprocess
from figbench.ocr import load_engine
from figbench.synthfig import iter_synthfig


@pytest.fixture(scope="module")
def images():
    padded = [preprocess(one.image, "pad384") for one in iter_synthfig(3, 31)]
    return [*padded[:2], padded[2][20:350, 10:371]]


@pytest.fixture(scope="module")
def engine():
    return load_engine("easyocr")


def test_equals_easyocr_on_a_file(engine, images, tmp_path):
    stock = easyocr.Reader(
        ["en"], gpu=False, verbose=False, download_enabled=False, quantize=False,
        model_storage_directory=str(require_weights("craft").parent),
    )  # fmt: skip
    compared = 0
    for number, image in enumerate(images):
        path = tmp_path / f"{number}.png"
        Image.fromarray(image).save(path)
        # OpenCV's PNG reader may round grey otherwise than its cvtColor: then confidences move.
        grey = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
        same_grey = np.array_equal(grey, cv2.cvtColor(image, cv2.COLOR_RGB2GRAY))
        compared += same_grey
        theirs = stock.readtext(str(path))
        ours = engine.read(image)
        assert theirs
        assert [line.text for line in ours] == [text for _, text, _ in theirs]
        for line, (box, _, confidence) in zip(ours, theirs, strict=True):
            assert np.abs(np.array(line.box) - np.array(box)).max() <= 1
            if same_grey:
                assert line.confidence == pytest.approx(confidence, abs=1e-3)
    assert compared


@pytest.mark.parametrize("name", ["easyocr", "rapidocr"])
def test_threads_read_what_one_reads(name, images):
    reader = load_engine(name)
    alone = [[line.text for line in reader.read(image)] for image in images]
    threads = set()

    def read(image):
        threads.add(threading.get_ident())
        return [line.text for line in reader.read(image)]

    before = torch.get_num_threads()
    try:
        with ThreadPoolExecutor(3, initializer=lambda: torch.set_num_threads(1)) as pool:
            found = list(pool.map(read, [*images, *images]))
    finally:
        torch.set_num_threads(before)
    assert found == [*alone, *alone]
    assert len(threads) > 1
