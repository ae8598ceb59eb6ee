"""OpenVINO in the place of PyTorch for a network's convolutions, on CPUs."""

from __future__ import annotations

import copy
import threading
import warnings
from typing import Any

import torch
from torch import nn

from figbench.errors import UserError


class OpenVinoNetwork:
    """A frozen network compiled for the CPU; called as the module that it was made from.

    Several threads may call it at the same time.

    Args:
        network: In eval mode; takes (n, 3, h, w) and returns a tensor or a list of tensors.
        precision: ``float32``, or ``bfloat16`` for the arithmetic inside.

    Raises:
        UserError: If OpenVINO is not installed.
    """

    def __init__(self, network: nn.Module, precision: str) -> None:
        try:
            import openvino
        except ImportError:
            raise UserError(
                "--engine openvino: OpenVINO is not installed.",
                remedy='pip install "figbench[openvino]"',
            ) from None
        # Conversion traces the network, for which PyTorch has announced another way.
        with torch.inference_mode(), warnings.catch_warnings(action="ignore"):
            model = openvino.convert_model(
                copy.deepcopy(network).float().to(memory_format=torch.contiguous_format),
                example_input=torch.zeros(2, 3, 299, 299),
                input=[-1, 3, -1, -1],
            )
        settings: dict[str, Any] = {
            "INFERENCE_PRECISION_HINT": "bf16" if precision == "bfloat16" else "f32",
            "INFERENCE_NUM_THREADS": torch.get_num_threads(),
            "NUM_STREAMS": 1,
        }
        self._model = openvino.Core().compile_model(model, "CPU", settings)
        # The model's own request refuses a second thread.
        self._own = threading.local()

    def __call__(self, batch: torch.Tensor) -> Any:
        """Returns float32 tensors on the CPU, as the network's ``forward``."""
        if not hasattr(self._own, "request"):
            self._own.request = self._model.create_infer_request()
        results = self._own.request.infer([batch.float().contiguous().numpy()])
        found = [torch.from_numpy(results[output]) for output in self._model.outputs]
        return found[0] if len(found) == 1 else found
