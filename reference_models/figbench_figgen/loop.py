"""The training loop of both stages: data by position, logs, checkpoints, and stopping well.

Everything random is drawn from (seed, position of the figure in training), so a resumed run
draws what the undisturbed one would have drawn, on any number of processes.
"""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from math import cos, pi
from pathlib import Path
from types import FrameType
from typing import Any

import torch
from accelerate import Accelerator
from accelerate.state import AcceleratorState
from torch.utils.data import DataLoader

from figbench.errors import EXIT_INTERRUPTED, FigbenchError, UserError
from figbench_figgen import checkpoint
from figbench_figgen.config import FigGenConfig
from figbench_figgen.run_console import RunConsole
from figbench_figgen.training_stage import Batch, TrainingStage


class Interrupted(FigbenchError):
    """A run was told to stop; its state is saved (exit code 130)."""

    exit_code = EXIT_INTERRUPTED


@dataclass(frozen=True, slots=True)
class Plan:
    """Where a run writes and what identifies it."""

    out: Path
    metadata: dict[str, Any]
    resume: bool


def make_accelerator(config: FigGenConfig, out: Path, device: str) -> Accelerator:
    """Returns accelerate's accelerator, with the trackers of the configuration.

    Args:
        config: Its section ``run`` names the precision and the trackers.
        out: Folder of the run; trackers write to ``logs`` in it.
        device: ``auto``, ``cpu`` or ``cuda``.

    Raises:
        UserError: If a tracker's package is missing or the device does not exist.
    """
    from accelerate.utils import is_tensorboard_available, is_wandb_available

    there = {"tensorboard": is_tensorboard_available(), "wandb": is_wandb_available()}
    for tracker in config.run.trackers:
        if not there[tracker]:
            raise UserError(
                f"run.trackers: {tracker} is not installed.", remedy=f"pip install {tracker}"
            )
    if device.startswith("cuda") and not torch.cuda.is_available():
        raise UserError(
            f"Device '{device}': this machine has no CUDA device.", remedy="Use --device cpu."
        )
    settings: dict[str, Any] = {
        "cpu": device == "cpu" or not torch.cuda.is_available(),
        "mixed_precision": config.run.precision,
        "log_with": list(config.run.trackers) or None,
        "project_dir": str(out / "logs"),
    }
    try:
        accelerator = Accelerator(**settings)
    except ValueError as error:
        if "already been initialized" not in str(error):
            raise
        # A training of another precision ran in this process; its process group stays.
        AcceleratorState._reset_state()
        accelerator = Accelerator(**settings)
    if config.run.trackers:
        flat = {"config": json.dumps(config.model_dump(mode="json"))}
        accelerator.init_trackers("figgen", config=flat)
    return accelerator


def learning_rate(section: Any, step: int) -> float:
    """Returns the rate of an optimiser step (from 0): a function of the step alone."""
    if step < section.warmup_steps:
        return float(section.lr * (step + 1) / section.warmup_steps)
    if section.lr_schedule == "constant":
        return float(section.lr)
    if section.lr_schedule == "wsd":
        left = (section.steps - step) / max(1.0, 0.2 * section.steps)
        return float(section.lr * min(1.0, left))
    done = (step - section.warmup_steps) / max(1, section.steps - section.warmup_steps)
    return float(section.lr * (0.02 + 0.98 * 0.5 * (1 + cos(pi * min(1.0, done)))))


def positions(
    step: int, micro: int, *, micro_batch: int, global_batch: int, rank: int, world: int
) -> range:
    """Returns the training positions of a micro batch.

    Args:
        step: Optimiser step, from 0.
        micro: Number of the micro batch in the step, from 0.
        micro_batch: Figures in a micro batch.
        global_batch: Figures in a step, over all processes.
        rank: Number of the process, 0 to ``world`` - 1.
        world: Number of processes.

    Returns:
        ``micro_batch`` consecutive positions.
    """
    start = step * global_batch + (micro * world + rank) * micro_batch
    return range(start, start + micro_batch)


