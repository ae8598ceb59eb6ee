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
    """

    def __init__(self, network: Network) -> None:
        self._network = network
        self._decode = CTCLabelDecode(character=network.metadata("character").splitlines())

    def read(self, crops: Sequence[Crop]) -> list[tuple[str, float]]:
        """Returns (text, confidence in 0..1) of every crop of one figure, in order."""
        texts: list[tuple[str, float]] = [("", 0.0)] * len(crops)
        for indices, width in batches([crop.shape for crop in crops]):
            batch = np.stack([_prepared(crops[index], width) for index in indices])
            lines, _ = self._decode(self._network(batch))
            for index, (text, confidence) in zip(indices, lines, strict=True):
                texts[index] = (text, float(confidence))
        return texts


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
    own = math.ceil(HEIGHT_PX * (crop.shape[1] / float(crop.shape[0])))
    own = min(own, width)
    resized: Any = cv2.resize(crop, (own, HEIGHT_PX))
    padded = np.zeros((3, HEIGHT_PX, width), np.float32)
    padded[:, :, :own] = _PIXEL_VALUES[resized.transpose(2, 0, 1)]
    return padded
