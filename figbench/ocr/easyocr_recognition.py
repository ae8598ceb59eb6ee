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

from figbench.features.engines.torch_tools import fold_batch_norm, freeze, load_state_dict
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
TextResult = tuple[str, float]


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
        """Returns the text of every box: the upright ones, then the tilted.

        Args:
            grey: (h, w), uint8.
            boxes: In pixels of ``grey``.

        Returns:
            Corners, text, and confidence in 0..1, of each box.
        """
        crops = _crops(grey, boxes)
        results = self._recognise(crops, 0.0)
        faint = [index for index, (_, confidence) in enumerate(results) if confidence < FAINT]
        again = self._recognise([crops[index] for index in faint], CONTRAST)
        for index, second in zip(faint, again, strict=True):
            if not results[index][1] > second[1]:
                results[index] = second
        return [
            (corners, text, confidence)
            for (corners, _, _), (text, confidence) in zip(crops, results, strict=True)
        ]

    def _recognise(self, crops: Sequence[Crop], contrast: float) -> list[TextResult]:
        by_width: dict[int, list[int]] = defaultdict(list)
        for index, (_, _, width) in enumerate(crops):
            by_width[width].append(index)
        results: dict[int, TextResult] = {}
        for width, indices in by_width.items():
            collate = AlignCollate(HEIGHT_PX, width, True, contrast)
            for start in range(0, len(indices), MAX_BATCH):
                batch_indices = indices[start : start + MAX_BATCH]
                batch = collate([Image.fromarray(crops[index][1]) for index in batch_indices])
                results.update(zip(batch_indices, self._predict(batch), strict=True))
        return [results[index] for index in range(len(crops))]

    def _predict(self, batch: torch.Tensor) -> list[TextResult]:
        logits = self._network(batch.to(self._device), None)
        probabilities = torch.softmax(logits, dim=2).cpu().numpy()
        probabilities /= probabilities.sum(axis=2, keepdims=True)
        labels, confidences = probabilities.argmax(axis=2), probabilities.max(axis=2)
        texts = self._converter.decode_greedy(labels.reshape(-1), [labels.shape[1]] * len(labels))
        return [
            (text, float(custom_mean(steps[codes != 0] if codes.any() else np.zeros(1))))
            for text, steps, codes in zip(texts, confidences, labels, strict=True)
        ]


def _crops(grey: Grey, boxes: Boxes) -> list[Crop]:
    lists = [([box], []) for box in boxes.upright] + [([], [box]) for box in boxes.tilted]
    crops: list[Crop] = []
    for upright, tilted in lists:
        # One by one, so that the width is the crop's own.
        cut, width = get_image_list(upright, tilted, grey, model_height=HEIGHT_PX)
        crops += [(corners, pixels, int(width)) for corners, pixels in cut]
    return crops
