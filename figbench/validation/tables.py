"""A validation as Markdown: effects by level, recommendations, costs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from figbench.validation.recommend import SECONDARY


def markdown(document: Mapping[str, Any]) -> str:
    """Returns the tables of a validation document."""
    settings = document["settings"]
    outputs = [name for name in document["metrics"] if not name.endswith(SECONDARY)]
    lines = [
        "# Which metric sees which flaw",
        "",
        f"{settings['reference']}, n = {settings['n']}, protocol `{settings['protocol']}`, seed "
        f"{settings['seed']}. Effects towards worse in units of the metric's sampling sd, by "
        "level; a negative effect means that the metric calls the flawed set better. "
        "An asterisk marks a change towards worse that is significant at 5%.",
        "",
        "## Recommended",
        "",
        document["rule"],
        "",
        "| flaw | metric | n, level 1 | n, level 2 | confused with |",
        "|---|---|---|---|---|",
    ]
    for name, offer in document["recommended"].items():
        title = document["flaws"][name]["title"]
        cells = [offer["metric"] or "none", offer["n_level_1"], offer["n_level_2"],
                 offer["confused_with"]]  # fmt: skip
        lines.append(f"| {title} | " + " | ".join(str(c) if c else "" for c in cells) + " |")
    lines += [
        "",
        "## Effects",
        "",
        _line(["change", *outputs]),
        _line(["---"] * (len(outputs) + 1)),
    ]
    for name, flaw in document["flaws"].items():
        title = f"*{flaw['title']}*" if flaw["family"] == "neutral" else flaw["title"]
        cells = [_levels(document["metrics"][output]["flaws"].get(name)) for output in outputs]
        lines.append(_line([title, *cells]))
    heads = ["metric", "n", "clean value", "sampling sd", "largest false alarm (sd)", "by",
             "s per 1,000 figures"]  # fmt: skip
    lines += ["", "## Metrics", "", _line(heads), _line(["---"] * len(heads))]
    for output in outputs:
        entry = document["metrics"][output]
        alarm = entry["false_alarm"]
        sizes = {e["n"] for f in entry["flaws"].values() for e in f["levels"].values()}
        cells = [output, " ".join(map(str, sorted(sizes))), _number(entry["clean"]),
                 _number(entry["sampling_sd"]),
                 _number(alarm["effect"]), alarm["by"] or "",
                 _number(entry["seconds_per_1000"])]  # fmt: skip
        lines.append(_line(cells))
    return "\n".join(lines) + "\n"


def _levels(entry: Mapping[str, Any] | None) -> str:
    if entry is None:
        return ""
    cells = []
    for level in sorted(entry["levels"]):
        effect = entry["levels"][level]
        text = "-" if effect["effect"] is None else f"{effect['effect']:.2g}"
        if effect["effect"] is not None and abs(effect["effect"]) >= 10:
            text = f"{effect['effect']:.0f}"
        cells.append(text + ("*" if effect["seen"] else ""))
    return " / ".join(cells)


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.4g}"


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cells) + " |"
