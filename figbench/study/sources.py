"""Figures of the models of a study, read from their folders and matched by prompt."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from figbench.data.load import load_manifest
from figbench.data.manifest import Manifest
from figbench.data.pairing import pair
from figbench.data.types import Figure
from figbench.errors import UserError
from figbench.images.decode import decode
from figbench.images.types import RGBImage


@dataclass(frozen=True, slots=True)
class StudyFigures:
    """Figures by model and prompt.

    Attributes:
        manifests: By model.
        figures: By (model, prompt_id).
        prompts: Prompt ids in the order of the base set.
        captions: Caption by prompt; empty where there is none.
        papers: Paper by prompt; the prompt itself where no paper is given.
        missing: Models without a figure by prompt; only prompts that miss one.
    """

    manifests: Mapping[str, Manifest]
    figures: Mapping[tuple[str, str], Figure]
    prompts: tuple[str, ...]
    captions: Mapping[str, str]
    papers: Mapping[str, str]
    missing: Mapping[str, tuple[str, ...]]

    def image(self, model: str, prompt_id: str) -> RGBImage:
        """Returns the decoded figure, shape (h, w, 3)."""
        data = self.manifests[model].read(self.figures[model, prompt_id])
        return decode(data).image


def load_figures(
    models: Mapping[str, str | Path], reference: str | Path | None = None
) -> StudyFigures:
    """Reads the figures of each model and matches them by figure id.

    The first sample of each id is used. Prompts are those of ``reference``, else those that any
    model has.

    Args:
        models: Folder, archive or index by model name.
        reference: Set that defines prompts and captions; it is not a model of the study.

    Raises:
        UserError: If fewer than one model is given or no prompt has a figure.
    """
    base = load_manifest(reference) if reference is not None else None
    manifests = {name: load_manifest(path, reference=base) for name, path in models.items()}
    everyone = [base] if base else list(manifests.values())
    prompts: dict[str, Figure] = {}
    for manifest in everyone:
        for figure in manifest.figures:
            previous = prompts.setdefault(figure.figure_id, figure)
            if not previous.prompt and figure.prompt:
                prompts[figure.figure_id] = figure
    figures: dict[tuple[str, str], Figure] = {}
    for name, manifest in manifests.items():
        for matched in pair(manifest.figures, list(prompts.values())).pairs:
            if matched.generated is not None and (name, matched.reference.figure_id) not in figures:
                figures[name, matched.reference.figure_id] = matched.generated
    absent = {
        prompt: tuple(name for name in manifests if (name, prompt) not in figures)
        for prompt in prompts
    }
    if not figures:
        raise UserError(
            "No figure of any model answers a prompt.",
            remedy="Check the ids with: figbench data inspect PATH",
        )
    return StudyFigures(
        manifests,
        figures,
        tuple(prompts),
        {prompt: figure.prompt or "" for prompt, figure in prompts.items()},
        {prompt: figure.paper_id or prompt for prompt, figure in prompts.items()},
        {prompt: names for prompt, names in absent.items() if names},
    )
