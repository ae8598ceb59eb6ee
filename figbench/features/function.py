"""``figbench.features(name)``: a network as a function of images."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import numpy as np

from figbench.errors import UserError
from figbench.features.base import ExtractorInfo, FloatArray
from figbench.features.catalog import extractor_info, load_extractor
from figbench.images.arrays import UNIT, ValueRange, as_rgb_images
from figbench.images.preprocess import preprocess as preprocessed
from figbench.images.types import RGBImage
from figbench.registry import suggest


class FeatureFunction:
    """A frozen network as a function from images to an (n, width) array.

    Attributes:
        info: Properties of the network: outputs, weights, input contract.
        device: The torch device.
    """

    def __init__(self, name: str, device: str, precision: str, batch_size: int | None) -> None:
        if batch_size is not None and batch_size < 1:
            raise UserError(f"batch_size: {batch_size}, expected at least 1.")
        self.info: ExtractorInfo = extractor_info(name)
        self.device = device
        self._network = load_extractor(name, device, precision)
        self._batch_size = batch_size or (1 if device == "cpu" else self.info.batch_size)

    def __call__(
        self,
        images: Any,
        *,
        output: str | None = None,
        value_range: ValueRange = UNIT,
        preprocess: str = "none",
    ) -> FloatArray:
        """Returns one row per image, in order.

        Args:
            images: PIL images, a uint8 array (n, h, w, 3) or (h, w, 3), a torch tensor
                (n, 3, h, w) or (3, h, w) of uint8 or float, or a list of single images of any
                sizes.
            output: ``features``, ``logits`` or another output of the network; None for the first.
            value_range: Range of float images, (0, 1) or (-1, 1); checked.
            preprocess: Policy applied first (``none``, ``pad512``, ...), as a protocol names it.

        Returns:
            float32, shape (n, width).

        Raises:
            UserError: If an image or the output's name is not usable.
        """
        name = self._output(output)
        arrays = [
            preprocessed(image, preprocess)
            for image in as_rgb_images(images, "images", value_range)
        ]
        features = np.empty((len(arrays), self.info.outputs[name]), np.float32)
        for positions in self._batches(arrays):
            features[positions] = self._network.extract([arrays[i] for i in positions])[name]
        return features

    def __repr__(self) -> str:
        outputs = ", ".join(f"{name}: {width}" for name, width in self.info.outputs.items())
        return f"figbench.features({self.info.name!r}, device={self.device!r}) -> {outputs}"

    def _output(self, output: str | None) -> str:
        names = self.info.outputs
        if output is None:
            return next(iter(names))
        if output not in names:
            raise UserError(
                f"output: '{self.info.name}' has no '{output}'.{suggest(output, names)}",
                remedy=f"It has: {', '.join(names)}.",
            )
        return output

    def _batches(self, arrays: list[RGBImage]) -> Iterator[list[int]]:
        """Yields positions of images of one size, at most a batch of them."""
        by_shape: dict[tuple[int, ...], list[int]] = defaultdict(list)
        for i, array in enumerate(arrays):
            by_shape[array.shape].append(i)
        for positions in by_shape.values():
            for start in range(0, len(positions), self._batch_size):
                yield positions[start : start + self._batch_size]


def features(
    name: str,
    *,
    device: str = "auto",
    precision: str = "float32",
    batch_size: int | None = None,
) -> FeatureFunction:
    """Returns a network as a function of images; called as ``figbench.features(name)``.

    Args:
        name: ``inception-v3``, ``efficientnet-lite0``, ``craft``, ``dinov2-vit-b-14``,
            ``clip-vit-b-32``, ``image-stats`` or an installed third party's.
        device: ``auto`` (CUDA when there), ``cpu``, ``cuda`` or ``cuda:N``.
        precision: ``float32`` or ``bfloat16``.
        batch_size: Images of one size per call of the network; None for 1 on a CPU, where an
            image's features then do not depend on the others, and the network's own elsewhere.

    Raises:
        UserError: If the name is unknown.
        WeightsUnavailableError: If the weights are missing and cannot be fetched.

    >>> import numpy as np
    >>> stats = features("image-stats")
    >>> stats(np.zeros((2, 32, 32, 3), np.uint8), output="ink").tolist()
    [[1.0], [1.0]]
    """
    return FeatureFunction(name, automatic_device(device), precision, batch_size)


def automatic_device(device: str) -> str:
    """Returns ``cuda`` or ``cpu`` for ``auto``, and any other device as it is."""
    if device != "auto":
        return device
    import torch

    return "cuda" if torch.cuda.is_available() else "cpu"
