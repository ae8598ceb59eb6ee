"""OpenVINO instead of PyTorch for the convolutions of a network, on CPUs."""

from __future__ import annotations

import copy
import threading
import warnings
from typing import Any
from weakref import WeakKeyDictionary

import torch
from torch import nn

from figbench.errors import UserError
from figbench.io.optional import require
from figbench.io.signal_stack import preserved_signal_stack
from figbench.io.user_folders import ensure_home


class OpenVinoNetwork:
    """A frozen network compiled for the CPU; called as the module that it was made from.

    Several threads may call it at a time.

    Args:
        network: In eval mode; takes (n, 3, h, w) and returns a tensor or a list of tensors.
        precision: ``float32``, or ``bfloat16`` for the arithmetic inside.
        streams: Calls at a time; they share the cores evenly.

    Raises:
        UserError: If OpenVINO is not installed, or would not compute in ``precision`` here.
    """

    def __init__(self, network: nn.Module, precision: str, streams: int = 1) -> None:
        ensure_home()
        openvino: Any = require("openvino", purpose="--engine openvino")
        model = _converted(network)
        hint = "bf16" if precision == "bfloat16" else "f32"
        settings: dict[str, Any] = {
            "INFERENCE_PRECISION_HINT": hint,
            "INFERENCE_NUM_THREADS": torch.get_num_threads(),
            "NUM_STREAMS": streams,
        }
        with preserved_signal_stack():
            self._model = openvino.Core().compile_model(model, "CPU", settings)
        # A hint that the CPU has no instructions for is dropped without a word.
        if self._model.get_property("INFERENCE_PRECISION_HINT").to_string() != hint:
            raise UserError(
                f"--engine openvino: this CPU has no {precision} arithmetic, and OpenVINO would "
                "compute in float32 under that name.",
                remedy="Leave out --precision bfloat16 (float32 is as fast here), or use a CPU "
                "with AVX512-BF16 or AMX.",
            )
        self._of_thread = threading.local()

    def __call__(self, batch: torch.Tensor) -> Any:
        """Returns float32 tensors on the CPU, as the network's ``forward``."""
        # A request serves one call at a time.
        request = getattr(self._of_thread, "request", None)
        if request is None:
            request = self._of_thread.request = self._model.create_infer_request()
        results = request.infer([batch.float().contiguous().numpy()])
        outputs = [torch.from_numpy(results[output]) for output in self._model.outputs]
        return outputs[0] if len(outputs) == 1 else outputs


def _converted(network: nn.Module) -> Any:
    """Returns OpenVINO's model for batches of any size.

    By way of the frontend: ``openvino.convert_model`` reports its use over the network.
    """
    from openvino.frontend import FrontEndManager
    from openvino.frontend.pytorch.ts_decoder import TorchScriptPythonDecoder

    plain = copy.deepcopy(network).float().to(memory_format=torch.contiguous_format)
    # Conversion traces the network, for which PyTorch has announced another way.
    with torch.inference_mode(), warnings.catch_warnings(action="ignore"):
        example = torch.zeros(2, 3, 299, 299)
        traced = torch.jit.trace(plain, example, check_trace=False)  # type: ignore[no-untyped-call]
        decoder = TorchScriptPythonDecoder(traced)
        frontend = FrontEndManager().load_by_framework("pytorch")
        model = frontend.convert(frontend.load(decoder))
    model.reshape([-1, 3, -1, -1])
    return model


_compiled: WeakKeyDictionary[nn.Module, dict[tuple[str, int], OpenVinoNetwork]]
_compiled = WeakKeyDictionary()
_compiling = threading.Lock()


def compiled(network: nn.Module, precision: str, streams: int) -> OpenVinoNetwork:
    """Returns the compiled form of a network, the same object while the network lives.

    Args:
        network: Frozen, in eval mode.
        precision: ``float32`` or ``bfloat16``.
        streams: Calls at a time.

    Raises:
        UserError: As :class:`OpenVinoNetwork`.
    """
    with _compiling:
        networks = _compiled.setdefault(network, {})
        if (precision, streams) not in networks:
            networks[precision, streams] = OpenVinoNetwork(network, precision, streams)
        return networks[precision, streams]
