"""figbench in processes of its own, on a small pair of sets."""

import json
import os
import subprocess
import sys

from tests.waiting import HANG_S

PROTOCOL = """
id: processes
preprocess: pad256
metrics: [{metric: fd@efficientnet-lite0}, {metric: ssim}, {metric: validity}]
"""


def command(world, store, out, *launcher):
    return [
        *(launcher or (sys.executable,)), "-m", "figbench", "evaluate", str(world / "gen"),
        "--reference", str(world / "ref"), "--protocol", str(world / "p.yaml"),
        "--store", str(store), "--output", str(out), "--device", "cpu",
    ]  # fmt: skip


def environment(**changes):
    kept = {k: v for k, v in os.environ.items() if k not in ("RANK", "WORLD_SIZE", "LOCAL_RANK")}
    return {**kept, "OMP_NUM_THREADS": "1", **changes}


def run(*arguments, **changes):
    return subprocess.run(
        *arguments, capture_output=True, text=True, env=environment(**changes), timeout=HANG_S
    )


def torchrun(ranks):
    return (
        sys.executable, "-m", "torch.distributed.run", "--standalone",
        "--nproc_per_node", str(ranks),
    )  # fmt: skip


def scores(out):
    document = json.loads((out / "result.json").read_text())
    return {name: (m["value"], m["n_used"]) for name, m in document["metrics"].items()}
