"""Points of a sweep: which folder belongs to which value, and which point is chosen."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path, PurePosixPath

from figbench.data.remote.urls import is_url, localized
from figbench.errors import UserError
from figbench.results.schema import RunResult
from figbench.sweeps.axes import GUIDANCE, Axis

QUALITY = ("kid", "kd@efficientnet-lite0", "fid", "fd@efficientnet-lite0")
FIDELITY = ("label_f1", "ocr_sim")
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
    found: dict[float, str | Path] = {}
    for run in runs:
        for folder in _expand(localized(run), axis):
            match = axis.pattern.search(_name(folder))
            if match is None:
                raise UserError(
                    f"{folder}: its name has no {axis.name}.",
                    remedy=f"Name the folders like {axis.example}.",
                )
            scale = float(match[1])
            if scale in found:
                raise UserError(f"{folder} and {found[scale]} are the same {axis.title} {scale:g}.")
            found[scale] = folder
    return dict(sorted(found.items()))


def _expand(run: str | Path, axis: Axis) -> list[str | Path]:
    points = [one for one in _folders(run) if axis.pattern.search(_name(one))]
    return points or [run]


def _folders(run: str | Path) -> list[str | Path]:
    if is_url(run):
        from figbench.data.remote.listing import subfolders

        return list(subfolders(str(run)))
    place = Path(run)
    if not place.is_dir():
        raise UserError(f"{run}: no such folder.")
    return sorted(one for one in place.iterdir() if one.is_dir())


def _name(folder: str | Path) -> str:
    return PurePosixPath(folder).name


def first_scored(results: Mapping[float, RunResult], metrics: Iterable[str]) -> str | None:
    """Returns the first of ``metrics`` that every point has a value for."""
    for metric_id in metrics:
        found = [result.metrics.get(metric_id) for result in results.values()]
        if all(one is not None and one.value is not None for one in found):
            return metric_id
    return None


def choose(results: Mapping[float, RunResult]) -> float | None:
    """Returns the scale that ``RULE`` picks, ties to the lowest; None without a quality metric."""
    quality = first_scored(results, QUALITY)
    if quality is None:
        return None
    best = min(results.values(), key=lambda result: result.value(quality))
    limit = _high(best, quality)
    close = [scale for scale, result in results.items() if result.value(quality) <= limit]
    fidelity = first_scored(results, FIDELITY)
    if fidelity is None:
        return min(close, key=lambda scale: (results[scale].value(quality), scale))
    sign = -1 if results[close[0]].metrics[fidelity].higher_is_better else 1
    return min(close, key=lambda scale: (sign * results[scale].value(fidelity), scale))


def _high(result: RunResult, metric_id: str) -> float:
    interval = result.metrics[metric_id].interval
    return interval.high if interval else result.value(metric_id)
