"""Properties and loaders of the OCR engines; no network is needed for the properties."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from figbench.errors import UserError
from figbench.features.reuse import loaded
from figbench.features.weights import weights_digest
from figbench.io.optional import missing
from figbench.ocr.base import OcrEngine, OcrInfo
from figbench.ocr.onnx_network import default_runtime
from figbench.ocr.scripts import tesseract_scripts
from figbench.registry import Registry, suggest

Settings = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class EngineEntry:
    """An OCR engine.

    Attributes:
        package: PyPI package whose version is that of the engine.
        defaults: Every setting with its default.
        weights: Pinned weight names that it loads; engines with weights in the wheel are
            identified by the package version.
        load: ``load(info, device) -> OcrEngine``.
        revision: Counts the changes of how figbench runs the package that changed what is read;
            0 is the package's version alone.
        engines: Engines that can run its ``backbone`` besides PyTorch.
        rate_per_s: Images per second at 512 px on two CPU cores, for estimates only.
        runtime: Returns the runtime that this machine would choose; None for engines that have
            no choice. ``load`` of an engine with a choice takes the number of streams as well.
        framework: ``torch``, or ``numpy`` for an engine that runs without PyTorch.
        scripts: Returns the writing systems that the engine's model reads with these settings, as
            :mod:`figbench.ocr.scripts` names them; None where nobody has stated them.
    """

    package: str
    defaults: Mapping[str, str | int | float | bool]
    weights: tuple[str, ...]
    load: Callable[..., OcrEngine]
    revision: int = 0
    engines: tuple[str, ...] = ()
    rate_per_s: float = 1.0
    runtime: Callable[[], str] | None = None
    framework: str = "torch"
    scripts: Callable[[Settings], frozenset[str]] | None = None


def _easyocr(info: OcrInfo, device: str) -> OcrEngine:
    from figbench.ocr.easyocr_engine import EasyOcrEngine

    return EasyOcrEngine(info, device)


def _rapidocr(info: OcrInfo, device: str, streams: int = 1) -> OcrEngine:
    from figbench.ocr.rapidocr_engine import RapidOcrEngine

    return RapidOcrEngine(info, streams)


def _tesseract(info: OcrInfo, device: str) -> OcrEngine:
    from figbench.ocr.tesseract_engine import TesseractEngine

    return TesseractEngine(info)


EASYOCR = EngineEntry(
    "easyocr",
    {"mag_ratio": 1.0, "min_confidence": 0.0},
    ("craft", "english-g2"),
    _easyocr,
    # 1: the detector sees RGB, as EasyOCR shows it a file, and no longer BGR.
    revision=1,
    engines=("openvino",),
    scripts=lambda _settings: frozenset(("Latin",)),
)
RAPIDOCR = EngineEntry(
    "rapidocr",
    {"use_cls": False, "min_confidence": 0.5},
    (),
    _rapidocr,
    rate_per_s=4.5,
    runtime=default_runtime,
    framework="numpy",
    scripts=lambda _settings: frozenset(("Latin", "Greek", "Han", "Kana")),
)
TESSERACT = EngineEntry(
    "pytesseract",
    {"psm": 11, "min_confidence": 0.0, "languages": "eng"},
    (),
    _tesseract,
    rate_per_s=4.5,
    framework="numpy",
    scripts=tesseract_scripts,
)

engines: Registry[EngineEntry] = Registry(
    "OCR engine",
    "figbench.ocr_engines",
    {
        "easyocr": "figbench.ocr.catalog:EASYOCR",
        "rapidocr": "figbench.ocr.catalog:RAPIDOCR",
        "tesseract": "figbench.ocr.catalog:TESSERACT",
    },
)


def engine_info(name: str, settings: Settings | None = None) -> OcrInfo:
    """Returns the identity of an engine with these settings, without loading it.

    Raises:
        UserError: If the engine, a setting, or the engine's package is unknown here.
    """
    entry = engines.get(name)
    given = dict(settings or {})
    for key in given:
        if key not in entry.defaults:
            raise UserError(
                f"OCR engine '{name}' has no setting '{key}'.{suggest(key, entry.defaults)}",
                remedy=f"Settings: {', '.join(entry.defaults)}.",
            )
    try:
        package_version = version(entry.package)
    except PackageNotFoundError:
        raise missing(entry.package, purpose=f"OCR engine '{name}'") from None
    if entry.revision:
        package_version += f"+figbench.{entry.revision}"
    digests = {weights: weights_digest(weights) for weights in entry.weights}
    runtime = entry.runtime() if entry.runtime else ""
    settings = {**entry.defaults, **given}
    return OcrInfo(name, package_version, digests, settings, entry.engines, runtime)


def load_engine(
    name: str,
    settings: Settings | None = None,
    device: str = "cpu",
    engine: str = "torch",
    streams: int = 1,
) -> OcrEngine:
    """Loads an OCR engine; raises as :func:`engine_info`, and for missing weights or programs.

    Args:
        name: Registry name.
        settings: Those that differ from the defaults.
        device: A torch device.
        engine: ``torch``, or ``openvino`` where the entry of the engine names it; else PyTorch.
            Their texts may differ by rounding, so the results are never mixed.
        streams: Threads that will call it at a time, for engines that divide the cores themselves.
    """
    info = engine_info(name, settings)

    def load() -> OcrEngine:
        entry = engines.get(name)
        more = {"streams": streams} if entry.runtime else {}
        ocr_engine = entry.load(info, device, **more)
        if engine in info.engines:
            from figbench.features.engines.openvino_engine import compiled

            changed: Any = ocr_engine
            changed.backbone = compiled(changed.backbone, "float32", streams)
        return ocr_engine

    settings_key = tuple(sorted(info.settings.items()))
    return loaded((engines.kind, name, settings_key, device, engine, streams), load)
