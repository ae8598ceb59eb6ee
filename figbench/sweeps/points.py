"""Points of a sweep: which folder belongs to which value, and which point is chosen."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path, PurePosixPath

from figbench.data.remote.urls import is_url, localized
from figbench.errors import UserError
from figbench.pages.choices import distance_metrics, fidelity_metric
from figbench.results.schema import RunResult
from figbench.sweeps.axes import GUIDANCE, Axis

RULE = (
    "among points whose quality lies within the best point's own interval, the best text "
    "fidelity; ties to the lowest value"
)


def folders_by_value(runs: Iterable[str | Path], axis: Axis = GUIDANCE) -> dict[float, str | Path]:
    """Returns folder by value, ascending; ``evaluation_cfg_5`` and ``_5.0`` are one name.

    A folder that holds folders named after the axis stands for them. A folder in an object store
    is given, and comes back, as its URL.

    Raises:
        UserError: If a folder names no value, or two name the same one.
    """
    folders: dict[float, str | Path] = {}
    for run in runs:
        for folder in _expand(localized(run), axis):
            match = axis.pattern.search(_name(folder))
            if match is None:
                raise UserError(
                    f"{folder}: its name has no {axis.name}.",
                    remedy=f"Name the folders like {axis.example}.",
                )
            scale = float(match[1])
            if scale in folders:
                raise UserError(
                    f"{folder} and {folders[scale]} are the same {axis.title} {scale:g}."
                )
            folders[scale] = folder
    return dict(sorted(folders.items()))


def _expand(run: str | Path, axis: Axis) -> list[str | Path]:
    points = [folder for folder in _folders(run) if axis.pattern.search(_name(folder))]
    return points or [run]


def _folders(run: str | Path) -> list[str | Path]:
    if is_url(run):
        from figbench.data.remote.listing import subfolders

        return list(subfolders(str(run)))
    root = Path(run)
    if not root.is_dir():
        raise UserError(f"{run}: no such folder.", remedy="Check the path.")
    return sorted(path for path in root.iterdir() if path.is_dir())


def _name(folder: str | Path) -> str:
    return PurePosixPath(folder).name


def scored_everywhere(results: Mapping[float, RunResult]) -> list[str]:
    """Returns the outputs that every point has a value for, in the order of the first point."""
    names = next(iter(results.values())).metrics if results else {}
    return [
        name
        for name in names
        if all(
            (metric := result.metrics.get(name)) is not None and metric.value is not None
            for result in results.values()
        )
    ]


def quality_metric(results: Mapping[float, RunResult]) -> str | None:
    """Returns the distance between sets that stands for quality; None where no point has one."""
    return next(iter(distance_metrics(scored_everywhere(results))), None)


def text_metric(results: Mapping[float, RunResult]) -> str | None:
    """Returns the output that stands for fidelity to the prompt; None where no point has one."""
    return fidelity_metric(scored_everywhere(results))


def choose(results: Mapping[float, RunResult]) -> float | None:
    """Returns the scale that ``RULE`` picks, ties to the lowest; None without a quality metric."""
    quality = quality_metric(results)
    if quality is None:
        return None
    best = min(results.values(), key=lambda result: result.value(quality))
    limit = _high(best, quality)
    close = [scale for scale, result in results.items() if result.value(quality) <= limit]
    fidelity = text_metric(results)
    if fidelity is None:
        return min(close, key=lambda scale: (results[scale].value(quality), scale))
    sign = -1 if results[close[0]].metrics[fidelity].higher_is_better else 1
    return min(close, key=lambda scale: (sign * results[scale].value(fidelity), scale))


def _high(result: RunResult, metric_id: str) -> float:
    interval = result.metrics[metric_id].interval
    return interval.high if interval else result.value(metric_id)
