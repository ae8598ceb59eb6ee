"""The heat map of a validation: changes by metric, effect at one level."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from figbench.io.atomic import atomic_path
from figbench.validation.recommend import SECONDARY

COMMON_N = 100
"""Figures for which the heat map gives effects."""
_FAMILIES = ("text", "structure", "layout", "appearance", "set", "neutral")


def write_heat_map(document: Mapping[str, Any], path: Path, level: int = 2) -> None:
    """Writes the effects at one level as a heat map, PNG or SVG by the file's suffix.

    Colour is the effect on a scale that is linear to 1 and logarithmic above; blue is towards
    worse, red says that the metric calls the flawed set better; a dot marks p < 0.05.

    Args:
        document: Of ``validation.json``.
        path: ``.png`` or ``.svg``.
        level: Which level to draw; where a change lacks it, its nearest level is drawn.
    """
    import matplotlib

    matplotlib.rcParams["svg.hashsalt"] = "figbench"
    import numpy as np
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.colors import SymLogNorm
    from matplotlib.figure import Figure

    flaws = sorted(document["flaws"], key=lambda n: _FAMILIES.index(document["flaws"][n]["family"]))
    outputs = [
        output
        for output, entry in document["metrics"].items()
        if not output.endswith(SECONDARY) and _varies(entry)
    ]
    values = np.full((len(flaws), len(outputs)), np.nan)
    seen = np.zeros(values.shape, bool)
    for j, output in enumerate(outputs):
        for i, name in enumerate(flaws):
            entry = document["metrics"][output]["flaws"].get(name)
            if entry:
                key = min(entry["levels"], key=lambda k: abs(int(k) - level))
                effect = entry["levels"][key]
                # Effects grow with the root of n; the columns were measured at different n.
                scale = (COMMON_N / effect["n"]) ** 0.5
                values[i, j] = np.nan if effect["effect"] is None else effect["effect"] * scale
                seen[i, j] = effect["seen"]
    figure = Figure(figsize=(2.4 + 0.42 * len(outputs), 1.9 + 0.21 * len(flaws)), dpi=200)
    axes = figure.add_subplot()
    norm = SymLogNorm(linthresh=1.0, vmin=-30, vmax=30, base=10)
    axes.set_facecolor("#e6e6e6")
    image = axes.imshow(values, cmap="RdBu", norm=norm, aspect="auto", interpolation="nearest")
    for i, j in zip(*np.nonzero(np.isfinite(values)), strict=True):
        value = values[i, j]
        text = f"{value:.0f}" if abs(value) >= 9.95 else f"{value:.1f}"
        dark = abs(value) > 8
        axes.text(j, i, text.replace("-0.0", "0.0"), ha="center", va="center", fontsize=5,
                  color="white" if dark else "black",
                  fontweight="bold" if seen[i, j] else "normal")  # fmt: skip
    axes.set_xticks(range(len(outputs)), [_short(output) for output in outputs], rotation=45,
                    ha="left", rotation_mode="anchor", fontsize=6)  # fmt: skip
    axes.xaxis.tick_top()
    axes.set_yticks(range(len(flaws)), [document["flaws"][n]["title"] for n in flaws], fontsize=6)
    axes.tick_params(length=0)
    families = [document["flaws"][name]["family"] for name in flaws]
    for i in range(1, len(flaws)):
        if families[i] != families[i - 1]:
            axes.axhline(i - 0.5, color="black", linewidth=0.8)
    for family in dict.fromkeys(families):
        indices = [i for i, name in enumerate(families) if name == family]
        axes.text(len(outputs) - 0.35, (indices[0] + indices[-1]) / 2, family, rotation=270,
                  va="center", ha="left", fontsize=6)  # fmt: skip
    for spine in axes.spines.values():
        spine.set_linewidth(0.5)
    bar = figure.colorbar(image, ax=axes, orientation="horizontal", fraction=0.03, pad=0.02,
                          aspect=40, ticks=[-30, -10, -3, -1, 0, 1, 3, 10, 30])  # fmt: skip
    bar.ax.set_xticklabels(["-30", "-10", "-3", "-1", "0", "1", "3", "10", "30"], fontsize=6)
    bar.set_label(
        f"effect towards worse at level {level}, in sampling sd of the metric for sets of "
        f"{COMMON_N} figures (measured with n = {_sizes(document)}); bold: p < 0.05",
        fontsize=6,
    )
    canvas = FigureCanvasSVG(figure) if path.suffix == ".svg" else FigureCanvasAgg(figure)
    metadata = {"Date": None} if path.suffix == ".svg" else {"Software": None}
    with atomic_path(path) as temporary:
        canvas.print_figure(
            str(temporary), format=path.suffix[1:], metadata=metadata, bbox_inches="tight"
        )


def _short(output: str) -> str:
    return output.replace("@efficientnet-lite0", "").replace("_", " ")


def _varies(entry: Mapping[str, Any]) -> bool:
    """Whether a metric has an effect anywhere: a rate that is 0 throughout is not drawn."""
    effects = (
        effect["effect"] for flaw in entry["flaws"].values() for effect in flaw["levels"].values()
    )
    return any(effect not in (None, 0.0) for effect in effects)


def _sizes(document: Mapping[str, Any]) -> str:
    sizes = {
        effect["n"]
        for entry in document["metrics"].values()
        for flaw in entry["flaws"].values()
        for effect in flaw["levels"].values()
    }
    return " or ".join(str(size) for size in sorted(sizes))
