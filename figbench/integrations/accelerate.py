"""Logging of a validation through accelerate's trackers (TensorBoard, Weights & Biases, ...)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from figbench.errors import UserError
from figbench.images.arrays import UNIT, ValueRange
from figbench.images.types import RGBImage
from figbench.integrations.overlay import contact_sheet
from figbench.results.schema import RunResult

MAX_IMAGES = 16


def log_validation(
    accelerator: Any,
    result: RunResult,
    step: int,
    *,
    images: Any = None,
    overlay: list[RGBImage] | None = None,
    prefix: str = "figbench/",
    value_range: ValueRange = UNIT,
) -> dict[str, float]:
    """Logs a result's scalars, a contact sheet of images and the label overlay.

    Call it on every process after ``Evaluator.compute``; the main process writes. Trackers without
    images get the scalars alone.

    Args:
        accelerator: An ``accelerate.Accelerator`` with ``log_with`` set and trackers initialised.
        result: The result.
        step: Training step.
        images: Generated images, of which the first 16 are logged as one sheet; None for none.
        overlay: Pages of :func:`figbench.integrations.overlay.label_overlay`, or None.
        prefix: Put before every name.
        value_range: Range of float images.

    Returns:
        The scalars as logged.

    Raises:
        UserError: If ``accelerator`` has no ``log``.
    """
    if not hasattr(accelerator, "log") or not hasattr(accelerator, "trackers"):
        raise UserError(
            f"accelerator: {type(accelerator).__name__}, expected accelerate.Accelerator.",
            remedy="For other loggers use result.to_dict().",
        )
    values = {f"{prefix}{name}": value for name, value in result.to_dict().items()}
    accelerator.log(values, step=step)
    pages: dict[str, RGBImage] = {}
    if images is not None and len(images):
        pages[f"{prefix}samples"] = contact_sheet(images[:MAX_IMAGES], value_range=value_range)
    if overlay:
        pages[f"{prefix}labels"] = contact_sheet(overlay[:MAX_IMAGES], cell=512)
    if pages and accelerator.is_main_process:
        for tracker in accelerator.trackers:
            _log_pages(tracker, pages, step)
    return values


def _log_pages(tracker: Any, pages: Mapping[str, RGBImage], step: int) -> None:
    if tracker.name == "tensorboard":
        batches = {name: np.asarray(page)[None] for name, page in pages.items()}
        tracker.log_images(batches, step=step, dataformats="NHWC")
    elif tracker.name == "wandb":
        tracker.log_images({name: [page] for name, page in pages.items()}, step=step)
