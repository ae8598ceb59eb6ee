"""``validate-metrics`` on a few figures: files, resumption, foreign scores, structure."""

from __future__ import annotations

import json

import pandas as pd
import pytest

from figbench.errors import UserError
from figbench.protocol import Protocol
from figbench.validation import Request, validate
from figbench.validation.structure import structure_measurements

PROTOCOL = Protocol.load("validation")


def test_graph_scores_see_reversed_arrows_and_not_a_palette():
    clean, done = structure_measurements(10, 0, (2,), ("arrows-reversed", "palette"), ("exact",))
    name = "edge_f1@exact"
    assert done["palette"][2][name].value == clean[name].value
    assert done["arrows-reversed"][2][name].value < clean[name].value - 0.1
    # The published edge F1 does not see direction.
    legacy = "sciflow_edge_f1@exact"
    assert done["arrows-reversed"][2][legacy].value == clean[legacy].value


def test_a_run_writes_its_files_resumes_and_takes_foreign_scores(tmp_path):
    out = tmp_path / "v"
    request = Request(out, PROTOCOL, n=10, flaws=("blur", "shift"), levels=(2,),
                      metrics=("ssim",), cost=False)  # fmt: skip
    document = validate(request)
    ssim = document["metrics"]["ssim"]["flaws"]
    assert ssim["blur"]["levels"]["2"]["n"] == 10
    assert (out / "validation.md").read_text().startswith("# Which metric sees which flaw")
    for suffix in ("png", "svg"):
        assert (out / f"validation.{suffix}").stat().st_size > 3000
    stamp = (out / "runs" / "blur.2" / "result.json").stat().st_mtime_ns
    ids = [path.stem for path in sorted((out / "figures" / "clean").glob("*.png"))]
    rows = [
        {"set": name, "figure_id": one, "score": value + i / 1000}
        for name, value in (("clean", 0.9), ("blur.2", 0.4))
        for i, one in enumerate(ids)
    ]
    pd.DataFrame(rows).to_csv(tmp_path / "judge.csv", index=False)
    again = validate(Request(out, PROTOCOL, n=10, flaws=("blur", "shift"), levels=(2,),
                             metrics=("ssim",), cost=False,
                             scores=(f"judge={tmp_path / 'judge.csv'}",)))  # fmt: skip
    assert (out / "runs" / "blur.2" / "result.json").stat().st_mtime_ns == stamp
    judge = again["metrics"]["judge"]["flaws"]["blur"]["levels"]["2"]
    assert judge["change"] == pytest.approx(0.5) and judge["seen"]
    assert json.loads((out / "validation.json").read_text()) == json.loads(json.dumps(again))
    with pytest.raises(UserError, match="another --n"):
        validate(Request(out, PROTOCOL, n=12, metrics=("ssim",), cost=False))


@pytest.mark.slow
def test_metrics_see_the_flaws_that_they_claim(tmp_path):
    from figbench.validation.document import claimed

    requests = [request.metric for request in PROTOCOL.metrics]
    flaws = tuple(dict.fromkeys(name for one in requests for name in claimed(one)))
    document = validate(Request(tmp_path / "v", PROTOCOL, n=24, flaws=flaws, levels=(4,),
                                cost=False))  # fmt: skip
    for request in requests:
        for flaw in claimed(request):
            seen = [
                entry["flaws"][flaw]["levels"]["4"]["change"] > 0
                for output, entry in document["metrics"].items()
                if flaw in entry["flaws"] and _of(request, output)
            ]
            assert any(seen), f"{request} no longer sees {flaw}"


def _of(request, output):
    from figbench.metrics import get_metric

    return output in {one.id for one in get_metric(request).spec.outputs}
