"""Recognition of short text lines without computing their padding.

RapidOCR pads a line to at least 320 pixels, and the padding belongs to the result: the network
averages over the whole width. Right of the text and left of the last column all columns of every
feature map are equal, though. :class:`NarrowLines` computes one of them, counts it as often as it
occurs in the averages, and repeats it as it is needed: every 3 x 3 convolution makes the text and
the right edge reach a column further into the equal columns. The output differs from that of the
whole network by rounding.

For PP-OCR's recognition network on OpenVINO (:mod:`figbench.ocr.onnx_network`). Each compiled
network is compared with the whole one before it is used.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np

from figbench.ocr.onnx_network import FloatArray, OpenVinoOnnx, with_shape

STRIDE_PX = 4
"""Pixels of the input to a column of the feature maps that most layers compute."""
REACH_PX = 3
"""Pixels right of a column's first pixel by which the layers before see further left."""
WIDTH_PX = 320
"""Width of the padded lines that are handled here."""
BATCH = 3
"""Lines of a call: larger batches are not faster, and more lines of a figure would be left over."""
EQUAL_FROM = (24, 32, 40, 48)
"""Columns where the equal columns begin, of the networks that are compiled; more gain little."""
COMPILE_AFTER = 6
"""Calls after which a network is compiled, so that small sets do not wait for it."""
LAYERS_AT_ONCE = 2
"""Convolutions for which equal columns are repeated in one step."""
TOLERANCE = 1e-4
"""Largest difference of probabilities from the whole network."""

_COLUMNS = WIDTH_PX // STRIDE_PX


class NarrowLines:
    """Scores of characters of lines padded to 320 pixels. Several threads may call it.

    Args:
        network: The whole recognition network.
    """

    def __init__(self, network: OpenVinoOnnx) -> None:
        self._network = network
        self._by_start: dict[int, Callable[[FloatArray], FloatArray]] = {}
        self._calls: Counter[int] = Counter()
        self._lock = threading.Lock()
        self._usable = True

    def __call__(self, batch: FloatArray, text_px: int) -> FloatArray | None:
        """Returns logits of shape (3, 40, characters), valid until the thread's next call.

        Args:
            batch: (3, 3, 48, 320), zero right of the text.
            text_px: Width of the longest text of the batch.

        Returns:
            None where no network is compiled for this width; use the whole network.
        """
        start = _start(text_px)
        with self._lock:
            self._calls[start] += 1
            due = start not in self._by_start and self._calls[start] > COMPILE_AFTER
            if self._usable and due:
                self._compile(start, batch)
            network = self._by_start.get(start) if self._usable else None
        return None if network is None else _logits(network, batch, start)

    def _compile(self, start: int, batch: FloatArray) -> None:
        """Compiles a network and compares it with the whole one; a file of other layers fails."""
        try:
            network = self._network.compiled(lambda model: narrow(model, start))
            logits = _logits(network, batch, start)
        except RuntimeError:
            self._usable = False
            return
        scores = np.exp(logits - logits.max(axis=2, keepdims=True))
        scores /= scores.sum(axis=2, keepdims=True)
        whole = self._network(batch)
        self._usable &= bool(np.abs(scores - whole).max() <= TOLERANCE)
        self._by_start[start] = network


def narrow(model: Any, start: int) -> Any:
    """Changes PP-OCR's recognition network to take the left part of padded lines.

    Args:
        model: ``openvino.Model`` with an input of (n, 3, 48, 320); it is changed.
        start: Column of the feature maps where the equal columns begin; 80 for the whole width.

    Returns:
        ``openvino.Model`` with an input of shape (3, 3, 48, :func:`input_px`), and an output of
        shape (3, 1, 40, characters): logits.

    Raises:
        RuntimeError: From OpenVINO, if the layers do not fit.
    """
    model = _with_logits(model)  # before the shape is set, which changes the last layers
    width, equal = min(start + 2, _COLUMNS), range(start, start + 1)
    for node in model.get_ordered_ops():
        if width == _COLUMNS:
            break
        kind = node.get_type_name()
        if kind == "GroupConvolution":
            if len(equal) < 3:
                repeats = min(2 * LAYERS_AT_ONCE, _COLUMNS - width)
                _repeat(node.input_value(0), equal.start, width, repeats)
                width, equal = width + repeats, range(equal.start, equal.stop + repeats)
            equal = range(equal.start + 1, equal.stop - 1)
        elif kind == "ReduceMean":
            _count(node, equal.start, width)
        elif kind == "AvgPool":
            _repeat(node.input_value(0), equal.start, width, _COLUMNS - width)
            width = _COLUMNS
    return with_shape(model, (BATCH, 3, 48, input_px(start)))


