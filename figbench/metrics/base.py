"""Types of metrics: specs, required inputs, inputs, measurements and the metric protocol."""

from __future__ import annotations

import inspect
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from figbench.data.types import TextLine
from figbench.errors import UserError
from figbench.graphs.editable import DocumentContent
from figbench.graphs.read import GraphResult
from figbench.graphs.spec import FigureSpec
from figbench.metrics.numerics.blocks import FeatureMatrix
from figbench.registry import suggest

Array = npt.NDArray[np.float64]
Settings = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class OutputSpec:
    """One number that a metric reports.

    Attributes:
        id: Metric id in ``result.json``; for families over a feature extractor with the
            extractor's name, such as ``fd@efficientnet-lite0``.
        title: For tables.
        higher_is_better: Direction.
        low: Smallest possible value.
        high: Largest possible value.
        display_scale: Factor for tables only (1000 for KID).
        optional: Reported only where the inputs allow it (several samples per prompt, labels of
            the data set); its absence is not a failure.
    """

    id: str
    title: str
    higher_is_better: bool
    low: float = -math.inf
    high: float = math.inf
    display_scale: float = 1.0
    optional: bool = False
    group: str = "other"
    """Heading under which tables list the output: ``labels``, ``structure``, ``pairs``,
    ``distance``, ``variety``, ``validity`` or ``other``."""

    @property
    def bounds(self) -> tuple[float, float]:
        """Smallest and largest possible value."""
        return self.low, self.high


@dataclass(frozen=True, slots=True)
class Needs:
    """Inputs that evaluation must provide to a metric.

    Attributes:
        features: Names of the required outputs of the extractor (``features``, ``logits``).
        reference_features: Whether features of the reference figures are required.
        ocr: Whether text lines of both sides are required.
        graphs: Whether the nodes and edges of both sides are required.
        specs: Whether the specs of the references are required.
        documents: Whether the objects in the documents of generated figures are required.
        pair_scorer: Registry name of a pair scorer, for paired image metrics.
        extractor: Name of a fixed extractor; None when the request names it after ``@``.
        in_blocks: Whether the metric reads features as :class:`FeatureMatrix`, by slices and row
            numbers, which may stay on disk; otherwise it receives whole arrays.
    """

    features: tuple[str, ...] = ()
    reference_features: bool = False
    ocr: bool = False
    graphs: bool = False
    specs: bool = False
    documents: bool = False
    pair_scorer: str | None = None
    extractor: str | None = None
    in_blocks: bool = False


@dataclass(frozen=True, slots=True)
class MetricSpec:
    """Description of a metric; help, docs, tooltips and gate directions derive from it.

    Attributes:
        name: Request name, with ``@extractor`` for families.
        outputs: Every number that it can report.
        needs: Inputs that evaluation must provide.
        minimum_n: Smallest number of generated figures for which the metric is defined.
        documentation: Docstring with the sections Formula, Reference, Direction, Minimum n
            and Known biases.
        settings: Every setting of the metric, with its default.
        version: Increased when the same inputs give another number; part of the protocol's hash
            from 2 on.
        cache_version: Increased when cached set-level scores of the metric become invalid; None
            for a metric whose scores are not cached.
        sees: Families of flaws, or single flaws, of ``figbench.synthfig.degrade`` that the metric
            claims to detect; the slow tests check the claims.
    """

    name: str
    outputs: tuple[OutputSpec, ...]
    needs: Needs
    minimum_n: int = 1
    documentation: str = ""
    settings: Settings = field(default_factory=dict)
    version: int = 1
    cache_version: int | None = None
    sees: tuple[str, ...] = ()

    @property
    def paired(self) -> bool:
        """True when the metric compares a generated figure with its own reference."""
        needs = self.needs
        return needs.ocr or needs.graphs or needs.pair_scorer is not None

    def section(self, heading: str) -> str:
        """Returns one section ("Formula", "Known biases", ...) of the documentation."""
        text = inspect.cleandoc(self.documentation)
        match = re.search(rf"^{heading}:\s*(.*?)(?=^\S[^\n]*:\s|\Z)", text, re.M | re.S)
        return inspect.cleandoc(match.group(1)).strip() if match else ""

    def resolve(self, settings: Settings) -> dict[str, Any]:
        """Returns the defaults overlaid with ``settings``.

        Raises:
            UserError: If a setting is unknown or of another type than its default.
        """
        for key, value in settings.items():
            if key not in self.settings:
                raise UserError(
                    f"Metric '{self.name}' has no setting '{key}'.{suggest(key, self.settings)}",
                    remedy=f"Its settings: {', '.join(sorted(self.settings)) or 'none'}.",
                )
            expected = type(self.settings[key])
            if not isinstance(value, (int, float) if expected is float else expected):
                raise UserError(
                    f"Metric '{self.name}': setting '{key}' is {value!r}, "
                    f"expected {expected.__name__}.",
                )
        return {**self.settings, **settings}


