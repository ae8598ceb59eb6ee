"""Records of ``result.json`` that state where the scores come from."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field


class Strict(BaseModel):
    """Frozen, no unknown keys, no NaN or infinity anywhere."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class ProtocolRecord(Strict):
    """The complete protocol of the run, readable without figbench."""

    id: str = Field(description="Name, e.g. 'figgen'.")
    hash: str = Field(description="Canonical hash; only equal hashes are ever compared.")
    definition: dict[str, Any] = Field(description="The resolved protocol.")


class RejectRecord(Strict):
    """A file of a set that could not be used."""

    path: str
    code: str
    reason: str
    figure_id: str | None = None
    sample: int | None = None


class ManifestRecord(Strict):
    """One side of the evaluation."""

    source: str = Field(description="What the user named.")
    layout: str = Field(description="Which importer understood it.")
    digest: str = Field(description="SHA-256 over ids, samples and image digests, in order.")
    prompts_digest: str = Field(description="SHA-256 over the sorted figure ids.")
    n_figures: int = Field(ge=0)
    n_prompts: int = Field(ge=0)
    rejects: list[RejectRecord] = Field(default_factory=list)
    missing: list[str] = Field(default_factory=list, description="Expected 'figure_id#sample'.")
    extra: list[str] = Field(default_factory=list, description="Offered, not in the reference.")


class Manifests(Strict):
    """Both sides."""

    generated: ManifestRecord
    reference: ManifestRecord


class ModelCard(BaseModel):
    """Model that drew the figures. All fields are optional; a leaderboard requires some."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    name: str | None = None
    organisation: str | None = None
    revision: str | None = None
    licence: str | None = None
    paper: str | None = None
    code: str | None = None
    weights: str | None = None
    parameters: int | None = Field(default=None, ge=0)
    training_data: str | None = None
    guidance_scale: float | None = None
    scheduler: str | None = None
    num_inference_steps: int | None = Field(default=None, ge=1)
    seed: int | None = None
    hardware: str | None = None
    cost: str | None = None
    tags: list[str] = Field(default_factory=list)


class CostTotal(Strict):
    """What generated figures cost in one unit, as the records of their generator say it."""

    total: float = Field(ge=0, description="Sum over the figures that state it.")
    mean: float = Field(ge=0, description="Total over n.")
    n: int = Field(ge=1, description="Generated figures that state it.")


class Cost(Strict):
    """Processor time, energy and price of a run; part of no identity and of no comparison."""

    cpu_s: dict[str, float] = Field(description="CPU seconds by stage.")
    cpu_s_total: float = Field(description="CPU seconds of this process and its children.")
    joules: float | None = Field(None, description="Energy; null where no counter can be read.")
    joules_source: str | None = Field(None, description="The counters that were read.")
    usd_per_cpu_hour: float | None = Field(None, description="The price that the user stated.")
    usd: float | None = Field(None, description="CPU time at the stated price.")
    figures: int = Field(description="Generated figures that were scored.")
    per_1000_figures: dict[str, float] = Field(
        default_factory=dict, description="cpu_s, joules and usd per 1,000 figures."
    )


class Provenance(Strict):
    """Everything that is needed to repeat the run."""

    created_at: str = Field(description="UTC, ISO 8601.")
    command: list[str] = Field(description="What was typed, or the Python call.")
    figbench_version: str
    git_revision: str | None = None
    git_dirty: bool | None = None
    python_version: str
    platform: str
    device: str
    packages: dict[str, str]
    weights: dict[str, str] = Field(description="Network to SHA-256 of its weights.")
    ocr: dict[str, Any] | None = None
    seeds: dict[str, int]
    durations_s: dict[str, float]
    execution: dict[str, bool | str] = Field(
        default_factory=dict, description="How networks ran where not the usual way."
    )
    extraction: dict[str, int] = Field(
        default_factory=dict, description="Rows computed and rows found in the store."
    )
    cost: Cost | None = Field(None, description="Absent in older results.")
