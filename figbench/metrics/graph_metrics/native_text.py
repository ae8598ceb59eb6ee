"""Labels of a figure that are native text in its document."""

from __future__ import annotations

from collections.abc import Sequence

from figbench.data.label_text import normalise
from figbench.metrics.numerics.graph_nodes import MAX_NED
from figbench.metrics.numerics.label_matching import text_similarity


def missing_text(labels: Sequence[str], texts: Sequence[str]) -> tuple[str, ...]:
    """Returns the labels that no native text has, alone (NED <= 0.2) or within a longer text.

    Args:
        labels: Labels of the figure, as OCR reads them.
        texts: Native texts of the document.
    """
    native = [normalise(text) for text in texts]
    missing = []
    for label in labels:
        text = normalise(label)
        near = any(
            text in other or text_similarity(text, other) >= 1 - MAX_NED - 1e-9 for other in native
        )
        if not near:
            missing.append(label)
    return tuple(missing)
