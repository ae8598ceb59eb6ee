"""Scores that are kept in the store: found again only where nothing they depend on has changed."""

import shutil
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

import figbench
from figbench.evaluation import Options
from figbench.evaluation.scoring.score_cache import ScoreCache
from figbench.metrics import get_metric
from figbench.metrics.base import Measurement
from figbench.metrics.frechet import FrechetDistance
from figbench.store import Namespace, Store
from figbench.synthfig import blur, iter_synthfig

DOCUMENT = {
    "id": "kept",
    "preprocess": "none",
    "metrics": [
        {"metric": "fd@efficientnet-lite0"},
        {"metric": "kd@efficientnet-lite0", "settings": {"subset_size": 4}},
        {"metric": "validity"},
        {"metric": "ssim"},
    ],
}
PROTOCOL = figbench.Protocol.from_document(DOCUMENT, "test")


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    root = tmp_path_factory.mktemp("kept")
    for side in ("gen", "ref"):
        (root / side).mkdir()
    for one in iter_synthfig(8, 9):
        image = np.asarray(Image.fromarray(one.image).resize((96, 72)))
        Image.fromarray(image).save(root / "ref" / f"{one.figure_id}.png")
        Image.fromarray(blur(image, 1.0)).save(root / "gen" / f"{one.figure_id}.png")
    return root


@pytest.fixture(scope="module")
def store(world, tmp_path_factory):
    """A store that has scored once."""
    store = tmp_path_factory.mktemp("kept-store")
    score(world / "gen", world, store)
    return store


def score(generated, world, store, protocol=PROTOCOL):
    options = Options(device="cpu")
    return figbench.evaluate(generated, world / "ref", protocol, store=store, options=options)


def test_a_warm_run_multiplies_no_matrix_and_says_the_same(world, store, tmp_path, monkeypatch):
    fresh = score(world / "gen", world, tmp_path)
    monkeypatch.setattr(FrechetDistance, "compute", None)
    assert score(world / "gen", world, store).metrics == fresh.metrics


@pytest.mark.parametrize("change", ["figure", "fewer", "paper", "seed", "settings"])
def test_whatever_a_score_depends_on_is_seen(world, store, tmp_path, change):
    generated, protocol = tmp_path / "gen", PROTOCOL
    shutil.copytree(world / "gen", generated)
    first, second, *_ = sorted(generated.iterdir())
    if change == "figure":
        shutil.copy(second, first)
    elif change == "fewer":
        first.unlink()
    elif change == "paper":
        reference = tmp_path / "ref"
        shutil.copytree(world / "ref", reference)
        for folder in (generated, reference):
            (folder / first.name).rename(folder / "otherv1-Figure1-1.png")
        world = tmp_path
    elif change == "seed":
        protocol = PROTOCOL.replace(seed=7)
    else:
        requests = [{"metric": "kd@efficientnet-lite0", "settings": {"subset_size": 5}}]
        protocol = PROTOCOL.replace(metrics=requests)
    ours = score(generated, world, store, protocol)
    assert ours.metrics == score(generated, world, tmp_path / "fresh", protocol).metrics
    before = score(world / "gen" if world != tmp_path else generated, world, store)
    if change != "paper":
        name = "kd@efficientnet-lite0" if change == "settings" else "fd@efficientnet-lite0"
        assert ours.metrics[name] != before.metrics[name]


def test_metrics_of_others_and_values_per_figure_are_not_kept(tmp_path):
    class Theirs(FrechetDistance):
        """A metric without a cache version, as a plug-in has unless it says otherwise."""

        def __init__(self, extractor):
            super().__init__(extractor)
            self.spec = replace(self.spec, cache_version=None)

    kept = ScoreCache.of(Store(tmp_path))
    ours, theirs, ssim = FrechetDistance("image-stats"), Theirs("image-stats"), get_metric("ssim")
    validity = get_metric("validity")
    calls = []

    def measure(metric, per_figure=None):
        def compute():
            calls.append(metric)
            return [Measurement(metric.spec.outputs[0], 1.5, 0.25, per_figure=per_figure)]

        return kept.measure(metric, {"request": metric.spec.name}, compute)

    for metric, times in ((theirs, 2), (ssim, 2), (ours, 1)):
        assert measure(metric) == measure(metric)
        assert calls.count(metric) == times
    measure(validity, np.ones(3))
    other = ScoreCache.of(Store(tmp_path))
    assert len(other.namespace) == 1


def test_a_store_that_cannot_be_written_still_scores(world, store, monkeypatch):
    shutil.rmtree(ScoreCache.of(Store(store)).namespace.folder)

    def refuse(_namespace, keys, _values):
        if keys:
            raise PermissionError(13, "read-only")

    monkeypatch.setattr(Namespace, "put_bytes", refuse)
    result = score(world / "gen", world, store)
    assert result.metrics["fd@efficientnet-lite0"].status == "ok"
