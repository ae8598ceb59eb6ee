"""Several processes fill one store: torchrun's, srun's, and one that dies on the way."""

import json
import os
import shutil
import signal
import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import pytest

from figbench.errors import UserError
from figbench.evaluation import Options, prepare
from figbench.evaluation.distributed import heartbeat
from figbench.evaluation.distributed.shard import remaining, share
from figbench.evaluation.planning.shard import Shard, shard_from_environment
from tests.evaluation.processes import command, environment, run, scores, torchrun
from tests.waiting import wait_until


def same(ours, theirs):
    assert ours.keys() == theirs.keys()
    for name, (value, used) in ours.items():
        assert used == theirs[name][1]
        assert value == pytest.approx(theirs[name][0], rel=1e-6, abs=1e-9), name


def test_two_ranks_of_torchrun_score_as_one_process(world, alone, tmp_path):
    done = run(command(world, tmp_path / "store", tmp_path / "out", *torchrun(2)))
    assert done.returncode == 0, done.stderr
    same(scores(tmp_path / "out"), alone)
    assert done.stderr.count("Written:") == 1
    signs = [path.read_text() for path in (tmp_path / "store" / "runs").glob("*/1")]
    assert signs == ["done"]


@pytest.mark.slow
def test_rank_killed_with_its_group_then_rerun(world, alone, tmp_path):
    group = subprocess.Popen(
        command(world, tmp_path / "store", tmp_path / "out", *torchrun(2)),
        stderr=subprocess.DEVNULL,
        env=environment(),
        start_new_session=True,
    )
    wait_for(tmp_path / "store", group)
    os.killpg(group.pid, signal.SIGKILL)
    group.wait()
    rows = list((tmp_path / "store").glob("*/*.safetensors"))
    assert rows
    assert not (tmp_path / "out" / "result.json").exists()
    done = run(command(world, tmp_path / "store", tmp_path / "out", *torchrun(2)))
    assert done.returncode == 0, done.stderr
    same(scores(tmp_path / "out"), alone)
    assert set(rows) <= set((tmp_path / "store").glob("*/*.safetensors"))


def wait_for(store, process):
    """Waits until a second rank shows that it has begun."""
    wait_until(lambda: list((store / "runs").glob("*/1")), running=process)


def test_rank_0_takes_over_the_share_of_a_rank_that_died(world, alone, tmp_path):
    store = tmp_path / "store"
    other = subprocess.Popen(
        command(world, store, tmp_path / "none"),
        env=environment(RANK="1", WORLD_SIZE="2"),
        stderr=subprocess.DEVNULL,
    )
    wait_for(store, other)
    other.kill()
    other.wait()
    assert not (tmp_path / "none").exists()
    short = "from figbench.evaluation.distributed import heartbeat as h; h.SILENT_AFTER_S = 1.5"
    main = "import sys; from figbench.cli.main import run; run()"
    arguments = command(world, store, tmp_path / "out")[3:]
    done = run([sys.executable, "-c", f"{short}; {main}", *arguments], RANK="0", WORLD_SIZE="2")
    assert done.returncode == 0, done.stderr
    same(scores(tmp_path / "out"), alone)


def test_shares_are_disjoint_whole_and_stay_where_they_are(world, tmp_path):
    plan = prepare(
        world / "gen", world / "ref", world / "p.yaml", store=tmp_path, options=Options()
    )
    shards = [Shard(rank, 3) for rank in range(3)]

    def keys(workload):
        return {(j.task, j.side, j.key) for group in workload.groups for j in group.jobs}

    before = [keys(share(plan.workload, shard)) for shard in shards]
    assert set.union(*before) == keys(plan.workload)
    assert sum(len(part) for part in before) == len(keys(plan.workload))
    assert max(map(len, before)) - min(map(len, before)) <= 12
    jobs = [job for group in plan.workload.groups for job in group.jobs]
    job = next(job for job in jobs if job.task.scores_pairs)
    plan.namespaces.of(job.task, job.side).put([job.key], {"score": np.zeros(1)})
    again = prepare(
        world / "gen", world / "ref", world / "p.yaml", store=tmp_path, options=Options()
    )
    stored = {(job.task, job.side, job.key)}
    assert keys(remaining(plan.workload, plan.namespaces)) == keys(plan.workload) - stored
    assert [keys(share(again.workload, s)) for s in shards] == [part - stored for part in before]


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({}, Shard()),
        ({"RANK": "3", "WORLD_SIZE": "8", "LOCAL_RANK": "1"}, Shard(3, 8, 1)),
        ({"SLURM_PROCID": "0", "SLURM_NTASKS": "8"}, Shard()),
        (
            {"SLURM_STEP_ID": "2", "SLURM_PROCID": "5", "SLURM_NTASKS": "8", "SLURM_LOCALID": "1"},
            Shard(5, 8, 1),
        ),
        (
            {"SLURM_STEP_ID": "2", "SLURM_PROCID": "1", "SLURM_NTASKS": "8"}
            | {"SLURM_STEP_NUM_TASKS": "2"},
            Shard(1, 2, 0),
        ),
    ],
    ids=["alone", "torchrun", "batch-script", "srun", "srun-step"],
)
def test_launchers_are_understood(variables, expected):
    assert shard_from_environment(variables) == expected


