"""Fills a store with random rows, as if the network had run.

``python -m tests.benchmarks.side_by_side.stored ROOT PROTOCOL STORE``
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

from figbench.evaluation import Options, prepare
from figbench.evaluation.inference.writers import StoreWriter
from figbench.features import extractor_info


def fill(root: Path, protocol: Path, store: Path) -> None:
    """Writes a row for everything that an evaluation of the two sets would compute."""
    prepared = prepare(
        root / "generated", root / "reference", protocol, store=store, options=Options(device="cpu")
    )
    rng = np.random.default_rng(0)
    writer = StoreWriter(prepared.namespaces)
    for group in prepared.workload.groups:
        for job in group.jobs:
            outputs = extractor_info(job.task.network).outputs
            writer.add(job, {name: rng.random(w, np.float32) for name, w in outputs.items()})
    writer.flush()


if __name__ == "__main__":
    fill(*map(Path, sys.argv[1:]))
