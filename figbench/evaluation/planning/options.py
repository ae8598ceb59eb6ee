"""Options of a run. They do not change what is measured."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from figbench.evaluation.planning.execution import DEFAULT, Execution
from figbench.evaluation.planning.shard import WHOLE, Shard


@dataclass(frozen=True, slots=True)
class Options:
    """How a run behaves; none of these changes a number beyond the rounding of float32.

    Attributes:
        skip_unavailable: Record metrics that cannot run here as skipped.
        allow_unpaired: Record paired metrics as skipped when no ids match.
        allow_rejects: Go on although more than 5% of the files of a side are unreadable, are left
            out, or have no reference.
        strict: Any reject is an error.
        layout: Layout of the generated set, when detection must not decide.
        reference_layout: Layout of the reference, when detection must not decide.
        split: Split of the reference; None takes the protocol's.
        only: Pattern of the generated images' relative names; others are left out.
        device: ``auto`` (CUDA when available), ``cpu``, ``cuda``, ``cuda:1``.
        workers: Worker threads. On a CPU each does all of an image; with a GPU they decode. None
            for the default of the device, 0 for one image at a time.
        shard: Rank and number of the processes that share the run. The command line takes it from
            the environment of torchrun or srun. Python callers give it explicitly, because a
            training script may call ``evaluate`` on one of its processes alone.
        execution: Settings that the store keeps separate: ``Execution(deterministic=True)``.
        executor: ``local``, or ``ray`` for the networks on a Ray cluster.
        ray_address: The cluster's address, or ``local``; None for ``$RAY_ADDRESS``, else local.
        ray_workers: Ray actors; None for one per GPU of the cluster, else one per CPU.
        maps_gib: Disk (GiB) in the store for OCR-SIM's maps of references, from which other models
            are scored without reading a reference; 0 to keep none.
        fetch: Whether missing weights may be downloaded; a dry run says False.
        pairs: CSV table with columns ``generated`` and ``reference``: the reference of each
            figure where their ids differ.
        captions: CSV table with columns ``id`` and ``caption``.
    """

    skip_unavailable: bool = False
    allow_unpaired: bool = False
    allow_rejects: bool = False
    strict: bool = False
    layout: str | None = None
    reference_layout: str | None = None
    split: str | None = None
    only: str | None = None
    device: str = "auto"
    workers: int | None = None
    shard: Shard = WHOLE
    execution: Execution = DEFAULT
    executor: str = "local"
    ray_address: str | None = None
    ray_workers: int | None = None
    maps_gib: float = 8.0
    fetch: bool = True
    pairs: str | Path | None = None
    captions: str | Path | None = None
