"""``faithfulness``: each generated figure against the spec beside its reference."""

from __future__ import annotations

import inspect

import numpy as np

from figbench.graphs.read import GraphResult
from figbench.graphs.spec import FigureSpec
from figbench.metrics.base import (
    Measurement,
    MetricError,
    MetricInputs,
    MetricSpec,
    Needs,
    OutputSpec,
    Settings,
)


def _output(identity: str, title: str, higher_is_better: bool) -> OutputSpec:
    return OutputSpec(identity, title, higher_is_better, 0.0, 1.0, optional=True, group="structure")


OUTPUTS = (
    _output("spec_edge_recall", "Spec edge recall", True),
    _output("spec_label_recall", "Spec label recall", True),
    _output("spec_forbidden_rate", "Figures with forbidden content", False),
    _output("spec_invented_share", "Invented labels", False),
)


class Faithfulness:
    """Labels and arrows that a spec requires or forbids, without a reference drawing.

    Formula: a spec stands beside a reference as ``<name>.spec.yaml`` or ``.spec.json``. Label
        recall is the share of required labels that a figure shows (assigned one to one, NED <=
        0.2), edge recall the share of required arrows, direction included. A figure with a
        forbidden label or arrow counts 1 in the forbidden rate. Invented labels are those that
        match nothing of the spec and whose words do not all stand in its text, as a share of the
        figure's labels. Each is the mean over figures whose spec defines it.
    Reference: the inventories of SciForma (arXiv 2607.18091), checked by reading the graph instead
        of asking a model.
    Direction: higher is better for recalls, 0 to 1; lower for the forbidden rate and for invented
        labels.
    Minimum n: 1 figure with a spec.
    Known biases: reads through the graph readers, as ``structure`` does, with their accuracy in the
        details. A missing or unreadable figure has recall 0 and enters neither the forbidden rate
        nor the invented labels. Synonyms of a required label are not recognised. Questions of a
        spec are not answered here.
    """

    def __init__(self) -> None:
        self.spec = MetricSpec(
            name="faithfulness",
            outputs=OUTPUTS,
            needs=Needs(graphs=True, specs=True),
            documentation=inspect.getdoc(type(self)) or "",
            settings={"max_ned": 0.2},
        )

    def compute(self, inputs: MetricInputs, settings: Settings) -> list[Measurement]:
        """Returns the measurements that the specs define.

        Raises:
            MetricError: If no reference has a spec, or ``max_ned`` is outside [0, 1].
        """
        max_ned = self.spec.resolve(settings)["max_ned"]
        if not 0.0 <= max_ned <= 1.0:
            raise MetricError("max_ned must lie between 0 and 1")
        if not any(spec is not None for spec in inputs.specs):
            raise MetricError(
                "found 0 references with a spec, needs at least 1 (<name>.spec.yaml beside a "
                "reference figure)"
            )
        columns = {output.id: np.full(len(inputs.figure_ids), np.nan) for output in OUTPUTS}
        for i, (drawn, spec) in enumerate(zip(inputs.generated_graphs, inputs.specs, strict=True)):
            if spec is not None:
                for key, value in _row(drawn, spec, max_ned).items():
                    columns[key][i] = value
        details: dict[str, float | int | str] = {
            "specs": sum(spec is not None for spec in inputs.specs),
            "questions_not_answered": sum(len(s.questions) for s in inputs.specs if s is not None),
        }
        return [
            Measurement(
                output,
                float(np.nanmean(columns[output.id])),
                per_figure=columns[output.id],
                details=dict(details, figures=int(np.isfinite(columns[output.id]).sum())),
            )
            for output in OUTPUTS
            if np.isfinite(columns[output.id]).any()
        ]


def _row(drawn: GraphResult | None, spec: FigureSpec, max_ned: float) -> dict[str, float]:
    from figbench.metrics.numerics.graph_faithfulness import check_spec

    row: dict[str, float] = {}
    if drawn is None or drawn.failure:
        if spec.labels:
            row["spec_label_recall"] = 0.0
        if spec.edges:
            row["spec_edge_recall"] = 0.0
        return row
    found = check_spec(drawn.graph, spec, max_ned=max_ned)
    for key, value in (
        ("spec_label_recall", found.label_recall),
        ("spec_edge_recall", found.edge_recall),
        ("spec_invented_share", found.invented_share if _says_anything(spec) else None),
    ):
        if value is not None:
            row[key] = value
    if spec.forbidden_labels or spec.forbidden_edges:
        row["spec_forbidden_rate"] = float(found.forbidden > 0)
    return row


def _says_anything(spec: FigureSpec) -> bool:
    return bool(spec.labels or spec.edges or spec.text)


FAITHFULNESS = Faithfulness()
