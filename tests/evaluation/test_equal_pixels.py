"""Text of figures whose pixels are equal is read once, whatever their files."""

import numpy as np
from PIL import Image

from figbench.data.types import TextLine
from figbench.evaluation import evaluate
from figbench.evaluation.inference import runners
from figbench.ocr.base import OcrInfo


class CountingEngine:
    info = OcrInfo("rapidocr", "0")

    def __init__(self):
        self.count = 0

    def read(self, image):
        self.count += 1
        return [TextLine(f"{image.min()}", ((0.0, 0.0),) * 4, 1.0)]


def test_equal_pixels_in_different_files_are_read_once(tmp_path, monkeypatch):
    engine = CountingEngine()
    monkeypatch.setattr(runners, "load_engine", lambda *arguments: engine)
    for side in ("generated", "reference"):
        (tmp_path / side).mkdir()
    for number in range(3):
        pixels = np.full((32, 32, 3), 250, np.uint8)
        pixels[4:8, 4:20] = 0 if number < 2 else 90
        image = Image.fromarray(pixels)
        image.save(tmp_path / "generated" / f"f{number}.png", compress_level=1 + number)
        image.save(tmp_path / "reference" / f"f{number}.png", compress_level=5 + number)
    result = evaluate(
        tmp_path / "generated",
        tmp_path / "reference",
        "offline",
        ["label_fidelity"],
        store=tmp_path / "store",
    )
    assert result["label_f1"].value == 1
    assert engine.count == 2


def test_digest_depends_on_size_and_pixels():
    black = np.zeros((2, 8, 3), np.uint8)
    changed = black.copy()
    changed[1, 7, 2] = 1
    digests = {runners.pixel_digest(one) for one in (black, black.reshape(4, 4, 3), changed)}
    assert len(digests) == 3
    assert runners.pixel_digest(black) == runners.pixel_digest(black[:, ::-1])