@pytest.mark.parametrize("rank", ["2", "-1", "x"])
def test_contradicting_variables_are_an_error(rank):
    with pytest.raises(UserError, match=f"RANK='{rank}'"):
        shard_from_environment({"RANK": rank, "WORLD_SIZE": "2"})


def test_watch_tells_the_living_from_the_dead(tmp_path, monkeypatch):
    """Rank 0's clock is the test's own; the other process counts up in real time."""
    clock = [0.0]
    own = SimpleNamespace(monotonic=lambda: clock[0], time_ns=lambda: 0)
    monkeypatch.setattr(heartbeat, "time", own)
    monkeypatch.setattr(heartbeat, "BEAT_S", 0.001)
    path = tmp_path / "1"
    watch = heartbeat.Watch(tmp_path, 2)
    clock[0] += 0.9 * heartbeat.UNSEEN_AFTER_S
    assert watch.any_running()
    clock[0] += 0.2 * heartbeat.UNSEEN_AFTER_S
    assert not watch.any_running()
    with heartbeat.beating(tmp_path, 1):
        for _ in range(3):
            before = path.read_text()
            wait_until(lambda before=before: path.read_text() != before)
            clock[0] += 0.9 * heartbeat.SILENT_AFTER_S
            assert watch.any_running()
    assert not watch.any_running()
    path.write_text("left by a process that was killed")
    assert watch.any_running()
    clock[0] += 0.9 * heartbeat.SILENT_AFTER_S
    assert watch.any_running()
    clock[0] += 0.2 * heartbeat.SILENT_AFTER_S
    assert not watch.any_running()
    with pytest.raises(ValueError, match="inside"), heartbeat.beating(tmp_path, 1):
        raise ValueError("inside")
    assert not watch.any_running()
    assert not heartbeat.Watch(tmp_path, 1).any_running()


def a_few(world, root):
    """Returns a copy of the first figures."""
    for side in ("gen", "ref"):
        (root / side).mkdir(parents=True)
        for path in sorted((world / side).iterdir())[:4]:
            shutil.copy(path, root / side)
    shutil.copy(world / "p.yaml", root)
    return root


def test_precisions_are_protocols_of_their_own_and_never_share_a_row(world, tmp_path):
    plans = {}
    few = a_few(world, tmp_path / "few")  # A CPU may have to imitate bfloat16, slowly.
    for precision in ("float32", "bfloat16"):
        [_, _, *arguments] = command(few, tmp_path / "store", tmp_path / precision)
        done = run(
            [
                sys.executable,
                "-m",
                *arguments,
                "--precision",
                precision,
                "--json",
                "--allow-rejects",
            ]
        )
        assert done.returncode == 0, done.stderr
        plans[precision] = json.loads(done.stdout)
    assert len({document["protocol"]["hash"] for document in plans.values()}) == 2
    found = plans["bfloat16"]["provenance"]["extraction"]
    # Scikit-image and image statistics run in one precision only; their rows are kept apart too.
    assert found["from_store"] == 0
    assert plans["bfloat16"]["protocol"]["definition"]["precision"] == "bfloat16"
    done = run([sys.executable, "-m", *arguments, "--precision", "int8"])
    assert done.returncode == 2
    assert "float32" in done.stderr
    assert "Traceback" not in done.stderr
