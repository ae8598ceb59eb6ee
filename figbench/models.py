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
        init_from: str | Path | None = None,
        device: str = "auto",
        quiet: bool = False,
    ) -> Path:
        """Trains a stage.

        Args:
            stage: Name of the stage.
            config: Name or path of the configuration.
            data: Training figures.
            out: Folder for checkpoints and the trained networks.
            overrides: Changes of the configuration, ``key=value``.
            autoencoder: Folder of a trained autoencoder, for later stages.
            init_from: Networks to start from; None for random ones.
            resume: Whether to continue from the last checkpoint in ``out``.
            device: Device, or ``auto``.
            quiet: Whether to print nothing.

        Returns:
            Folder of the trained networks.
        """
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
        guidance_rescale: float | None = None,
        guidance_interval: tuple[float, float] | None = None,
        eta: float | None = None,
        scheduler: str = "ddim",
        batch_size: int | None = None,
        device: str = "auto",
        precision: str = "float32",
        quiet: bool = False,
    ) -> Path:
        """Draws figures.

        Args:
            checkpoint: Folder or name of the trained networks.
            prompts: File or set with captions; None where ``prompt`` is given.
            guidance_scale: Guidance scale; None for that of the checkpoint.
            num_inference_steps: Denoising steps; None for those of the checkpoint.
            samples_per_prompt: Figures of each caption.
            seed: Seed of the noise.
            out: Folder of the figures and their manifest.
            limit: Largest number of captions; None for all.
            prompt: Captions given directly.
            config: Configuration, where the checkpoint has none.
            overrides: Changes of the configuration, ``key=value``.
            guidance_rescale: Rescaling of the guided prediction; None for the default.
            guidance_interval: Part of the steps with guidance; None for all.
            eta: Noise of the sampler, 0 to 1; None for the default.
            scheduler: Name of the sampler.
            batch_size: Figures in a batch; None for the default.
            device: Device, or ``auto``.
            precision: Floating-point type of the networks.
            quiet: Whether to print nothing.

        Returns:
            Path of the manifest.
        """
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
        """Converts a checkpoint of the model's authors.

        Args:
            source: The checkpoint.
            config: Name or path of the configuration.
            out: Folder of the converted networks.
            overrides: Changes of the configuration, ``key=value``.
            use_ema: Whether to take the moving average of the weights.
            quiet: Whether to print nothing.

        Returns:
            Report of the conversion, with the keys that did not match.
        """
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
