"""Inputs for metrics from bare arrays."""

from __future__ import annotations

import numpy as np

from figbench.data.types import TextLine
from figbench.metrics.base import MetricInputs


def make_inputs(n, *, present=None, ids=None, samples=None, clusters=None, seed=0, **fields):
    """MetricInputs of ``n`` rows; features, lines and scores by keyword."""
    ids = ids or [f"f{row}" for row in range(n)]
    return MetricInputs(
        figure_ids=ids,
        samples=samples or [0] * n,
        clusters=clusters or ids,
        present=np.ones(n, np.bool_) if present is None else np.asarray(present, np.bool_),
        rng=np.random.default_rng(seed),
        **fields,
    )


def feature_inputs(x, y, *, logits=None, **fields):
    """Inputs of a set metric from features of both sides."""
    generated = {"features": np.asarray(x, np.float32)}
    if logits is not None:
        generated["logits"] = np.asarray(logits, np.float32)
    present = fields.get("present")
    n = len(x) if present is None else len(present)
    reference = {"features": np.asarray(y, np.float32)}
    return make_inputs(n, generated=generated, reference=reference, **fields)


def relu_features(rng, n, width, shift=0.0):
    """Pooled-feature-like rows: not negative, of falling scale."""
    scale = 1.0 / np.sqrt(1.0 + np.arange(width))
    return np.maximum(rng.normal(size=(n, width)) * scale + shift * scale, 0).astype(np.float32)


def lines(*texts):
    """Text lines without boxes."""
    return tuple(TextLine(text) for text in texts)
