"""Validation documents of several runs as one: other metrics or another n on the same flaws."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from figbench.errors import UserError
from figbench.validation.recommend import recommend


def merge_documents(documents: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Returns one document with the metrics of all; each effect states its own n.

    Args:
        documents: Of ``validation.json``, of one seed and reference, with different metrics.

    Raises:
        UserError: If there is none, or they share a metric or differ in seed or reference.
    """
    if not documents:
        raise UserError("There is no validation to merge.")
    first = documents[0]
    metrics: dict[str, Any] = {}
    flaws: dict[str, Any] = {}
    for document in documents:
        for key in ("seed", "reference", "protocol_hash"):
            if document["settings"][key] != first["settings"][key]:
                raise UserError(
                    f"Validations of different {key} do not merge: {first['settings'][key]}, "
                    f"{document['settings'][key]}."
                )
        shared = set(metrics) & set(document["metrics"])
        if shared:
            raise UserError(f"Two validations have the metric '{min(shared)}'.")
        metrics |= document["metrics"]
        flaws |= {name: flaw for name, flaw in document["flaws"].items() if name not in flaws}
    sizes = sorted({document["settings"]["n"] for document in documents})
    settings = dict(first["settings"]) | {"n": sizes[0] if len(sizes) == 1 else sizes}
    return {
        **first,
        "settings": settings,
        "flaws": flaws,
        "metrics": metrics,
        "recommended": recommend(metrics),
    }
