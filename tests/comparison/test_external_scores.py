"""Another tool's scores become a metric of a run: interval, paired test, gate, protocol."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from figbench.comparison import add_scores, compare
from figbench.errors import IntegrityError, UserError
from figbench.metrics.external import read_external
from figbench.protocol import Protocol
from figbench.results.files import load_result
from tests.gate.factory import write_run

N = 30


def scored(folder, run, values, *, name="judge"):
    ids = [f"f{row:04d}" for row in range(N)]
    path = folder / f"{run.name}.csv"
    pd.DataFrame({"figure_id": ids, "score": values}).to_csv(path, index=False)
    out = folder / f"{run.name}-{name}"
    add_scores(run, read_external(path, name), out)
    return out


@pytest.fixture
def runs(tmp_path):
    rng = np.random.default_rng(0)
    values = rng.random(N)
    offline = Protocol.load("offline")
    record = {"id": offline.id, "hash": offline.hash, "definition": offline.definition()}
    return [
        write_run(tmp_path / name, {"label_f1": values}, name=name, protocol=record)
        for name in ("a", "b")
    ]


def test_external_scores_get_an_interval_a_paired_test_and_a_protocol_of_their_own(tmp_path, runs):
    rng = np.random.default_rng(1)
    first = rng.normal(3, 1, N)
    folders = [
        scored(tmp_path, runs[0], first),
        scored(tmp_path, runs[1], first + 0.4 + rng.normal(0, 0.1, N)),
    ]
    result = load_result(folders[0])
    judge = result.metrics["judge"]
    assert judge.value == pytest.approx(first.mean())
    assert judge.interval.low < judge.value < judge.interval.high
    assert judge.interval.method == "t by paper"
    found = compare(*folders).of("judge")
    assert found.paired and found.p_swap < 0.001 <= found.p_value
    assert found.difference == pytest.approx(0.4, abs=0.1)
    assert result.protocol.definition["external_metrics"] == {"judge": "higher"}
    assert Protocol.from_document(result.protocol.definition, "x").hash == result.protocol.hash
    with pytest.raises(IntegrityError, match="external_metrics"):
        compare(runs[0], folders[1])


def test_nothing_is_overwritten(tmp_path, runs):
    out = scored(tmp_path, runs[0], np.ones(N))
    path = tmp_path / "a.csv"
    with pytest.raises(UserError, match="already has a metric 'judge'"):
        add_scores(out, read_external(path, "judge"), tmp_path / "again")
    with pytest.raises(UserError, match="holds files"):
        add_scores(runs[1], read_external(path, "judge"), out)