def input_px(start: int) -> int:
    """Returns the pixels of a line that the network of :func:`narrow` takes."""
    return min(STRIDE_PX * (start + 2), WIDTH_PX)


def _start(text_px: int) -> int:
    """Returns the first column from which on columns are equal, of those that are compiled."""
    first = -(-(text_px + REACH_PX) // STRIDE_PX)
    return next((start for start in EQUAL_FROM if start >= first), _COLUMNS)


def _logits(
    network: Callable[[FloatArray], FloatArray], batch: FloatArray, start: int
) -> FloatArray:
    flat = network(np.ascontiguousarray(batch[..., : input_px(start)]))
    return flat.reshape(len(batch), -1, flat.shape[-1])


def _redirect(output: Any, build: Callable[[Any], Any]) -> None:
    """Feeds the consumers of an output with ``build(output)`` instead."""
    consumers = list(output.get_target_inputs())
    replacement = build(output).output(0)
    for consumer in consumers:
        consumer.replace_source_output(replacement)


def _repeat(output: Any, column: int, width: int, times: int) -> None:
    """Inserts a column of a map so many times more, right of itself."""
    from openvino import opset13 as ops

    copies = np.where(np.arange(width) == column, 1 + times, 1)
    indices = ops.constant(np.repeat(np.arange(width, dtype=np.int32), copies))
    _redirect(output, lambda whole: ops.gather(whole, indices, ops.constant(np.int32(3))))


def _count(mean: Any, column: int, width: int) -> None:
    """Makes the mean of a map count a column for the columns that are left out."""
    from openvino import opset13 as ops

    axes = mean.input_value(1).get_node()
    if axes.get_type_name() != "Constant" or len(axes.get_data().reshape(-1)) != 2:
        return
    picked = ops.gather(
        mean.input_value(0), ops.constant(np.array([column], np.int32)), ops.constant(np.int32(3))
    )
    of_column = ops.reduce_mean(picked, ops.constant(np.array([2, 3], np.int64)), True)
    left_out = ops.multiply(of_column, ops.constant(np.float32(1 - width / _COLUMNS)))
    share = ops.constant(np.float32(width / _COLUMNS))
    _redirect(mean.output(0), lambda whole: ops.add(ops.multiply(whole, share), left_out))


def _with_logits(model: Any) -> Any:
    """Returns the model without its softmax, its last product as a convolution, which is faster."""
    import openvino
    from openvino import opset13 as ops

    node, bias = model.get_results()[0].input_value(0).get_node(), None
    while node.get_type_name() != "MatMul":
        constants = [v for v in node.input_values() if v.get_node().get_type_name() == "Constant"]
        if node.get_type_name() == "Add" and constants:
            [bias] = constants
        node = node.input_value(0).get_node()
    features, weights = (value.get_node() for value in node.input_values())
    if bias is None or features.get_type_name() != "Transpose":
        raise RuntimeError("The last layers of the network are others.")
    maps = ops.unsqueeze(features.input_value(0), ops.constant(np.int64(2)))
    kernel = np.ascontiguousarray(weights.get_data().T)[:, :, None, None]
    logits = ops.add(
        ops.convolution(maps, ops.constant(kernel), [1, 1], [0, 0], [0, 0], [1, 1]),
        ops.reshape(bias, ops.constant(np.array([1, -1, 1, 1])), False),
    )
    last = ops.transpose(logits, ops.constant(np.array([0, 2, 3, 1])))
    return openvino.Model([last.output(0)], model.get_parameters(), "logits")
