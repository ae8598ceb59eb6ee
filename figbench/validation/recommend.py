"""The recommended metric for each flaw, by a rule that is stated beforehand."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from figbench.synthfig.degrade import flaw_registry

N, TAU = 100, 0.6
NOT_MEASURED = "neutral changes not measured"
MISSING_LEVEL = "level 1 not measured"
SECONDARY = ("_truth", "_ceiling", "_best_of_k")
"""Endings of outputs that repeat another one on other labels; never recommended or plotted."""

RULE = (
    "A metric is eligible for a flaw if levels 1 and 2 were measured, if its Kendall correlation "
    f"with the level, the clean set being level 0, is at least {TAU}, if level 2 needs at most "
    f"{N} figures for 80% power, and if no neutral change moves it, beyond doubt (95%), by more "
    "than level 1 of the flaw does. Of the eligible metrics the one that needs the fewest figures "
    "at level 2 is recommended, then the cheaper one. Where no metric is eligible, the one is "
    "given that fails only for a neutral change that it confuses with the flaw, or only because "
    "neutral changes or level 1 were not measured; the last column says which."
)


def recommend(metrics: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """Returns the recommendation of each flaw: ``metric`` is None where nothing sees it.

    Args:
        metrics: The ``metrics`` part of the document.
    """
    recommended: dict[str, dict[str, Any]] = {}
    for name, flaw in flaw_registry().items():
        if flaw.neutral or not any(name in entry["flaws"] for entry in metrics.values()):
            continue
        offers = [
            offer
            for output, entry in metrics.items()
            if name in entry["flaws"] and not output.endswith(SECONDARY)
            for offer in [_offer(output, entry, entry["flaws"][name])]
            if offer is not None
        ]
        offers.sort(key=lambda offer: (bool(offer["confused_with"]), offer["n_level_2"],
                                       offer["seconds"] or 0.0, offer["metric"]))  # fmt: skip
        nothing = {"metric": None, "n_level_1": None, "n_level_2": None, "confused_with": None}
        recommended[name] = offers[0] if offers else nothing
    return recommended


def _offer(output: str, entry: Mapping[str, Any], flaw: Mapping[str, Any]) -> dict[str, Any] | None:
    levels = flaw["levels"]
    second = levels.get("2")
    tau = flaw.get("kendall")
    if second is None or not second["seen"] or not second["n_needed"] or second["n_needed"] > N:
        return None
    if tau is not None and tau["value"] < TAU:
        return None
    alarm = entry["false_alarm"]
    first = levels.get("1")
    confused = alarm["by"]
    if first is None or tau is None:
        confused = MISSING_LEVEL
    elif alarm["change"] is None:
        confused = NOT_MEASURED
    elif alarm["change"] <= first["change"]:
        confused = None
    return {
        "metric": output,
        "n_level_1": first["n_needed"] if first else None,
        "n_level_2": second["n_needed"],
        "seconds": entry["seconds_per_1000"],
        "confused_with": confused,
    }
