"""Peak memory of scoring stored rows: that of matrices of the features' width, not of the rows."""

import json
import subprocess
import sys

import pytest

from tests.evaluation.processes import environment
from tests.waiting import HANG_S

SCORE = """
import json, sys
from pathlib import Path
import numpy as np
from figbench.metrics import get_metric
from figbench.metrics.base import MetricInputs, Needs
from figbench.store import Store, record_key
from figbench.evaluation.scoring.stored_inputs import read_features
from figbench.data.types import Figure
from figbench.evaluation.planning.workload import image_key

def peak_mib():
    [line] = [x for x in Path("/proc/self/status").read_text().splitlines() if "VmHWM" in x]
    return int(line.split()[1]) / 1024

n, width = int(sys.argv[1]), int(sys.argv[2])
namespace = Store(Path(sys.argv[3])).namespace({"n": "x"})
figures = [Figure(str(i), 0, "", str(i), 9, 9) for i in range(2 * n)]
rng = np.random.default_rng(0)
for start in range(0, 2 * n, 128):
    keys = [image_key(one) for one in figures[start : start + 128]]
    arrays = {k: rng.random((len(keys), width), np.float32) for k in ("features", "logits")}
    namespace.put(keys, arrays)

class Namespaces:
    def of(self, task, side):
        return namespace

before = peak_mib()
for name in ("fid", "kid", "isc", "prdc@inception-v3"):
    needs = get_metric(name).spec.needs
    halves = figures[:n], figures[n:]
    sides = [read_features(Namespaces(), None, "", half, needs) for half in halves]
    ids = [one.figure_id for one in figures[:n]]
    inputs = MetricInputs(ids, [0] * n, ids, np.ones(n, bool), rng, *sides)
    get_metric(name).compute(inputs, {"subset_size": 200} if name == "kid" else {})
print(json.dumps([before, peak_mib()]))
"""


def peaks_mib(n, width, store):
    done = subprocess.run(
        [sys.executable, "-c", SCORE, str(n), str(width), str(store)],
        capture_output=True, text=True, env=environment(), timeout=HANG_S, check=True,
    )  # fmt: skip
    return json.loads(done.stdout)


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_scoring_five_times_the_rows_needs_hardly_more_memory(tmp_path):
    """Whole arrays of 10,000 x 256 would add 10 MiB a side in float32, 20 in float64."""
    few = peaks_mib(2000, 256, tmp_path / "few")
    many = peaks_mib(10000, 256, tmp_path / "many")
    growth = (many[1] - many[0]) - (few[1] - few[0])
    assert growth < 14
