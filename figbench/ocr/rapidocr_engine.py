"""RapidOCR: PP-OCR models from its own wheel.

The networks run on OpenVINO where it is installed, else on onnxruntime. Every other step is
RapidOCR's function or gives its bits, in its order and with its default settings, so that the text
is the text of ``rapidocr.RapidOCR``. ``tests/ocr/test_rapidocr_parity.py`` compares both.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import rapidocr
from rapidocr.ch_ppocr_det import TextDetector
from rapidocr.ch_ppocr_det.utils import DBPostProcess, DetPreProcess
from rapidocr.utils.process_img import (
    apply_vertical_padding,
    get_rotate_crop_image,
    map_boxes_to_original,
    resize_image_within_bounds,
)

from figbench.data.types import TextLine
from figbench.features.engines.threads import thread_budget
from figbench.images.types import RGBImage
from figbench.ocr.base import OcrInfo
from figbench.ocr.narrow_lines import NarrowLines
from figbench.ocr.onnx_network import FloatArray, OpenVinoOnnx, default_runtime, load_network
from figbench.ocr.rapidocr_recognition import Recogniser

MODELS = Path(rapidocr.__file__).parent / "models"
DETECTION, RECOGNITION = "PP-OCRv6_det_small.onnx", "PP-OCRv6_rec_small.onnx"


@dataclass(frozen=True, slots=True)
class Defaults:
    """Values of RapidOCR's ``config.yaml``; the parity test compares them with the file.

    Attributes:
        min_side_px: Smaller images are enlarged.
        max_side_px: Larger images are reduced.
        min_height_px: Lower images get black bands above and below.
        width_height_ratio: Wider images get black bands above and below.
        detection_side_px: The shorter side enters detection with at least so many pixels.
    """

    min_side_px: int = 30
    max_side_px: int = 2000
    min_height_px: int = 30
    width_height_ratio: int = 8
    detection_side_px: int = 736
    threshold: float = 0.3
    box_threshold: float = 0.5
    max_candidates: int = 1000
    unclip_ratio: float = 1.6


DEFAULTS = Defaults()
# RapidOCR scales pixels in float32 and shifts them in float64. 256 values suffice.
_SCALED = np.arange(256, dtype=np.uint8).astype("float32") * (1 / 255.0)
_PIXEL_VALUES: FloatArray = ((_SCALED - np.array(0.5)) / np.array(0.5)).astype(np.float32)


class RapidOcrEngine:
    """Detection and recognition; the angle classifier is off, because it hurts figures.

    Several threads may call :meth:`read` at the same time.

    Args:
        info: Version, settings, and the runtime of the networks.
        streams: Threads that will call it at the same time.
    """

    def __init__(self, info: OcrInfo, streams: int = 1) -> None:
        self.info = info
        runtime, threads = info.runtime or default_runtime(), thread_budget()
        self._detection = load_network(
            MODELS / DETECTION, runtime, threads=threads, streams=streams, static=True
        )
        recognition = load_network(MODELS / RECOGNITION, runtime, threads=threads, streams=streams)
        narrow = NarrowLines(recognition) if isinstance(recognition, OpenVinoOnnx) else None
        self._recogniser = Recogniser(recognition, narrow)
        self._resizer = DetPreProcess(DEFAULTS.detection_side_px, "min")
        self._post_process = DBPostProcess(
            DEFAULTS.threshold,
            DEFAULTS.box_threshold,
            DEFAULTS.max_candidates,
            DEFAULTS.unclip_ratio,
            "fast",
            use_dilation=True,
        )
        self._classifiers = _Classifiers() if info.settings["use_cls"] else None

    def read(self, image: RGBImage) -> list[TextLine]:
        """See :class:`figbench.ocr.base.OcrEngine`."""
        height, width = image.shape[:2]
        # RapidOCR takes arrays as BGR.
        bounded, ratio_h, ratio_w = resize_image_within_bounds(
            np.ascontiguousarray(image[..., ::-1]), DEFAULTS.min_side_px, DEFAULTS.max_side_px
        )
        steps: dict[str, Any] = {"preprocess": {"ratio_h": ratio_h, "ratio_w": ratio_w}}
        padded, steps = apply_vertical_padding(
            bounded, steps, DEFAULTS.width_height_ratio, DEFAULTS.min_height_px
        )
        boxes = self.detect(padded)
        if not len(boxes):
            return []
        crops = [get_rotate_crop_image(padded, box.copy()) for box in boxes]
        if self._classifiers:
            crops = self._classifiers.upright(crops)
        texts = self._recogniser.read(crops)
        corners = map_boxes_to_original(boxes, steps, height, width)
        lowest = float(self.info.settings["min_confidence"])
        return [
            TextLine(text, tuple((float(x), float(y)) for x, y in box), confidence)
            for (text, confidence), box in zip(texts, corners, strict=True)
            if text.strip() and confidence >= lowest
        ]

    def detect(self, image: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
        """Returns the corners of text lines in reading order.

        Args:
            image: (h, w, 3) BGR, uint8.

        Returns:
            Shape (n, 4, 2), in pixels of ``image``, clockwise from the top left.
        """
        resized = self._resizer.resize(image)
        if resized is None:
            return np.empty((0, 4, 2), np.float32)
        batch = np.ascontiguousarray(_PIXEL_VALUES[resized.transpose(2, 0, 1)])[None]
        corners, _ = self._post_process(self._detection(batch), image.shape[:2])
        if not len(corners):
            return np.empty((0, 4, 2), np.float32)
        boxes: npt.NDArray[np.float32] = TextDetector.sorted_boxes(corners)
        return boxes


class _Classifiers(threading.local):
    """RapidOCR's angle classifier, one object a thread: it keeps state of a call."""

    def __init__(self) -> None:
        self._rapidocr = rapidocr.RapidOCR(
            params={
                "Global.log_level": "critical",
                "EngineConfig.onnxruntime.intra_op_num_threads": 1,
            }
        )

    def upright(self, crops: list[Any]) -> list[Any]:
        """Returns the crops, those turned by 180 degrees that the network takes for such."""
        turned, _ = self._rapidocr.cls_and_rotate(crops)
        return list(turned)
