"""Finished runs without networks: results, rows and stored features of known distributions."""

import hashlib
import json

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from figbench.data.layouts.serialization import save_manifest
from figbench.data.load import load_manifest
from figbench.data.manifest import Manifest
from figbench.data.types import Figure
from figbench.results.files import write_result
from figbench.store import Store, record_key
from tests.results.factory import make_result


def digest(text):
    return hashlib.sha256(text.encode()).hexdigest()


def write_run(folder, columns, *, name="model", papers=None, features=None, **changes):
    """Writes a run folder.

    Args:
        folder: Where.
        columns: Metric id to per-figure values; the value is their mean.
        name: Of the model.
        papers: Paper of each figure; default one each.
        features: (generated, reference) arrays for ``fd@x`` and ``kd@x``.
        changes: Passed to ``make_result``.
    """
    n = len(next(iter(columns.values())))
    papers = papers or [f"p{i}" for i in range(n)]
    ids = [f"f{i:04d}" for i in range(n)]
    folder.mkdir(parents=True, exist_ok=True)
    digests = [digest(f"{name}{i}") for i in range(n)]
    table = {
        "figure_id": ids, "sample": np.zeros(n, np.int32), "paper_id": papers,
        "present": [True] * n, "sha256": digests, **columns,
    }  # fmt: skip
    pq.write_table(pa.table(table), folder / "per_figure.parquet")
    metrics = {
        metric: value(float(np.mean(values)), n, metric not in ("ocr_sim",))
        for metric, values in columns.items()
    }
    if features is not None:
        metrics |= _write_features(folder, digests, features, n)
    document = {"metrics": metrics, "model": {"name": name}, "store": str(folder / "store")}
    record = {
        "source": "x", "layout": "flat", "digest": digest(name), "prompts_digest": digest("p"),
        "n_figures": n, "n_prompts": n,
    }  # fmt: skip
    written = folder / "reference.jsonl"
    of_reference = load_manifest(written).digest if features is not None else digest("reference")
    reference = {**record, "digest": of_reference}
    document["manifests"] = {"generated": record, "reference": reference}
    write_result(make_result(**{**document, **changes}), folder)
    return folder


def value(number, n, higher=True):
    return {
        "value": number, "status": "ok", "higher_is_better": higher, "n_used": n, "n_expected": n,
        "standard_error": 0.01,
    }  # fmt: skip


def _write_features(folder, digests, features, n):
    from figbench.metrics.numerics.frechet import frechet_distance
    from figbench.metrics.numerics.kernel import kernel_sums

    generated, reference = (np.asarray(one, np.float32) for one in features)
    store = Store(folder / "store")
    namespace = store.namespace({"kind": "features", "network": "x"})
    theirs = [digest(f"reference{i}") for i in range(len(reference))]
    namespace.put([record_key(one) for one in digests], {"features": generated})
    namespace.put([record_key(one) for one in theirs], {"features": reference})
    index = {
        name: {"generated": namespace.id, "reference": namespace.id} for name in ("fd@x", "kd@x")
    }
    (folder / "features.json").write_text(json.dumps({"features": index, "readings": {}}))
    figures = tuple(Figure(f"r{i}", 0, "x", one, 1, 1) for i, one in enumerate(theirs))
    save_manifest(Manifest(figures, (), "flat", str(folder), "x"), folder / "reference.jsonl")
    return {
        "fd@x": value(frechet_distance(generated, reference), n, higher=False),
        "kd@x": value(kernel_sums(generated, reference).value, n, higher=False),
    }
