"""Sampling at scale: a figure depends on (seed, figure id, sample) and on nothing else."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from accelerate import PartialState
from PIL import Image

from figbench.errors import UserError
from figbench.images.types import RGBImage
from figbench.io.atomic import atomic_path, write_text_atomic
from figbench_figgen.config import differences
from figbench_figgen.loop import is_out_of_memory
from figbench_figgen.pipeline import FigGenPipeline
from figbench_figgen.rng import fold

MANIFEST = "metadata.jsonl"
RUN = "sampling.json"
_DONE = "done"


@dataclass(frozen=True, slots=True)
class Work:
    """One figure to draw."""

    figure_id: str
    sample: int
    caption: str

    @property
    def file_name(self) -> str:
        """Name of its PNG; a slash in an id must not make a folder."""
        return f"{self.figure_id.replace('/', '_')}_{self.sample}.png"


@dataclass(frozen=True, slots=True)
class Request:
    """How to draw; all of it but ``batch_size`` is part of a sampling run's identity."""

    seed: int
    guidance_scale: float
    steps: int
    eta: float
    batch_size: int
    scheduler: str = "ddim"
    precision: str = "float32"
    guidance_rescale: float = 0.0
    guidance_interval: tuple[float, float] = (0.0, 1.0)

    def identity(self) -> dict[str, Any]:
        """Returns the settings that decide how a figure looks; defaults added later are left out.

        So a folder that was begun before an option existed can still be finished.
        """
        document = asdict(self)
        document.pop("batch_size")
        if not self.guidance_rescale:
            document.pop("guidance_rescale")
        document["guidance_interval"] = list(self.guidance_interval)
        if self.guidance_interval == (0.0, 1.0):
            document.pop("guidance_interval")
        return document

    def noise_seed(self, work: Work) -> int:
        """The seed of a figure's noise: the same for every guidance scale."""
        return fold(self.seed, work.figure_id, work.sample)


def draw_all(
    pipeline: FigGenPipeline,
    work: Sequence[Work],
    request: Request,
    out: Path,
    *,
    model: str = "",
    advance: Callable[[int], None] = lambda _count: None,
) -> Path:
    """Draws what is not there yet, this process's share of it; returns the manifest's path.

    Args:
        pipeline: On its device.
        work: Every figure of the run; file names must be distinct.
        request: How.
        out: Folder for the PNGs, the manifest and what has been done.
        model: Digest of the checkpoint, part of the run's identity.
        advance: Told how many figures were finished.

    Raises:
        UserError: If ``out`` holds figures of another run, or memory is used up.
    """
    state = PartialState()
    identity = {**request.identity(), "model": model}
    _claim(out, work, identity, state)
    done = verified(out)
    todo = [item for item in work if item.file_name not in done]
    own = todo[state.process_index :: state.num_processes]
    record = out / _DONE / f"rank-{state.process_index}.jsonl"
    with ThreadPoolExecutor(2) as writers:
        for first in range(0, len(own), request.batch_size):
            batch = own[first : first + request.batch_size]
            images = draw_batch(pipeline, batch, request)
            files = [out / item.file_name for item in batch]
            digests = list(writers.map(_write_png, files, images))
            _note(record, zip(batch, digests, strict=True))
            advance(len(batch))
    state.wait_for_everyone()
    if state.is_main_process:
        _write_manifest(out, work, request)
    state.wait_for_everyone()
    return out / MANIFEST


def draw_batch(
    pipeline: FigGenPipeline, batch: Sequence[Work], request: Request
) -> Sequence[RGBImage]:
    """Returns the figures of a batch.

    Args:
        pipeline: On its device.
        batch: Figures to draw.
        request: Settings of the drawing and seed of the noise.

    Returns:
        An image per figure, uint8, shape (h, w, 3).

    Raises:
        UserError: If memory is used up.
    """
    seeds = [torch.Generator().manual_seed(request.noise_seed(item)) for item in batch]
    try:
        images: Sequence[RGBImage] = pipeline(
            [item.caption for item in batch],
            request.guidance_scale,
            request.steps,
            eta=request.eta,
            generator=seeds,
            output_type="uint8",
            guidance_rescale=request.guidance_rescale,
            guidance_interval=request.guidance_interval,
        ).images
    except RuntimeError as error:
        if not is_out_of_memory(error):
            raise
        raise UserError(
            f"Out of memory drawing {len(batch)} figures at once ({str(error).splitlines()[0]}).",
            remedy=f"Use --batch-size {max(1, len(batch) // 2)}, or --precision bfloat16; what "
            "is drawn already stays, and no figure changes with the batch size.",
        ) from None
    return images


def verified(out: Path) -> set[str]:
    """Returns the names of the files that are noted as done and have the noted bytes."""
    noted: dict[str, str] = {}
    for record in sorted((out / _DONE).glob("rank-*.jsonl")):
        for line in record.read_text(encoding="utf-8").splitlines():
            try:
                entry = json.loads(line)
                noted[entry["file_name"]] = entry["sha256"]
            except (ValueError, KeyError):
                # The line that a crash cut short; its figure is drawn again.
                continue
    return {name for name, digest in noted.items() if _has_bytes(out / name, digest)}


def _has_bytes(path: Path, digest: str) -> bool:
    return path.is_file() and hashlib.sha256(path.read_bytes()).hexdigest() == digest


def _claim(out: Path, work: Sequence[Work], identity: dict[str, Any], state: Any) -> None:
    names = [item.file_name for item in work]
    if len(set(names)) != len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise UserError(f"Two figures would be written to {twice}: figure ids must be distinct.")
    path = out / RUN
    if state.is_main_process:
        if path.is_file():
            stored = json.loads(path.read_text(encoding="utf-8"))
            changed = differences(identity, stored)
            if changed:
                raise UserError(
                    f"{out}: holds figures of another run: {'; '.join(changed)} "
                    "(expected != stored).",
                    remedy="Choose another --out.",
                )
        (out / _DONE).mkdir(parents=True, exist_ok=True)
        write_text_atomic(path, json.dumps(identity, indent=2, sort_keys=True) + "\n")
    state.wait_for_everyone()


def _write_png(path: Path, image: RGBImage) -> str:
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, "PNG")
    with atomic_path(path) as temporary:
        temporary.write_bytes(buffer.getvalue())
    return hashlib.sha256(buffer.getvalue()).hexdigest()


def _note(record: Path, finished: Iterable[tuple[Work, str]]) -> None:
    """Adds lines; a line that a crash cut short is ended first."""
    lines = [
        json.dumps({"file_name": item.file_name, "sha256": digest}) + "\n"
        for item, digest in finished
    ]
    with record.open("a+b") as handle:
        if handle.tell():
            handle.seek(-1, 2)
            if handle.read(1) != b"\n":
                handle.write(b"\n")
        handle.write("".join(lines).encode())


def _write_manifest(out: Path, work: Sequence[Work], request: Request) -> None:
    lines = [
        json.dumps(
            {
                "file_name": item.file_name,
                "figure_id": item.figure_id,
                "sample": item.sample,
                "prompt": item.caption,
                "seed": request.noise_seed(item),
                "guidance_scale": request.guidance_scale,
            },
            ensure_ascii=False,
        )
        for item in work
    ]
    write_text_atomic(out / MANIFEST, "\n".join(lines) + "\n")
