"""The networks on a real local Ray: the same bits as one process, with a worker killed too."""

import json
import os
import signal
import subprocess
import sys
from contextlib import nullcontext, suppress

import psutil
import pytest
from safetensors import safe_open

from figbench.errors import UserError
from figbench.evaluation import Options, evaluate, prepare
from figbench.evaluation.distributed import ray_executor
from figbench.evaluation.planning.shard import Shard
from figbench.protocol import Protocol
from figbench.store import Namespace
from tests.evaluation.processes import command, environment, run, scores
from tests.waiting import HANG_S, wait_until

RAY = ("--deterministic", "--executor", "ray", "--ray-address", "local", "--ray-workers", "2")


def rows(store):
    """Every stored number: {space: {array: {key: bytes}}}."""
    found = {}
    for folder in store.glob("*/space.json"):
        namespace = Namespace(folder.parent, {})
        keys = sorted(namespace.keys())
        found[namespace.id] = {
            name: dict(zip(keys, map(bytes, namespace.get(keys, name)), strict=True))
            for name in names(namespace)
            if name not in ("keys", "data", "ends")
        }
    return found


def names(namespace):
    with safe_open(next(namespace.folder.glob("*.safetensors")), framework="numpy") as segment:
        return list(segment.keys())


def exactly(store, alone_store):
    ours, theirs = rows(store), rows(alone_store)
    assert sum(len(arrays) for arrays in theirs.values()) >= 6
    assert ours == theirs


def test_two_workers_give_the_bits_of_one_process(world, deterministic_root, tmp_path):
    done = run([*command(world, tmp_path / "store", tmp_path / "out"), *RAY, "--json"])
    assert done.returncode == 0, done.stderr
    assert scores(tmp_path / "out") == scores(deterministic_root / "out")
    exactly(tmp_path / "store", deterministic_root / "store")
    assert '"cpu, 2 Ray workers"' in done.stdout


@pytest.mark.parametrize(("kind", "sizes"), [("cpu", [4] * 10), ("cuda", [40])])
def test_parts_are_cut_as_one_process_cuts_them(world, tmp_path, monkeypatch, kind, sizes):
    """Larger ones leave a second worker without work where there are few figures."""
    found = []

    def drive(_ray, _actors, parts, _sink, _advance):
        found.extend(len(one.groups) for one in parts)
        return kind

    monkeypatch.setattr(ray_executor, "_connected", lambda *_: nullcontext())
    monkeypatch.setattr(ray_executor, "_kind", lambda *_: kind)
    monkeypatch.setattr(ray_executor, "_actors", lambda *_: [])
    monkeypatch.setattr(ray_executor, "_drive", drive)
    options = Options(device="cpu")
    sides = (world / "gen", world / "ref", Protocol.load(world / "p.yaml"))
    prepared = prepare(*sides, store=tmp_path, options=options)
    assert ray_executor.compute_on_ray(prepared, options, lambda *_: None) == kind
    assert found == sizes


@pytest.mark.slow
def test_rows_of_one_thread_are_those_of_one_process(world, alone_root, tmp_path):
    """Without ``--deterministic``, whose batches are of one."""
    done = run([*command(world, tmp_path / "store", tmp_path / "out"), *RAY[1:]])
    assert done.returncode == 0, done.stderr
    exactly(tmp_path / "store", alone_root / "store")


@pytest.mark.slow
def test_figures_of_an_object_store_give_the_same(
    world, deterministic_root, object_store, tmp_path
):
    urls = {
        str(world / side): object_store.upload(world / side, f"ray/{side}")
        for side in ("gen", "ref")
    }
    arguments = [urls.get(one, one) for one in command(world, tmp_path / "store", tmp_path / "out")]
    mirrors = {"FIGBENCH_MIRRORS": str(tmp_path / "mirrors")}
    done = run([*arguments, *RAY, "--json"], **object_store.environment, **mirrors)
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    assert document["manifests"]["generated"]["source"] == "s3://figures/ray/gen"
    assert document["provenance"]["device"] == "cpu, 2 Ray workers"
    assert scores(tmp_path / "out") == scores(deterministic_root / "out")


