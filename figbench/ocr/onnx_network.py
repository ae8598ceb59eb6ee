"""ONNX networks of OCR engines on OpenVINO, or on onnxruntime where OpenVINO is not installed.

Used by :mod:`figbench.ocr.rapidocr_engine`. No torch.
"""

from __future__ import annotations

import importlib.util
import threading
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from figbench.errors import UserError
from figbench.io.signal_stack import preserved_signal_stack
from figbench.io.user_folders import ensure_home
from figbench.ocr.split_convolutions import split_convolutions

FloatArray = npt.NDArray[np.float32]

STATIC_AFTER = 3
"""Calls with one shape after which OpenVINO compiles the network for that shape."""
MAX_STATIC = 4
"""Shapes of one network that are compiled for themselves."""


class Network(Protocol):
    """A network with one input and one output. Several threads may call it at the same time."""

    def __call__(self, batch: FloatArray) -> FloatArray:
        """Returns the output of a batch, float32; it is valid until the thread's next call."""
        ...

    def metadata(self, name: str) -> str:
        """Returns a text that the model file carries; raises KeyError where there is none."""
        ...


def default_runtime() -> str:
    """Returns ``openvino`` where it is installed, else ``onnxruntime``."""
    return "openvino" if importlib.util.find_spec("openvino") else "onnxruntime"


def load_network(
    path: Path, runtime: str, *, threads: int, streams: int, static: bool = False
) -> Network:
    """Loads an ONNX file for inference in float32.

    Args:
        path: Model file.
        runtime: ``openvino`` or ``onnxruntime``.
        threads: Cores of all calls together.
        streams: Calls at the same time.
        static: Compile again for a shape that comes often (OpenVINO only).

    Raises:
        UserError: If the runtime is unknown or not installed.
    """
    if runtime == "openvino":
        return OpenVinoOnnx(path, threads, streams, static)
    if runtime == "onnxruntime":
        return OnnxRuntime(path, threads, streams)
    raise UserError(
        f"OCR runtime '{runtime}' does not exist.", remedy="Runtimes: openvino, onnxruntime."
    )


class OpenVinoOnnx:
    """An ONNX file on OpenVINO's CPU plugin.

    Args:
        path: Model file.
        threads: Cores of all calls together.
        streams: Calls at the same time; they share the cores evenly.
        static: Compile again for a shape that comes often: a network of fixed shape takes 10% to
            15% less time, and a fifth of a second to compile.

    Raises:
        UserError: If OpenVINO is not installed.
    """

    def __init__(self, path: Path, threads: int, streams: int, static: bool = False) -> None:
        ensure_home()
        try:
            import openvino
        except ImportError:
            raise UserError(
                "OCR runtime 'openvino': OpenVINO is not installed.",
                remedy='pip install "figbench[openvino]"',
            ) from None
        self._core = openvino.Core()
        self._config = {
            "INFERENCE_PRECISION_HINT": "f32",
            "INFERENCE_NUM_THREADS": max(threads, streams),
            "NUM_STREAMS": streams,
        }
        self._model = self._core.read_model(path)
        self._metadata = _model_metadata(self._model)
        self._dynamic = self.compiled(lambda model: model)
        self._static = static
        self._by_shape: dict[tuple[int, ...], Callable[[FloatArray], FloatArray]] = {}
        self._calls: Counter[tuple[int, ...]] = Counter()
        self._lock = threading.Lock()

    def __call__(self, batch: FloatArray) -> FloatArray:
        """See :class:`Network`."""
        return (self._network(batch.shape) if self._static else self._dynamic)(batch)

    def metadata(self, name: str) -> str:
        """See :class:`Network`."""
        return self._metadata[name]

    def compiled(self, change: Callable[[Any], Any]) -> Callable[[FloatArray], FloatArray]:
        """Compiles another version of the network.

        Args:
            change: From the model as it is in the file to the model to compile, both
                ``openvino.Model``; it may change its argument.

        Returns:
            A function from batch to output, in the shapes of the changed model; the output is valid
            until the thread's next call.
        """
        model = split_convolutions(change(self._model.clone()))
        with preserved_signal_stack():
            return _Compiled(self._core.compile_model(model, "CPU", self._config))

    def _network(self, shape: tuple[int, ...]) -> Callable[[FloatArray], FloatArray]:
        with self._lock:
            self._calls[shape] += 1
            if (
                shape not in self._by_shape
                and self._calls[shape] > STATIC_AFTER
                and len(self._by_shape) < MAX_STATIC
            ):
                self._by_shape[shape] = self.compiled(lambda model: with_shape(model, shape))
            return self._by_shape.get(shape, self._dynamic)


def with_shape(model: Any, shape: tuple[int, ...]) -> Any:
    """Returns an ``openvino.Model``, changed in place to take inputs of one shape."""
    model.reshape(list(shape))
    return model


class _Compiled:
    """A compiled OpenVINO model and a request of each thread: a request serves a call at a time."""

    def __init__(self, model: Any) -> None:
        self._model = model
        self._of_thread = threading.local()

    def __call__(self, batch: FloatArray) -> FloatArray:
        request = getattr(self._of_thread, "request", None)
        if request is None:
            request = self._of_thread.request = self._model.create_infer_request()
        request.infer([batch], share_inputs=True)
        output: FloatArray = request.get_output_tensor(0).data
        return output


class OnnxRuntime:
    """An ONNX file on onnxruntime's CPU provider.

    Args:
        path: Model file.
        threads: Cores of all calls together.
        streams: Calls at the same time.
    """

    def __init__(self, path: Path, threads: int, streams: int) -> None:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.log_severity_level = 4
        options.intra_op_num_threads = max(1, threads // streams)
        options.inter_op_num_threads = 1
        self._session = onnxruntime.InferenceSession(
            str(path), options, providers=["CPUExecutionProvider"]
        )
        self._input = self._session.get_inputs()[0].name

    def __call__(self, batch: FloatArray) -> FloatArray:
        """See :class:`Network`."""
        output: FloatArray = self._session.run(None, {self._input: batch})[0]
        return output

    def metadata(self, name: str) -> str:
        """See :class:`Network`."""
        text: str = self._session.get_modelmeta().custom_metadata_map[name]
        return text


def _model_metadata(model: Any) -> dict[str, str]:
    info = model.get_rt_info()
    if "framework" not in info:
        return {}
    return {name: str(text.value) for name, text in info["framework"].items()}
