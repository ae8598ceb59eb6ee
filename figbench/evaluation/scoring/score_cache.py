"""Cache of set-level scores in the store.

FID and KID of 12,000 figures are half a minute of matrix products with the same result each time.
The key of a cached score contains everything that it depends on: the digests of the figures, the
request, the seed, and the source code of the metrics.
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
from figbench.store import Namespace, Store, record_key

_FIELDS = ("value", "standard_error", "method", "details", "warnings")


@dataclass(frozen=True, slots=True)
class ScoreCache:
    """The cached scores of one store.

    Attributes:
        namespace: Namespace of the scores.
    """

    namespace: Namespace

    @classmethod
    def of(cls, store: Store) -> ScoreCache:
        """Opens the cache of this version of the metrics."""
        return cls(
            store.namespace({"kind": "scores", "code": _code_digest(), "numpy": np.__version__})
        )

    def measure(
        self,
        metric: Metric,
        dependencies: Mapping[str, Any],
        compute: Callable[[], list[Measurement]],
    ) -> list[Measurement]:
        """Returns the cached measurements, or computes and caches them.

        Only metrics with a ``cache_version`` are cached, and of these only measurements without
        values per figure, since per-figure metrics are cheap.

        Args:
            metric: The metric.
            dependencies: All that its measurements depend on, as JSON.
            compute: Called where the cache has no entry.
        """
        version = metric.spec.cache_version
        if version is None:
            return compute()
        module = type(metric).__module__
        identified = {**dependencies, "module": module, "cache_version": version}
        key = record_key(json.dumps(identified, sort_keys=True))
        if key in self.namespace:
            return _decoded(metric, self.namespace.get_bytes([key])[0])
        measurements = compute()
        if all(item.per_figure is None for item in measurements):
            # A store that can be read but not written costs the cache, not the run.
            with suppress(OSError):
                self.namespace.put_bytes([key], [_encoded(measurements)])
        return measurements


def _encoded(measurements: Sequence[Measurement]) -> bytes:
    entries = [
        {"output": item.output.id, **{name: getattr(item, name) for name in _FIELDS}}
        for item in measurements
    ]
    return json.dumps(entries, default=lambda value: value.item()).encode()


def _decoded(metric: Metric, payload: bytes) -> list[Measurement]:
    outputs = {output.id: output for output in metric.spec.outputs}
    return [
        Measurement(outputs[entry.pop("output")], **{**entry, "warnings": tuple(entry["warnings"])})
        for entry in json.loads(payload)
    ]


@lru_cache(maxsize=1)
def _code_digest() -> str:
    digest = hashlib.sha256()
    for source in sorted(_sources(resources.files("figbench.metrics")), key=str):
        digest.update(source.name.encode() + b"\0" + source.read_bytes())
    return digest.hexdigest()


def _sources(folder: Traversable) -> list[Traversable]:
    sources = []
    for item in folder.iterdir():
        if item.is_dir():
            sources += _sources(item)
        elif item.name.endswith(".py"):
            sources.append(item)
    return sources
