"""``faithfulness``: each generated figure against the spec of its reference."""

from __future__ import annotations

import inspect

from figbench.graphs.read import GraphResult
from figbench.graphs.spec import FigureSpec
from figbench.metrics.base import (
    Measurement,
    MetricError,
    MetricInputs,
    MetricSpec,
    Needs,
    Settings,
)
from figbench.metrics.graph_metrics.columns import (
    bounded_output,
    column_measurements,
    empty_columns,
    require_max_ned,
)

OUTPUTS = (
    bounded_output("spec_edge_recall", "Spec edge recall", True),
    bounded_output("spec_label_recall", "Spec label recall", True),
    bounded_output("spec_forbidden_rate", "Figures with forbidden content", False),
    bounded_output("spec_invented_share", "Invented labels", False),
)


class Faithfulness:
    """Labels and arrows that a spec requires or forbids, without a reference drawing.

    Formula: the spec of a reference is the file ``<name>.spec.yaml`` or ``.spec.json`` next to it.
        Label recall is the share of required labels that a figure shows (assigned one to one, NED
        <= 0.2), edge recall the share of required arrows, direction included. A figure with a
        forbidden label or arrow counts 1 in the forbidden rate. Invented labels are those that
        match nothing of the spec and whose words are not all in its text, as a share of the
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
        require_max_ned(max_ned)
        if not any(spec is not None for spec in inputs.specs):
            raise MetricError(
                "found 0 references with a spec, needs at least 1 (<name>.spec.yaml next to a "
                "reference figure)"
            )
        columns = empty_columns(OUTPUTS, len(inputs.figure_ids))
        for i, (graph, spec) in enumerate(zip(inputs.generated_graphs, inputs.specs, strict=True)):
            if spec is not None:
                for key, value in _figure_scores(graph, spec, max_ned).items():
                    columns[key][i] = value
        details: dict[str, float | int | str] = {
            "specs": sum(spec is not None for spec in inputs.specs),
            "questions_not_answered": sum(len(s.questions) for s in inputs.specs if s is not None),
        }
        return column_measurements(OUTPUTS, columns, details)


def _figure_scores(
    result: GraphResult | None, spec: FigureSpec, max_ned: float
) -> dict[str, float]:
    """Returns the scores that a figure enters."""
    from figbench.metrics.numerics.graph_faithfulness import check_spec

    scores: dict[str, float] = {}
    if result is None or result.failure:
        if spec.labels:
            scores["spec_label_recall"] = 0.0
        if spec.edges:
            scores["spec_edge_recall"] = 0.0
        return scores
    check = check_spec(result.graph, spec, max_ned=max_ned)
    for key, value in (
        ("spec_label_recall", check.label_recall),
        ("spec_edge_recall", check.edge_recall),
        ("spec_invented_share", check.invented_share if _has_content(spec) else None),
    ):
        if value is not None:
            scores[key] = value
    if spec.forbidden_labels or spec.forbidden_edges:
        scores["spec_forbidden_rate"] = float(check.forbidden > 0)
    return scores


def _has_content(spec: FigureSpec) -> bool:
    return bool(spec.labels or spec.edges or spec.text)


FAITHFULNESS = Faithfulness()
