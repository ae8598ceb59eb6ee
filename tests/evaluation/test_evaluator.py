"""The Evaluator in one process and in two; its state; its errors."""

import pickle
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.multiprocessing as mp

import figbench
from figbench import Evaluator, Figures
from figbench.errors import UserError
from figbench.evaluation.evaluator_state import pack_state, unpack_states
from figbench.store import MemoryStore

METRICS = ["kd@efficientnet-lite0", "ssim", "validity"]
IDS = [f"f{i}" for i in range(8)]


def make_images(seed, n=8):
    rng = np.random.default_rng(seed)
    return [rng.integers(0, 256, (40, 40, 3), dtype=np.uint8) for _ in range(n)]


@pytest.fixture(scope="module")
def reference():
    return Figures.from_images(make_images(0), IDS)


@pytest.fixture(scope="module")
def evaluator(reference):
    return Evaluator(reference, metrics=METRICS)


@pytest.fixture(scope="module")
def whole(reference, tmp_path_factory):
    images = Figures.from_images(make_images(1), IDS)
    return figbench.evaluate(
        images, reference, metrics=METRICS, store=tmp_path_factory.mktemp("store")
    )


def assert_same(first, second):
    assert first.manifests.generated.digest == second.manifests.generated.digest
    assert first.metrics.keys() == second.metrics.keys()
    for name, metric in first.metrics.items():
        other = second[name]
        assert metric.value == other.value, name
        assert (metric.n_used, metric.n_expected) == (other.n_used, other.n_expected)
        assert metric.interval == other.interval, name


def test_batches_in_any_order_are_evaluate(evaluator, whole):
    evaluator.reset()
    images = make_images(1)
    for part in ([6, 7], [0, 1, 2], [3], [5, 4]):
        evaluator.update([images[i] for i in part], [IDS[i] for i in part])
        evaluator._flush()
    assert_same(evaluator.compute(), whole)


def test_thirty_two_tensors_in_a_loop_without_a_file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FIGBENCH_STORE", str(tmp_path / "store"))
    logged = {}
    ids = [str(i) for i in range(32)]
    reference = figbench.Figures.from_images(make_images(0, 32), ids)
    evaluator = figbench.Evaluator(reference, metrics=["kd@efficientnet-lite0"])
    for start in range(0, 32, 8):
        images = torch.rand(8, 3, 32, 32, generator=torch.Generator().manual_seed(start))
        evaluator.update(images, ids[start : start + 8])
    logged.update(evaluator.compute().to_dict())
    assert set(logged) == {f"kd@efficientnet-lite0{end}" for end in ("", "/low", "/high")}
    assert logged["kd@efficientnet-lite0/low"] < logged["kd@efficientnet-lite0"]
    assert list(tmp_path.iterdir()) == []


def test_the_reference_and_the_networks_are_computed_once(evaluator):
    evaluator.reset()
    evaluator.update(make_images(2), IDS)
    evaluator.compute()
    networks = dict(evaluator._networks)
    evaluator.reset()
    evaluator.update(make_images(3), IDS)
    second = evaluator.compute()
    assert second.provenance.extraction["computed"] == 0
    assert networks == evaluator._networks
    evaluator.reset()
    left = sum(len(space.records) for space in evaluator._store._open.values())
    evaluator.update(make_images(4), IDS)
    evaluator.compute()
    evaluator.reset()
    added = sum(len(space.records) for space in evaluator._store._open.values()) - left
    assert added <= len(IDS) + 2  # decode checks and set scores: no feature of a generated figure


def test_missing_figures_stay_in_the_denominator(evaluator):
    evaluator.reset()
    evaluator.update(make_images(1)[:6], IDS[:6])
    result = evaluator.compute()
    assert (result["ssim"].n_used, result["ssim"].n_expected) == (6, 8)
    assert result.value("missing_rate") == 0.25


def test_samples_of_a_prompt(evaluator):
    evaluator.reset()
    evaluator.update(make_images(1), IDS)
    evaluator.update(make_images(5), IDS)
    result = evaluator.compute()
    assert result["ssim"].n_expected == 16
    assert result.value("ssim_best_of_k") >= result.value("ssim")


