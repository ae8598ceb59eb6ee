"""Raster checks of a folder of SynthFig-simple samples, with intervals.

Run: ``python -m figbench_figgen.check_samples FOLDER``; it prints JSON. With two folders of the
same captions it prints the differences, second minus first, paired by caption.
"""

from __future__ import annotations

import json
import sys
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from figbench.errors import FigbenchError, UserError
from figbench_figgen.checks import Checked, check_figure

RESAMPLES = 2000
SEED = 0


def check_folder(folder: Path) -> dict[str, Any]:
    """Checks every figure of a sampling run against its prompt.

    Args:
        folder: With ``metadata.jsonl``, as ``figbench model sample`` writes it.

    Returns:
        ``figures``, ``captions``, and for every check its ``value`` (a mean of shares, 0 to 1)
        and its 95% ``interval`` (percentile bootstrap over captions).

    Raises:
        UserError: If the manifest is missing or a prompt is of another kind.
    """
    by_caption = _checked(folder)
    figures = sum(len(group) for group in by_caption.values())
    document: dict[str, Any] = {"figures": figures, "captions": len(by_caption)}
    for field in fields(Checked):
        document[field.name] = _with_interval(_values(by_caption, field.name))
    return document


def compare_folders(first: Path, second: Path) -> dict[str, Any]:
    """Compares two sampling runs of the same captions, caption by caption.

    Args:
        first: The run to compare with.
        second: The other run.

    Returns:
        ``captions``, and for every check the mean difference, second minus first, as ``value``
        with its 95% ``interval`` (percentile bootstrap over captions).

    Raises:
        UserError: If a run cannot be checked or the captions differ.
    """
    before, after = _checked(first), _checked(second)
    if before.keys() != after.keys():
        raise UserError(
            f"{first} and {second} hold figures of different captions.",
            remedy="Sample both with the same --prompts and --limit.",
        )
    document: dict[str, Any] = {"captions": len(before)}
    ordered = {name: after[name] for name in before}
    for field in fields(Checked):
        difference = _values(ordered, field.name) - _values(before, field.name)
        document[field.name] = _with_interval(difference)
    return document


def _checked(folder: Path) -> dict[str, list[Checked]]:
    """Returns the checks of a run's figures by figure id of the caption."""
    path = folder / "metadata.jsonl"
    if not path.is_file():
        raise UserError(
            f"{path}: missing.", remedy="Give the folder that figbench model sample wrote."
        )
    records = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    by_caption: dict[str, list[Checked]] = {}
    for record in records:
        with Image.open(folder / record["file_name"]) as opened:
            image = np.asarray(opened.convert("RGB"))
        try:
            checked = check_figure(image, record["prompt"])
        except ValueError as error:
            raise UserError(f"{record['file_name']}: {error}.") from None
        by_caption.setdefault(record["figure_id"], []).append(checked)
    return by_caption


def _values(by_caption: dict[str, list[Checked]], name: str) -> npt.NDArray[np.float64]:
    """Returns the mean of a check over the samples of each caption, (captions,)."""
    return np.array(
        [
            _mean(name, [float(getattr(checked, name)) for checked in group])
            for group in by_caption.values()
        ]
    )


def _mean(name: str, values: list[float]) -> float:
    """Returns the mean over samples; a figure without any colour names none of its caption's."""
    return float(np.mean(np.nan_to_num(values, nan=0.0) if name == "named_pixels" else values))


def _with_interval(values: npt.NDArray[np.float64]) -> dict[str, Any]:
    """Returns mean and interval over the captions that the check applies to."""
    values = values[~np.isnan(values)]
    rng = np.random.default_rng(SEED)
    resampled = rng.integers(len(values), size=(RESAMPLES, len(values)))
    low, high = np.percentile(values[resampled].mean(axis=1), [2.5, 97.5])
    return {
        "value": round(float(values.mean()), 4),
        "interval": [round(float(low), 4), round(float(high), 4)],
    }


def main(arguments: list[str]) -> int:
    """Prints the checks as JSON; returns the exit code."""
    if len(arguments) not in (1, 2):
        sys.stderr.write("Usage: python -m figbench_figgen.check_samples FOLDER [OTHER]\n")
        return 2
    try:
        folders = [Path(name) for name in arguments]
        document = check_folder(*folders) if len(folders) == 1 else compare_folders(*folders)
    except FigbenchError as error:
        sys.stderr.write(f"Error: {error}\n")
        return error.exit_code
    sys.stdout.write(json.dumps(document, indent=2) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
