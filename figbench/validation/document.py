"""The document of a validation: effects, monotonicity, alarms, and the recommended set."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import numpy as np

from figbench.metrics import get_metric
from figbench.synthfig.degrade import flaw_registry
from figbench.validation.effects import (
    Effect,
    Measurement,
    compare_measurements,
    largest_alarm,
    monotonicity,
)
from figbench.validation.recommend import RULE, recommend

Done = Mapping[str, Mapping[int, Mapping[str, Measurement]]]
SCHEMA_VERSION = 1


def build_document(
    clean: Mapping[str, Measurement],
    done: Done,
    costs: Mapping[str, float],
    settings: Mapping[str, Any],
) -> dict[str, Any]:
    """Returns the JSON document of a validation.

    Args:
        clean: Measurements of the clean set by output id.
        done: Measurements by flaw, level and output id.
        costs: Seconds per 1,000 figures by output id.
        settings: What was run.
    """
    table: dict[str, dict[str, dict[int, Effect]]] = {}
    for name, levels in done.items():
        for level, measurements in sorted(levels.items()):
            for output, measured in measurements.items():
                if output in clean:
                    effect = compare_measurements(clean[output], measured)
                    table.setdefault(output, {}).setdefault(name, {})[level] = effect
    metrics = {
        output: _metric(output, clean[output], flaws, costs) for output, flaws in table.items()
    }
    return {
        "schema_version": SCHEMA_VERSION,
        "settings": dict(settings),
        "flaws": {
            name: {"family": flaw.family, "title": flaw.title, "unit": flaw.unit,
                   "strengths": list(flaw.strengths), "ordered": flaw.ordered}
            for name, flaw in flaw_registry().items() if name in done
        },
        "metrics": metrics,
        "rule": RULE,
        "recommended": recommend(metrics),
    }  # fmt: skip


def _metric(
    output: str,
    clean: Measurement,
    flaws: Mapping[str, Mapping[int, Effect]],
    costs: Mapping[str, float],
) -> dict[str, Any]:
    registry = flaw_registry()
    neutral = {
        name: list(levels.values()) for name, levels in flaws.items() if registry[name].neutral
    }
    rng = np.random.default_rng(0)
    cells: dict[str, Any] = {}
    for name, levels in flaws.items():
        entry: dict[str, Any] = {"levels": {str(k): _plain(v) for k, v in levels.items()}}
        if registry[name].ordered and len(levels) > 1:
            tau = monotonicity(levels, rng)
            entry["kendall"] = {"value": tau[0], "low": tau[1], "high": tau[2]}
        cells[name] = entry
    alarms = {name: largest_alarm(effects) for name, effects in neutral.items()}
    return {
        "clean": clean.value,
        "sampling_sd": clean.sd,
        "higher_is_better": clean.higher_is_better,
        "seconds_per_1000": costs.get(output),
        "false_alarm": {
            "change": max(alarms.values(), default=None),
            "by": max(alarms, key=lambda key: alarms[key], default=None),
            "effect": max(alarms.values(), default=0.0) / clean.sd if clean.sd else None,
            "each": alarms,
        },
        "flaws": cells,
    }


def _plain(effect: Effect) -> dict[str, Any]:
    return {
        key: round(value, 6) if isinstance(value, float) else value
        for key, value in asdict(effect).items()
    } | {"seen": effect.seen}


def claimed(request: str) -> tuple[str, ...]:
    """Returns the flaws that a metric claims to see, families written out."""
    sees = get_metric(request).spec.sees
    return tuple(
        name
        for name, flaw in flaw_registry().items()
        if not flaw.neutral and (name in sees or flaw.family in sees)
    )