@pytest.mark.slow
def test_a_worker_killed_on_its_way_costs_no_row_and_no_bit(world, deterministic_root, tmp_path):
    driver = subprocess.Popen(
        [*command(world, tmp_path / "store", tmp_path / "out"), *RAY, "--json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(),
        text=True,
    )
    victim = first_computing(driver)
    victim.kill()
    document, messages = driver.communicate(timeout=HANG_S)
    assert driver.returncode == 0, messages
    assert "worker died" in messages
    assert json.loads(document)["provenance"]["execution"] == {"deterministic": True}
    assert scores(tmp_path / "out") == scores(deterministic_root / "out")
    exactly(tmp_path / "store", deterministic_root / "store")


def first_computing(driver):
    """Waits until a Ray worker computes a part of the run; returns its process, suspended."""

    def computing():
        for process in psutil.Process(driver.pid).children(recursive=True):
            with suppress(psutil.Error):
                process.suspend()
                if process.cmdline()[:1] == ["ray::Worker.compute"]:
                    return process
                process.resume()
        return None

    return wait_until(computing, running=driver)


@pytest.mark.slow
def test_sigterm_keeps_rows_and_leaves_no_worker(world, tmp_path):
    driver = subprocess.Popen(
        [*command(world, tmp_path / "store", tmp_path / "out"), *RAY],
        stderr=subprocess.PIPE,
        env=environment(),
        text=True,
    )
    first_computing(driver)
    family = psutil.Process(driver.pid).children(recursive=True)
    os.kill(driver.pid, signal.SIGTERM)
    _, messages = driver.communicate(timeout=HANG_S)
    assert driver.returncode == 130, messages
    assert "Interrupted" in messages
    _, alive = psutil.wait_procs(family, timeout=HANG_S)
    assert not alive


def test_what_a_user_can_get_wrong(world, tmp_path, monkeypatch):
    def score(**changes):
        evaluate(
            world / "gen", world / "ref", world / "p.yaml", store=tmp_path,
            options=Options(device="cpu", **changes),
        )  # fmt: skip

    with pytest.raises(UserError, match="--executor dask: unknown"):
        score(executor="dask")
    with pytest.raises(UserError, match="inside a torchrun or srun job"):
        score(executor="ray", shard=Shard(0, 2))
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(UserError, match=r'pip install "figbench\[ray\]"'):
        score(executor="ray")


def test_a_worker_of_another_version_or_weights_is_refused(world):
    from figbench.errors import IntegrityError
    from figbench.evaluation.distributed.ray_executor import _require_same_versions
    from figbench.evaluation.distributed.ray_worker import Worker, versions
    from figbench.evaluation.planning.execution import Execution
    from figbench.evaluation.planning.tasks import FeatureTask
    from figbench.protocol import Protocol

    _require_same_versions(versions())
    with pytest.raises(UserError, match=r"torch 1\.0 \(here 2"):
        _require_same_versions({**versions(), "torch": "1.0"})
    worker = Worker(Protocol.load("offline"), Execution(), None, "cpu", 0)
    task = FeatureTask("efficientnet-lite0", "pad256", frozenset(), (), "0" * 64)
    with pytest.raises(IntegrityError, match="other weights"):
        worker._runner(task)


class BusyMachine:
    """Stands in for Ray where a node comes up too late the first times."""

    def __init__(self, failures: int) -> None:
        self.failures, self.starts, self.stops = failures, 0, 0

    def init(self, **_: object) -> None:
        self.starts += 1
        if self.starts <= self.failures:
            raise Exception("The current node timed out during startup.\nMore.")

    def shutdown(self) -> None:
        self.stops += 1


def test_a_busy_machine_gets_more_attempts_to_start_ray():
    ray = BusyMachine(failures=2)
    ray_executor._start(ray, "local", {"num_cpus": 2})
    assert (ray.starts, ray.stops) == (3, 2)


@pytest.mark.parametrize(
    ("address", "local", "attempts", "text"),
    [
        ("local", {"num_cpus": 2}, 3, "did not start on this machine in 3 attempts: The current"),
        ("ray://nowhere:1", {}, 1, "--ray-address ray://nowhere:1: no Ray cluster answers"),
    ],
)
def test_ray_that_does_not_start_is_a_message(address, local, attempts, text):
    ray = BusyMachine(failures=9)
    with pytest.raises(UserError, match=text):
        ray_executor._start(ray, address, local)
    assert ray.starts == attempts
