"""A job together with its preprocessed image."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from figbench.evaluation.planning.workload import Job
from figbench.images.types import RGBImage


@dataclass(frozen=True, slots=True)
class PreparedSample:
    """A job with its preprocessed image; ``partner`` returns that of a pair's reference.

    ``data`` holds the bytes of the file for tasks that read documents; ``image`` is then empty.
    """

    job: Job
    image: RGBImage
    partner: Callable[[], RGBImage] | None = None
    data: bytes = b""