def run(
    stage: TrainingStage,
    config: FigGenConfig,
    plan: Plan,
    accelerator: Accelerator,
    console: RunConsole,
) -> None:
    """Trains a stage to its last step, from its newest checkpoint when resuming.

    Args:
        stage: Networks in training.
        config: Sections ``run`` and that of the stage.
        plan: Folder and identity of the run.
        accelerator: Of ``make_accelerator``.
        console: For messages and progress.

    Raises:
        Interrupted: On SIGTERM, SIGINT or SIGUSR1, after saving.
        UserError: On a non-finite loss (naming the figures), no memory left, or a checkpoint
            of another run.
    """
    section = getattr(config, stage.name)
    micro_steps = _micro_steps(section, accelerator.num_processes)
    start = _begin(stage, plan, accelerator, console)
    batches = _batches(stage, config, section, accelerator, start)
    log = Log(plan.out / f"log-{stage.name}.jsonl", start, accelerator)
    every = config.run
    with _stop_signals() as stop, console.training(stage.name, start, section.steps) as advance:
        for step in range(start, section.steps):
            losses = guarded_step(
                stage, [next(batches) for _ in range(micro_steps)], step,
                learning_rate(section, step), section,
            )  # fmt: skip
            done = step + 1
            last = done == section.steps
            advance(losses["loss"])
            if last or done % every.log_every == 0:
                log.write(done, {**losses, "lr": learning_rate(section, step)})
            stopping = _any_process(accelerator, bool(stop))
            if last or stopping or done % every.checkpoint_every == 0:
                _save(stage, plan, accelerator, done, every.keep_checkpoints)
            if stopping and not last:
                raise Interrupted(
                    f"Stopped at step {done} of {section.steps}; its state is in {plan.out}.",
                    remedy="Run the same command with --resume to go on.",
                )
            if accelerator.is_main_process:
                if every.grid_every and (last or done % every.grid_every == 0):
                    stage.show(done)
                if every.evaluate_every and done % every.evaluate_every == 0:
                    log.write(done, stage.score(done))
            accelerator.wait_for_everyone()


def guarded_step(
    stage: TrainingStage, micro_batches: Sequence[Batch], step: int, lr: float, section: Any
) -> dict[str, float]:
    """Does an optimiser step and translates errors of memory.

    Args:
        stage: Networks in training.
        micro_batches: Of the step.
        step: Optimiser step, from 0.
        lr: Learning rate.
        section: The stage's section of the configuration.

    Returns:
        Name to value of the losses, ``loss`` first.

    Raises:
        UserError: If memory is used up; it names the settings to change.
    """
    try:
        return stage.step(micro_batches, step, lr)
    except RuntimeError as error:
        if not is_out_of_memory(error):
            raise
        reason = str(error).splitlines()[0]
        raise UserError(
            f"Out of memory at step {step + 1} with micro_batch {section.micro_batch} ({reason}).",
            remedy=f"Halve it (the global batch stays): --set {stage.name}.micro_batch="
            f"{max(1, section.micro_batch // 2)}\n"
            f"or trade time for memory: --set {stage.name}.gradient_checkpointing=true\n"
            "or --set run.precision=bf16, then run again with --resume.",
        ) from None


def is_out_of_memory(error: RuntimeError) -> bool:
    """Tells whether an error of torch means that memory is used up, on a GPU or on a CPU."""
    text = str(error).lower()
    return (
        isinstance(error, torch.OutOfMemoryError)
        or "out of memory" in text
        or "can't allocate memory" in text
    )


def check_finite(losses: torch.Tensor, figure_ids: Sequence[str], step: int) -> None:
    """Checks the losses before they change the weights.

    Args:
        losses: One per figure, shape (n,).
        figure_ids: Of the figures, n.
        step: Optimiser step, from 0.

    Raises:
        UserError: Naming the figures whose loss is not finite.
    """
    finite = torch.isfinite(losses.detach()).cpu().tolist()
    bad = [name for name, fine in zip(figure_ids, finite, strict=True) if not fine]
    if bad:
        raise UserError(
            f"The loss is not finite at step {step + 1}, for {', '.join(bad)}.",
            remedy="Look at these figures; or lower the learning rate, set grad_clip, or "
            "--set run.precision=no, and go on from the last checkpoint with --resume.",
        )


class Log:
    """JSON lines on disk and accelerate's trackers; a resumed run drops what it repeats."""

    def __init__(self, path: Path, start: int, accelerator: Accelerator) -> None:
        self._path = path
        self._accelerator = accelerator
        if accelerator.is_main_process:
            lines = [line for line in self._lines() if json.loads(line)["step"] <= start]
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text("".join(lines), encoding="utf-8")

    def write(self, step: int, values: dict[str, float]) -> None:
        """Adds one record."""
        if self._accelerator.is_main_process:
            with self._path.open("a", encoding="utf-8") as lines:
                lines.write(json.dumps({"step": step, **values}) + "\n")
        self._accelerator.log(values, step=step)

    def _lines(self) -> list[str]:
        if not self._path.is_file():
            return []
        whole = self._path.read_text(encoding="utf-8").splitlines(keepends=True)
        return [line for line in whole if line.endswith("\n")]


