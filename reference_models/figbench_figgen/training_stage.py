"""The base of both training stages: gradients, optimiser steps and the scaler's state."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

from accelerate import Accelerator
from torch.utils.data import Dataset

from figbench_figgen.config import FigGenConfig
from figbench_figgen.figures import FigureSet

Batch = dict[str, Any]


class TrainingStage(ABC):
    """A network in training, as the loop drives it.

    Attributes:
        name: ``autoencoder`` or ``diffusion``; also the section of the configuration.
        dataset: Examples by training position.
    """

    name: str
    dataset: Dataset[Batch]

    def __init__(
        self, config: FigGenConfig, figures: FigureSet, accelerator: Accelerator, out: Path
    ) -> None:
        self._config = config
        self._section: Any = getattr(config, self.name)
        self._figures, self._accelerator, self._out = figures, accelerator, out

    @abstractmethod
    def step(self, micro_batches: Sequence[Batch], step: int, lr: float) -> dict[str, float]:
        """Does an optimiser step.

        Args:
            micro_batches: Batches of this process, whose gradients are averaged.
            step: Optimiser step, from 0.
            lr: Learning rate.

        Returns:
            Name to value of the losses, ``loss`` first.
        """

    @abstractmethod
    def state(self) -> dict[str, Any]:
        """Returns weights, optimisers and averages."""

    @abstractmethod
    def load(self, state: dict[str, Any]) -> None:
        """Takes the result of :meth:`state`."""

    @abstractmethod
    def show(self, step: int) -> None:
        """Writes a grid of images."""

    @abstractmethod
    def finish(self) -> Path:
        """Writes the trained networks; returns their folder."""

    def score(self, step: int) -> dict[str, float]:
        """Returns benchmark values of the networks as they are; by default none."""
        return {}

    def _gathering(self, network: Any, position: int, count: int) -> AbstractContextManager[Any]:
        """Gradients are exchanged between processes with the last micro batch only."""
        if position == count - 1:
            return nullcontext()
        context: AbstractContextManager[Any] = self._accelerator.no_sync(network)
        return context

    def _apply(self, optimizer: Any, network: Any, lr: float) -> None:
        """Clips the gradients, does an optimiser step at rate ``lr``, and clears the gradients."""
        for group in optimizer.param_groups:
            group["lr"] = lr
        if self._section.grad_clip is not None:
            self._accelerator.clip_grad_norm_(network.parameters(), self._section.grad_clip)
        optimizer.step()
        optimizer.zero_grad()

    def _scaler_state(self) -> dict[str, Any]:
        """Returns the state of float16's gradient scaler, if there is one, under ``scaler``."""
        scaler = self._accelerator.scaler
        return {} if scaler is None else {"scaler": scaler.state_dict()}

    def _load_scaler(self, state: dict[str, Any]) -> None:
        # A run resumed in another precision may have a scaler that its checkpoint lacks.
        if self._accelerator.scaler is not None and "scaler" in state:
            self._accelerator.scaler.load_state_dict(state["scaler"])
