"""EasyOCR's recogniser english_g2: crops of one width go through the network together.

EasyOCR takes crops one by one on a CPU, through a data loader each. A crop is padded to a width of
its own there, and the network reads the padding too: only crops of equal width may share a batch.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from easyocr.config import recognition_models
from easyocr.model.vgg_model import Model
from easyocr.recognition import AlignCollate, custom_mean
from easyocr.utils import CTCLabelConverter, get_image_list
from PIL import Image

from figbench.features.torch_tools import fold_batch_norm, freeze, load_state_dict
from figbench.features.weights import require_weights
from figbench.ocr.easyocr_detection import Boxes

HEIGHT_PX = 64
MAX_BATCH = 16
FAINT = 0.1
"""Below this confidence a crop is read again with more contrast."""
CONTRAST = 0.5

Grey = npt.NDArray[Any]
"""Height x width, uint8."""
Crop = tuple[Any, Grey, int]
"""Corners, pixels, and the width that the network pads it to."""
Reading = tuple[str, float]


class Recogniser:
    """Boxes of a grey image to text; every setting is EasyOCR's default."""

    def __init__(self, device: str) -> None:
        # Every character of this network is English: nothing is to be left out of its answers.
        characters = recognition_models["gen2"]["english_g2"]["characters"]
        self._converter = CTCLabelConverter(characters)
        network = Model(
            input_channel=1,
            output_channel=256,
            hidden_size=256,
            num_class=len(self._converter.character),
        )
        network.load_state_dict(load_state_dict(require_weights("english-g2", metric="easyocr")))
        fold_batch_norm(network.eval())
        self._network = freeze(network, device, "float32")
        self._device = device

    def read(self, grey: Grey, boxes: Boxes) -> list[tuple[Any, str, float]]:
        """Returns (corners, text, confidence) of every box: the upright ones, then the tilted."""
        crops = _crops(grey, boxes)
        readings = self._read(crops, 0.0)
        faint = [place for place, (_, confidence) in enumerate(readings) if confidence < FAINT]
        again = self._read([crops[place] for place in faint], CONTRAST)
        for place, second in zip(faint, again, strict=True):
            if not readings[place][1] > second[1]:
                readings[place] = second
        return [
            (corners, text, confidence)
            for (corners, _, _), (text, confidence) in zip(crops, readings, strict=True)
        ]

    def _read(self, crops: Sequence[Crop], contrast: float) -> list[Reading]:
        by_width: dict[int, list[int]] = defaultdict(list)
        for place, (_, _, width) in enumerate(crops):
            by_width[width].append(place)
        readings: dict[int, Reading] = {}
        for width, places in by_width.items():
            collate = AlignCollate(HEIGHT_PX, width, True, contrast)
            for start in range(0, len(places), MAX_BATCH):
                part = places[start : start + MAX_BATCH]
                batch = collate([Image.fromarray(crops[place][1]) for place in part])
                readings.update(zip(part, self._predict(batch), strict=True))
        return [readings[place] for place in range(len(crops))]

    def _predict(self, batch: torch.Tensor) -> list[Reading]:
        logits = self._network(batch.to(self._device), None)
        chances = torch.softmax(logits, dim=2).cpu().numpy()
        chances /= chances.sum(axis=2, keepdims=True)
        best, likeliest = chances.argmax(axis=2), chances.max(axis=2)
        texts = self._converter.decode_greedy(best.reshape(-1), [best.shape[1]] * len(best))
        return [
            (text, float(custom_mean(row[letters != 0] if letters.any() else np.zeros(1))))
            for text, row, letters in zip(texts, likeliest, best, strict=True)
        ]


def _crops(grey: Grey, boxes: Boxes) -> list[Crop]:
    lists = [([box], []) for box in boxes.upright] + [([], [box]) for box in boxes.tilted]
    crops: list[Crop] = []
    for upright, tilted in lists:
        # One by one, so that the width is the crop's own.
        found, width = get_image_list(upright, tilted, grey, model_height=HEIGHT_PX)
        crops += [(corners, pixels, int(width)) for corners, pixels in found]
    return crops
