"""RapidOCR's recognition: crops of text lines to text, in RapidOCR's batches.

The network has global averages and attention over the whole width, padding included. A crop is
therefore padded to the width that RapidOCR pads it to, which depends on the other lines of its
figure.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
from rapidocr.ch_ppocr_rec.utils import CTCLabelDecode

from figbench.ocr.narrow_lines import BATCH as LINES
from figbench.ocr.narrow_lines import WIDTH_PX, NarrowLines
from figbench.ocr.onnx_network import FloatArray, Network

HEIGHT_PX, MIN_WIDTH_PX, BATCH = 48, 320, 6

Crop = npt.NDArray[np.uint8]
"""(h, w, 3), BGR."""
_PIXEL_VALUES: FloatArray = np.arange(256, dtype=np.uint8).astype(np.float32) / np.float32(255)
_PIXEL_VALUES -= 0.5
_PIXEL_VALUES /= 0.5


class Recogniser:
    """Text and confidence of crops.

    Args:
        network: Recognition network; its file carries the characters.
        narrow: The same for short lines without their padding, or None.
    """

    def __init__(self, network: Network, narrow: NarrowLines | None = None) -> None:
        self._network = network
        self._narrow = narrow
        self._decode = CTCLabelDecode(character=network.metadata("character").splitlines())

    def read(self, crops: Sequence[Crop]) -> list[tuple[str, float]]:
        """Returns (text, confidence in 0..1) of every crop of one figure, in order."""
        texts: list[tuple[str, float]] = [("", 0.0)] * len(crops)
        for indices, width in self._calls([crop.shape for crop in crops]):
            batch = np.stack([_prepared(crops[index], width) for index in indices])
            text_px = max(_width_px(crops[index].shape, width) for index in indices)
            for index, line in zip(indices, self._lines(batch, text_px), strict=True):
                texts[index] = line
        return texts

    def _calls(self, shapes: Sequence[tuple[int, ...]]) -> list[tuple[list[int], int]]:
        """Returns RapidOCR's batches, short lines in the batches that ``narrow`` takes.

        The text of a line depends on the width that it is padded to, not on its batch.
        """
        padded = batches(shapes)
        if self._narrow is None:
            return padded
        short = [index for indices, width in padded if width == WIDTH_PX for index in indices]
        chunks = [short[start : start + LINES] for start in range(0, len(short), LINES)]
        others = [(indices, width) for indices, width in padded if width != WIDTH_PX]
        return [(chunk, WIDTH_PX) for chunk in chunks] + others

    def _lines(self, batch: FloatArray, text_px: int) -> list[tuple[str, float]]:
        """Returns text and confidence of each line of a batch of the network."""
        if self._narrow is not None and batch.shape[::3] == (LINES, WIDTH_PX):
            logits = self._narrow(batch, text_px)
            if logits is not None:
                lines, _ = self._decode.decode(*_best(logits), remove_duplicate=True)
                return [(text, float(confidence)) for text, confidence in lines]
        lines, _ = self._decode(self._network(batch))
        return [(text, float(confidence)) for text, confidence in lines]


def _best(logits: FloatArray) -> tuple[npt.NDArray[np.intp], FloatArray]:
    """Returns the likeliest character of every column and its probability.

    Args:
        logits: (lines, columns, characters); character 0 is the blank.

    Returns:
        Two arrays (lines, columns). Probabilities that no text has are left at 0: those of blanks
        and of characters that only continue the column before.
    """
    best = logits.argmax(axis=2)
    begins = best != 0
    begins[:, 1:] &= best[:, 1:] != best[:, :-1]
    probabilities = np.zeros(best.shape, np.float32)
    for line, column in np.argwhere(begins):  # one by one: a column fits the cache
        scores = logits[line, column]
        probabilities[line, column] = 1 / np.exp(scores - scores[best[line, column]]).sum()
    return best, probabilities


def batches(shapes: Sequence[tuple[int, ...]]) -> list[tuple[list[int], int]]:
    """Returns RapidOCR's batches: indices of crops, and the width in pixels of their input.

    Args:
        shapes: (height, width, ...) of each crop, in pixels.
    """
    ratios = [shape[1] / float(shape[0]) for shape in shapes]
    order = [int(index) for index in np.argsort(np.array(ratios))]
    chunks = [order[start : start + BATCH] for start in range(0, len(order), BATCH)]
    narrowest = MIN_WIDTH_PX / HEIGHT_PX
    return [
        (chunk, int(HEIGHT_PX * max([narrowest, *(ratios[index] for index in chunk)])))
        for chunk in chunks
    ]


def _prepared(crop: Crop, width: int) -> FloatArray:
    """Returns a crop as the network takes it: (3, 48, width), in -1..1, zero right of the text."""
    own = _width_px(crop.shape, width)
    resized: Any = cv2.resize(crop, (own, HEIGHT_PX))
    padded = np.zeros((3, HEIGHT_PX, width), np.float32)
    padded[:, :, :own] = _PIXEL_VALUES[resized.transpose(2, 0, 1)]
    return padded


def _width_px(shape: tuple[int, ...], width: int) -> int:
    """Returns the pixels that a crop of a shape (height, width, ...) fills of an input's width."""
    return min(math.ceil(HEIGHT_PX * (shape[1] / float(shape[0]))), width)
