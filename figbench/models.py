"""Interface and registry of reference models. No model is imported here."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol

from figbench.registry import Registry


class ReferenceModel(Protocol):
    """A model that can be trained and sampled; third parties register an entry point."""

    name: str

    def configs(self) -> list[str]:
        """Returns the names of its shipped configurations."""
        ...

    def info(self, config: str, overrides: Sequence[str] = ()) -> dict[str, Any]:
        """Returns ``{"name", "parts", "total", "config", ...}`` with parameter counts."""
        ...

    def train(
        self,
        *,
        stage: str,
        config: str,
        data: str,
        out: str | Path,
        overrides: Sequence[str] = (),
        autoencoder: str | Path | None = None,
        resume: bool = False,
        device: str = "auto",
        quiet: bool = False,
    ) -> Path:
        """Trains a stage; returns the folder of the trained networks."""
        ...

    def sample(
        self,
        checkpoint: str | Path,
        prompts: str | None,
        guidance_scale: float | None = None,
        num_inference_steps: int | None = None,
        samples_per_prompt: int = 1,
        seed: int = 0,
        out: str | Path = "figures",
        limit: int | None = None,
        *,
        prompt: Sequence[str] = (),
        config: str | None = None,
        overrides: Sequence[str] = (),
        eta: float | None = None,
        scheduler: str = "ddim",
        batch_size: int | None = None,
        device: str = "auto",
        precision: str = "float32",
        quiet: bool = False,
    ) -> Path:
        """Draws figures into ``out``; returns the path of their manifest."""
        ...

    def convert(
        self,
        source: str | Path,
        config: str,
        out: str | Path,
        overrides: Sequence[str] = (),
        *,
        use_ema: bool = True,
        quiet: bool = False,
    ) -> dict[str, Any]:
        """Rewrites a checkpoint of the model's authors; returns the keys that did not match."""
        ...


_MODELS: Registry[Callable[[], ReferenceModel]] = Registry("model", "figbench.models", {})


def model_names() -> list[str]:
    """Returns the installed models."""
    return _MODELS.names()


def get_model(name: str) -> ReferenceModel:
    """Returns a model by name.

    Raises:
        UserError: If the name is unknown; the message suggests the most similar.
    """
    return _MODELS.get(name)()
