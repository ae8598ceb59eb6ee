"""Schema of ``result.json``: typed models and their JSON Schema."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import NormalDist
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field, PrivateAttr, field_validator, model_validator

from figbench.errors import UserError
from figbench.registry import suggest
from figbench.results.records import (
    Cost,
    CostTotal,
    ManifestRecord,
    Manifests,
    ModelCard,
    ProtocolRecord,
    Provenance,
    RejectRecord,
    Strict,
)

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "SCHEMA_VERSION",
    "Attached",
    "Cost",
    "CostTotal",
    "Interval",
    "ManifestRecord",
    "Manifests",
    "MetricValue",
    "ModelCard",
    "ProtocolRecord",
    "Provenance",
    "RejectRecord",
    "RunResult",
    "Status",
    "Strict",
    "json_schema",
]

SCHEMA_VERSION = 1
Status = Literal["ok", "skipped", "failed"]


class Interval(Strict):
    """A two-sided confidence interval."""

    low: float = Field(description="Lower bound.")
    high: float = Field(description="Upper bound.")
    level: float = Field(gt=0, lt=1, description="Nominal coverage, e.g. 0.95.")
    method: str = Field(description="How it was computed, e.g. 'influence function'.")


class MetricValue(Strict):
    """One number, or the reason why there is none."""

    value: float | None = Field(description="The score; null unless status is 'ok'.")
    status: Status = Field(description="'ok', 'skipped' (not asked or not possible) or 'failed'.")
    reason: str | None = Field(default=None, description="Why there is no value.")
    higher_is_better: bool = Field(description="Direction.")
    interval: Interval | None = Field(default=None, description="Uncertainty of the value.")
    standard_error: float | None = Field(default=None, ge=0, description="Of the value.")
    n_used: int = Field(ge=0, description="Generated figures that entered the number.")
    n_expected: int = Field(ge=0, description="Generated figures the protocol expects.")
    title: str = Field(default="", description="Name for tables.")
    display_scale: float = Field(default=1.0, description="Factor for tables only.")
    details: dict[str, float | int | str] = Field(
        default_factory=dict, description="Further numbers, e.g. FID at half of n."
    )
    warnings: list[str] = Field(default_factory=list, description="What to know about it.")

    @property
    def implied_standard_error(self) -> float | None:
        """The standard error, or the one that the width of the interval implies."""
        if self.standard_error is not None or self.interval is None:
            return self.standard_error
        reach = NormalDist().inv_cdf((1 + self.interval.level) / 2)
        return (self.interval.high - self.interval.low) / (2 * reach)

    @model_validator(mode="after")
    def _value_iff_ok(self) -> MetricValue:
        if (self.value is not None) != (self.status == "ok"):
            raise ValueError("value must be present exactly when status is 'ok'")
        if self.status != "ok" and not self.reason:
            raise ValueError(f"status '{self.status}' needs a reason")
        return self


@dataclass(slots=True)
class Attached:
    """Values that travel with a result in memory and are not part of ``result.json``.

    Attributes:
        folder: Folder of the result, when it is on disk.
        table: Arrow table of per-figure values, or None.
    """

    folder: Path | None = field(default=None, compare=False)
    table: Any = field(default=None, compare=False)


class RunResult(Strict):
    """``result.json``: the result of ``figbench evaluate``."""

    schema_version: int = SCHEMA_VERSION
    protocol: ProtocolRecord
    metrics: dict[str, MetricValue]
    manifests: Manifests
    model: ModelCard = ModelCard()
    provenance: Provenance
    warnings: list[str] = Field(default_factory=list)
    cost: dict[Literal["seconds", "tokens", "usd"], CostTotal] = Field(
        default_factory=dict, description="Cost of the generated figures, where records state it."
    )
    store: str | None = Field(
        default=None, description="Feature store that holds this run's features, if kept."
    )

    @field_validator("schema_version")
    @classmethod
    def _supported_version(cls, version: int) -> int:
        if version != SCHEMA_VERSION:
            raise ValueError(
                f"schema_version {version} is not {SCHEMA_VERSION}; use the figbench that wrote it"
            )
        return version

    _attached: Attached = PrivateAttr(default_factory=Attached)

    def value(self, metric_id: str) -> float:
        """Returns the value of an ``ok`` metric; NaN is never returned.

        Raises:
            KeyError: If the metric is absent or has no value; the reason is in the message.
        """
        metric = self.metrics.get(metric_id)
        if metric is None:
            raise KeyError(f"{metric_id}: not in this result ({', '.join(self.metrics)})")
        if metric.value is None or not math.isfinite(metric.value):
            raise KeyError(f"{metric_id}: {metric.status} ({metric.reason})")
        return metric.value

    def __getitem__(self, metric_id: str) -> MetricValue:
        """Returns a metric by id: ``result["label_f1"].value``.

        Raises:
            KeyError: If the result has no such metric; the message suggests the most similar.
        """
        if metric_id not in self.metrics:
            hint = suggest(metric_id, self.metrics)
            raise KeyError(f"{metric_id}: not in this result ({', '.join(self.metrics)}).{hint}")
        return self.metrics[metric_id]

    def attach(self, folder: Path | None = None, table: Any = None) -> RunResult:
        """Sets the folder or the per-figure table; returns the result itself."""
        if folder is not None:
            self._attached.folder = folder
        if table is not None:
            self._attached.table = table
        return self

    @property
    def folder(self) -> Path | None:
        """Folder of the result, or None for a result that was never written."""
        return self._attached.folder

    @property
    def figure_table(self) -> Any:
        """Arrow table with one row per expected figure, or None where it is not available."""
        path = self._attached.folder and self._attached.folder / "per_figure.parquet"
        if self._attached.table is None and path and path.is_file():
            import pyarrow.parquet as pq

            self._attached.table = pq.read_table(path)
        return self._attached.table

    def to_frame(self) -> pd.DataFrame:
        """Returns a pandas frame: one row per metric with value, bounds, counts and status."""
        from figbench.results import views

        return views.frame(self)

    def per_figure(self) -> pd.DataFrame:
        """Returns a pandas frame: one row per expected figure, one column per metric.

        Raises:
            UserError: If the result was loaded without its ``per_figure.parquet``.
        """
        from figbench.results import views

        table = self.figure_table
        if table is None:
            raise UserError(
                "This result has no per-figure values.",
                remedy="Load it from its folder, with per_figure.parquet: "
                "figbench.load_result(FOLDER).",
            )
        return views.per_figure(table)

    def to_dict(self) -> dict[str, float]:
        """Returns scalars for a logger: ``id``, ``id/low`` and ``id/high``."""
        from figbench.results import views

        return views.flat(self)

    def to_markdown(self, metrics: Sequence[str] | None = None) -> str:
        """Returns a Markdown table of all or some metrics."""
        from figbench.results import views

        return views.markdown(self, metrics)

    def to_latex(self, metrics: Sequence[str] | None = None) -> str:
        """Returns a LaTeX table (booktabs) of all or some metrics."""
        from figbench.results import views

        return views.latex(self, metrics)

    def _repr_html_(self) -> str:
        from figbench.results import views

        return views.html(self)

    def __repr__(self) -> str:
        from figbench.results import views

        return views.short(self)

    def __str__(self) -> str:
        """One line: protocol, counts, first values."""
        return repr(self)


def json_schema() -> dict[str, Any]:
    """Returns the JSON Schema of ``result.json`` (draft 2020-12)."""
    schema = RunResult.model_json_schema(mode="serialization")
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}