@dataclass(frozen=True, slots=True)
class MetricInputs:
    """Arrays for one metric; every per-row field is aligned with ``figure_ids``.

    A row is a pair (prompt, sample), in manifest order. For paired metrics a missing or unreadable
    generated figure is replaced by a blank page, with ``present`` False.

    Attributes:
        figure_ids: Per row.
        samples: Per row, sample index.
        clusters: Per row, paper id (or figure id).
        present: Per row; False where the model delivered no usable figure.
        generated: Output name to (n, d) array, or :class:`FeatureMatrix` for a metric that reads
            blocks; only rows that are present, same order.
        reference: Output name to (m, d) array or matrix.
        generated_lines: OCR of each generated row.
        reference_lines: OCR of the paired reference under the same engine and preprocess.
        truth_lines: The data set's own labels of the paired reference, where it has
            them; None for a figure without stored labels.
        generated_graphs: Graph of each generated row; None where the figure is missing.
        reference_graphs: Graph of the paired reference of each row.
        ceiling_graphs: For a row whose generated figure is read from pixels and whose reference
            has a document: the graph read from the pixels of that reference; else None.
        specs: Required content of the figure of each row; None where its reference has no spec.
        documents: Objects of the document of each generated row; None where the figure is missing
            or has pixels only.
        pair_scores: Score of each row from the pair scorer.
        generated_digests: SHA-256 of the bytes of the present rows.
        reference_digests: SHA-256 of the bytes of the reference rows.
        reference_clusters: Paper id of each reference row; empty when unknown.
        reference_ids: Figure id of each reference row, under the names of ``figure_ids``; empty
            where the two sides have no ids in common.
        rejected: Number of generated files rejected as unreadable.
        rng: Random generator of this metric.
    """

    figure_ids: Sequence[str]
    samples: Sequence[int]
    clusters: Sequence[str]
    present: npt.NDArray[np.bool_]
    rng: np.random.Generator
    generated: Mapping[str, FeatureMatrix] = field(default_factory=dict)
    reference: Mapping[str, FeatureMatrix] = field(default_factory=dict)
    generated_lines: Sequence[Sequence[TextLine]] = ()
    reference_lines: Sequence[Sequence[TextLine]] = ()
    truth_lines: Sequence[Sequence[TextLine] | None] = ()
    generated_graphs: Sequence[GraphResult | None] = ()
    reference_graphs: Sequence[GraphResult | None] = ()
    ceiling_graphs: Sequence[GraphResult | None] = ()
    specs: Sequence[FigureSpec | None] = ()
    documents: Sequence[DocumentContent | None] = ()
    pair_scores: Array | None = None
    generated_digests: Sequence[str] = ()
    reference_digests: Sequence[str] = ()
    reference_clusters: Sequence[str] = ()
    reference_ids: Sequence[str] = ()
    rejected: int = 0

    @property
    def present_clusters(self) -> list[str]:
        """Cluster of each present row: aligned with ``generated``."""
        return [name for name, present in zip(self.clusters, self.present, strict=True) if present]

    @property
    def present_ids(self) -> list[str]:
        """Figure id of each present row: aligned with ``generated``."""
        return [
            name for name, present in zip(self.figure_ids, self.present, strict=True) if present
        ]


@dataclass(frozen=True, slots=True)
class Measurement:
    """One output of a metric, before statistics turn it into an interval.

    Attributes:
        output: The output that was measured.
        value: Finite; a metric without a finite value raises :class:`MetricError`.
        standard_error: Of the value, when the metric has its own formula.
        method: Name of that formula, such as ``influence function``.
        per_figure: One value per row, shape (n,), aligned with ``MetricInputs.figure_ids``; NaN
            for rows that do not enter the mean. Without a standard error, the interval is that of
            the mean of these values, clustered by paper.
        details: Further numbers for the result (``value_at_half_n``, ``subsets``), all finite.
        warnings: Sentences for the user.
    """

    output: OutputSpec
    value: float
    standard_error: float | None = None
    method: str | None = None
    per_figure: Array | None = None
    details: Mapping[str, float | int | str] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()


class Metric(Protocol):
    """A metric module's single public object."""

    spec: MetricSpec

    def compute(self, inputs: MetricInputs, settings: Settings) -> list[Measurement]:
        """Returns the measurements.

        Raises:
            MetricError: When the inputs do not allow a number.
        """
        ...


class MetricError(Exception):
    """A metric could not be computed; its status in the result is the message."""