def test_state_survives_bytes_and_pickle(evaluator, reference, whole):
    evaluator.reset()
    evaluator.update(make_images(1), IDS)
    (state,) = unpack_states(pack_state(evaluator.state_dict()))
    fresh = pickle.loads(pickle.dumps(Evaluator(reference, metrics=METRICS)))
    fresh.load_state_dict(state)
    assert_same(fresh.compute(), whole)
    with pytest.raises(UserError, match="state: protocol"):
        fresh.load_state_dict({**state, "protocol": "other"})


def test_errors_leave_the_images_as_they_were(evaluator):
    evaluator.reset()
    evaluator.update(make_images(1), IDS)
    with pytest.raises(UserError, match="value_range"):
        evaluator.update(torch.full((2, 3, 8, 8), -0.5), ["f0", "f1"])
    assert len(evaluator) == 8
    evaluator.reset()
    with pytest.raises(UserError, match="no image since the last reset"):
        evaluator.compute()


def test_an_unknown_metric_is_refused_at_construction(reference):
    with pytest.raises(UserError, match="Did you mean 'ssim'"):
        Evaluator(reference, metrics=["ssin"])


def _process(rank, folder):
    torch.distributed.init_process_group(
        "gloo", init_method=f"file://{folder}/meet", rank=rank, world_size=2
    )
    evaluator = Evaluator(Figures.from_images(make_images(0), IDS), metrics=METRICS)
    images = make_images(1)
    # Uneven shares, and the padding of a DistributedSampler: f0 is on both.
    part = [0, 1, 2] if rank == 0 else [3, 4, 5, 6, 7, 0]
    evaluator.update([images[i] for i in part], [IDS[i] for i in part])
    result = evaluator.compute()
    Path(folder, f"{rank}.json").write_text(result.model_dump_json())
    evaluator.reset()
    evaluator.update(images[:2], ["nobody", "nowhere"] if rank else IDS[:2])
    # An error reaches every process; none waits for another.
    with pytest.raises(UserError, match="2 of 4 figures have no reference"):
        evaluator.compute()
    torch.distributed.destroy_process_group()


def test_two_processes_are_one(tmp_path, whole):
    mp.spawn(_process, args=(str(tmp_path),), nprocs=2)
    for rank in (0, 1):
        result = figbench.RunResult.model_validate_json((tmp_path / f"{rank}.json").read_text())
        assert_same(result, whole)


def test_batches_of_a_loop_equal_a_folder_to_the_last_bit(tmp_path):
    """Networks see one image at a time on a CPU, so no number depends on what shares a batch."""
    from PIL import Image

    ids = [f"f{i:02d}" for i in range(10)]
    for name, seed in (("generated", 1), ("reference", 0)):
        (tmp_path / name).mkdir()
        for figure_id, image in zip(ids, make_images(seed, 10), strict=True):
            Image.fromarray(image).save(tmp_path / name / f"{figure_id}.png")
    metrics = ["kd@efficientnet-lite0", "fd@efficientnet-lite0", "ssim"]
    folder = figbench.evaluate(
        tmp_path / "generated", tmp_path / "reference", metrics=metrics, store=tmp_path / "store"
    )
    evaluator = Evaluator(tmp_path / "reference", metrics=metrics)
    images = torch.from_numpy(np.stack(make_images(1, 10))).permute(0, 3, 1, 2)
    for rows in ([9, 2, 3], [0], [8, 7, 6, 5, 4], [1]):
        evaluator.update(images[rows], [ids[i] for i in rows])
        evaluator._flush()
    assert_same(evaluator.compute(), folder)


def test_a_network_on_a_cpu_sees_one_image_at_a_time(monkeypatch):
    from figbench.features.networks.image_stats import ImageStats

    sizes = []
    extract = ImageStats.extract

    def recorded(network, images):
        sizes.append(len(images))
        return extract(network, images)

    monkeypatch.setattr(ImageStats, "extract", recorded)
    figures = Figures.from_images(make_images(0), IDS)
    options = figbench.Options(device="cpu")
    figbench.evaluate(figures, figures, metrics=["validity"], store=MemoryStore(), options=options)
    assert set(sizes) == {1}