class _Positions:
    """A batch sampler that starts anywhere."""

    def __init__(self, section: Any, accelerator: Accelerator, start: int) -> None:
        self._section = section
        self._rank, self._world = accelerator.process_index, accelerator.num_processes
        self._start = start

    def __iter__(self) -> Iterator[list[int]]:
        section = self._section
        for step in range(self._start, section.steps):
            for micro in range(_micro_steps(section, self._world)):
                yield list(
                    positions(
                        step, micro, micro_batch=section.micro_batch,
                        global_batch=section.global_batch, rank=self._rank, world=self._world,
                    )
                )  # fmt: skip


def _batches(
    stage: TrainingStage, config: FigGenConfig, section: Any, accelerator: Accelerator, start: int
) -> Iterator[Batch]:
    loader: Any = DataLoader(
        stage.dataset,
        batch_sampler=_Positions(section, accelerator, start),
        num_workers=config.run.workers,
        pin_memory=accelerator.device.type == "cuda",
        worker_init_fn=_quiet_worker,
    )
    for batch in loader:
        yield {
            key: value.to(accelerator.device, non_blocking=True)
            if isinstance(value, torch.Tensor)
            else value
            for key, value in batch.items()
        }


def _quiet_worker(_index: int) -> None:
    """The main process decides when to stop; a worker must live until it has."""
    for name in _stop_numbers():
        signal.signal(name, signal.SIG_IGN)


def _stop_numbers() -> list[int]:
    """Signals that end a run after its step; Windows has no SIGUSR1."""
    names = ("SIGTERM", "SIGINT", "SIGUSR1")
    return [getattr(signal, name) for name in names if hasattr(signal, name)]


def _micro_steps(section: Any, world: int) -> int:
    micro_steps, rest = divmod(section.global_batch, section.micro_batch * world)
    if rest or not micro_steps:
        raise UserError(
            f"global_batch {section.global_batch} is not a multiple of micro_batch "
            f"{section.micro_batch} x {world} processes.",
            remedy="Change micro_batch with --set, or the number of processes.",
        )
    return int(micro_steps)


def _begin(stage: TrainingStage, plan: Plan, accelerator: Accelerator, console: RunConsole) -> int:
    folder = plan.out / "checkpoints" / stage.name
    newest = checkpoint.latest(folder)
    if newest is None:
        return 0
    if not plan.resume:
        raise UserError(
            f"{plan.out}: holds a run of stage {stage.name} already ({newest.name}).",
            remedy="Add --resume to go on with it, or choose another --out.",
        )
    step, state, changes = checkpoint.load_checkpoint(newest, plan.metadata)
    stage.load(state)
    accelerator.wait_for_everyone()
    console.log(f"Resumed from {newest}")
    if changes and accelerator.is_main_process:
        console.log(f"Changed at step {step}: {'; '.join(changes)} (before != now).")
        record = plan.out / f"changes-{stage.name}.jsonl"
        with record.open("a", encoding="utf-8") as lines:
            lines.write(json.dumps({"step": step, "changes": changes}) + "\n")
    return step


def _save(
    stage: TrainingStage, plan: Plan, accelerator: Accelerator, step: int, count: int
) -> None:
    if accelerator.is_main_process:
        folder = plan.out / "checkpoints" / stage.name
        checkpoint.save_checkpoint(folder, step, stage.state(), plan.metadata, count)
    accelerator.wait_for_everyone()


def _any_process(accelerator: Accelerator, flag: bool) -> bool:
    if accelerator.num_processes == 1:
        return flag
    own = torch.tensor([int(flag)], device=accelerator.device)
    return bool(accelerator.reduce(own, reduction="sum").item())


@contextmanager
def _stop_signals() -> Iterator[list[int]]:
    """Yields a list that gets the signals; they do nothing else until the step is done."""
    received: list[int] = []

    def note(number: int, _frame: FrameType | None) -> None:
        received.append(number)

    try:
        before = {number: signal.signal(number, note) for number in _stop_numbers()}
    except ValueError:
        # Handlers can be set in the main thread only; elsewhere the caller's stay.
        before = {}
    try:
        yield received
    finally:
        for name, handler in before.items():
            signal.signal(name, handler)
