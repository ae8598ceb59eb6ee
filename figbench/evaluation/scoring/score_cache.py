"""Scores of whole sets, kept in the store beside the rows that they were made of.

FID and KID of 12,000 figures are half a minute of matrix products that come out the same each time.
A kept score is found only by everything that it depends on: the rows by digest, the request, the
seed, and the source code of the metrics.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from importlib.resources.abc import Traversable
from typing import Any

import numpy as np

from figbench.metrics.base import Measurement, Metric
from figbench.store import Space, Store, row_key

_FIELDS = ("value", "standard_error", "method", "details", "warnings")


@dataclass(frozen=True, slots=True)
class KeptScores:
    """The kept scores of one store."""

    space: Space

    @classmethod
    def of(cls, store: Store) -> KeptScores:
        """Opens what this very version of the metrics has kept."""
        return cls(store.space({"kind": "scores", "code": _code_digest(), "numpy": np.__version__}))

    def measure(
        self,
        metric: Metric,
        dependencies: Mapping[str, Any],
        compute: Callable[[], list[Measurement]],
    ) -> list[Measurement]:
        """Returns the kept measurements, or computes and keeps them.

        Only metrics with a ``cache_version`` are cached, and of these only what has no value per
        figure, since per-figure metrics are cheap.

        Args:
            metric: The metric.
            dependencies: All that its measurements depend on, as JSON.
            compute: Called where nothing is kept.
        """
        version = metric.spec.cache_version
        if version is None:
            return compute()
        module = type(metric).__module__
        identified = {**dependencies, "module": module, "cache_version": version}
        key = row_key(json.dumps(identified, sort_keys=True))
        if key in self.space:
            return _decoded(metric, self.space.get_bytes([key])[0])
        found = compute()
        if all(one.per_figure is None for one in found):
            # A store that cannot be written has served its rows all the same.
            with suppress(OSError):
                self.space.put_bytes([key], [_encoded(found)])
        return found


def _encoded(measurements: Sequence[Measurement]) -> bytes:
    rows = [
        {"output": one.output.id, **{name: getattr(one, name) for name in _FIELDS}}
        for one in measurements
    ]
    return json.dumps(rows, default=lambda value: value.item()).encode()


def _decoded(metric: Metric, payload: bytes) -> list[Measurement]:
    outputs = {output.id: output for output in metric.spec.outputs}
    return [
        Measurement(outputs[row.pop("output")], **{**row, "warnings": tuple(row["warnings"])})
        for row in json.loads(payload)
    ]


@lru_cache(maxsize=1)
def _code_digest() -> str:
    digest = hashlib.sha256()
    for source in sorted(_sources(resources.files("figbench.metrics")), key=str):
        digest.update(source.name.encode() + b"\0" + source.read_bytes())
    return digest.hexdigest()


def _sources(folder: Traversable) -> list[Traversable]:
    found = []
    for item in folder.iterdir():
        if item.is_dir():
            found += _sources(item)
        elif item.name.endswith(".py"):
            found.append(item)
    return found
