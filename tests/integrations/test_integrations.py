"""torchmetrics, Lightning, accelerate and diffusers around one evaluator."""

import pickle
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
import torch.multiprocessing as mp
from PIL import Image
from torch.utils.data import DataLoader
from torchmetrics import MetricCollection
from torchmetrics.image.fid import FrechetInceptionDistance

import figbench
from figbench import Evaluator, Figures
from figbench.data.types import TextLine
from figbench.errors import UserError
from figbench.integrations.accelerate import log_validation
from figbench.integrations.diffusers import evaluate_pipeline
from figbench.integrations.overlay import MATCHED, UNMATCHED, contact_sheet, label_overlay
from figbench.integrations.torchmetrics import FigbenchMetric
from figbench.io.optional import require
from figbench.store import MemoryStore

METRICS = ["kd@efficientnet-lite0", "ssim", "validity"]
IDS = [f"f{i}" for i in range(8)]


def make_images(seed, n=8):
    rng = np.random.default_rng(seed)
    pixels = rng.integers(0, 256, (n, 40, 40, 3), dtype=np.uint8)
    return torch.from_numpy(pixels).permute(0, 3, 1, 2)


class Pooled(torch.nn.Module):
    """A network for torchmetrics' FID, whose own weights are a download."""

    num_features = 12

    def forward(self, images):
        return torch.nn.functional.adaptive_avg_pool2d(images.float(), 2).flatten(1)


def make_collection():
    reference = Figures.from_images(make_images(0), IDS)
    return MetricCollection(
        {
            "fid": FrechetInceptionDistance(feature=Pooled(), input_img_size=(3, 40, 40)),
            "figbench": FigbenchMetric(reference, METRICS),
        },
        compute_groups=False,
    )


def fill(collection, rows):
    images = make_images(1)
    collection.update(make_images(0)[rows], real=True)
    for part in np.array_split(np.asarray(rows), 2):
        collection.update(images[part], real=False, figure_ids=[IDS[i] for i in part])


@pytest.fixture(scope="module")
def alone():
    collection = make_collection()
    fill(collection, range(8))
    return collection.compute()


@pytest.fixture(scope="module")
def plain():
    return figbench.evaluate(
        Figures.from_images(make_images(1), IDS),
        Figures.from_images(make_images(0), IDS),
        metrics=METRICS,
        store=MemoryStore(),
    )


def test_a_collection_holds_figbench_beside_fid(alone, plain):
    assert torch.isfinite(alone["fid"])
    for name, value in plain.to_dict().items():
        found = [item for key, item in alone.items() if key in (name, f"figbench_{name}")]
        assert float(found[0]) == pytest.approx(value, rel=1e-4, abs=1e-6), name


def _process(rank, folder):
    torch.distributed.init_process_group(
        "gloo", init_method=f"file://{folder}/meet", rank=rank, world_size=2
    )
    collection = make_collection()
    fill(collection, range(3) if rank == 0 else range(3, 8))
    torch.save(dict(collection.compute()), Path(folder, f"{rank}.pt"))
    assert len(collection["figbench"].chunks) == 2  # unsynced again
    torch.distributed.destroy_process_group()


def test_two_processes_equal_one(tmp_path, alone):
    mp.spawn(_process, args=(str(tmp_path),), nprocs=2)
    for rank in (0, 1):
        found = torch.load(tmp_path / f"{rank}.pt")
        assert found.keys() == alone.keys()
        for name, value in found.items():
            assert float(value) == pytest.approx(float(alone[name]), rel=1e-4, abs=1e-6), name


def test_pickle_clone_forward_state_dict_and_merge(plain):
    metric = FigbenchMetric(Figures.from_images(make_images(0), IDS), ["ssim"], output="ssim")
    metric.persistent(True)
    images = make_images(1)
    first = metric(images[:4], figure_ids=IDS[:4])
    assert 0 < float(first) < 1
    metric(images[4:], figure_ids=IDS[4:])
    expected = plain.value("ssim")
    other = FigbenchMetric(Figures.from_images(make_images(0), IDS), ["ssim"], output="ssim")
    other.persistent(True)
    other.load_state_dict(metric.state_dict())
    for one in (metric, pickle.loads(pickle.dumps(metric)), metric.clone(), other):
        assert float(one.compute()) == pytest.approx(expected, rel=1e-5)
    metric.reset()
    assert metric.chunks == []
    with pytest.raises(UserError, match="no image"):
        metric.compute()


def test_torchmetrics_own_check_of_forward(capsys):
    """torchmetrics compares ``forward`` with full and with partial state; it prints when equal."""
    from torchmetrics.utilities.checks import check_forward_full_state_property

    check_forward_full_state_property(
        FigbenchMetric,
        init_args={
            "reference": Figures.from_images(make_images(0)[:2], IDS[:2]),
            "metrics": ["ssim"],
            "output": "ssim",
        },
        input_args={"images": make_images(1)[:2], "figure_ids": IDS[:2]},
        num_update_to_compare=(1, 2),
        reps=1,
    )
    assert "Partial state for 2 steps" in capsys.readouterr().out


def test_images_without_ids_and_an_output_without_value():
    reference = Figures.from_images(make_images(0), IDS)
    options = figbench.Options(allow_unpaired=True)
    metric = FigbenchMetric(reference, ["kd@efficientnet-lite0"], options=options, output="kd")
    metric.update(make_images(1)[:4])
    metric.update(make_images(1)[4:])
    assert metric.compute_result()["kd@efficientnet-lite0"].n_used == 8
    with pytest.raises(UserError, match="output: 'kd' has no value"):
        metric.compute()


def test_lightning_logs_after_validation(plain, tmp_path):
    lightning = pytest.importorskip("pytorch_lightning")
    from figbench.integrations.lightning import Callback

    class Module(lightning.LightningModule):
        def __init__(self):
            super().__init__()
            self.layer = torch.nn.Linear(1, 1)

        def training_step(self, batch, _):
            return self.layer(batch.float()[:, None]).mean()

        def validation_step(self, batch, _):
            return {"images": make_images(1)[batch], "figure_ids": [IDS[i] for i in batch]}

        def configure_optimizers(self):
            return torch.optim.SGD(self.parameters(), 0.1)

    evaluator = Evaluator(Figures.from_images(make_images(0), IDS), metrics=METRICS)
    callback = Callback(evaluator)
    trainer = lightning.Trainer(
        max_epochs=1,
        accelerator="cpu",
        callbacks=[callback],
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        default_root_dir=tmp_path,
    )
    loader = DataLoader(list(range(8)), batch_size=3)
    trainer.fit(Module(), loader, loader)
    logged = trainer.callback_metrics
    for name, value in plain.to_dict().items():
        assert float(logged[f"figbench/{name}"]) == pytest.approx(value, rel=1e-4, abs=1e-6)
    assert callback.result.value("ssim") == pytest.approx(plain.value("ssim"))


def test_accelerate_logs_scalars_sheet_and_overlay(plain, tmp_path):
    from accelerate import Accelerator
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    accelerator = Accelerator(log_with="tensorboard", project_dir=tmp_path, cpu=True)
    accelerator.init_trackers("run")
    images = make_images(1)
    box = ((2.0, 2.0), (20.0, 2.0), (20.0, 12.0), (2.0, 12.0))
    overlay = label_overlay(images[:1], [[TextLine("Encoder", box)]], [["Encodr"]])
    log_validation(accelerator, plain, 7, images=images, overlay=overlay)
    accelerator.end_training()
    events = EventAccumulator(str(tmp_path / "run"), size_guidance={"images": 0}).Reload()
    assert events.Scalars("figbench/ssim")[0].value == pytest.approx(plain.value("ssim"))
    assert events.Scalars("figbench/ssim")[0].step == 7
    assert set(events.Tags()["images"]) == {"figbench/samples", "figbench/labels"}
    with pytest.raises(UserError, match=r"accelerator: dict, expected accelerate\.Accelerator"):
        log_validation({}, plain, 1)


def test_the_overlay_tells_right_from_wrong():
    page = np.full((1, 40, 40, 3), 255, np.uint8)
    box = ((2.0, 2.0), (20.0, 2.0), (20.0, 12.0), (2.0, 12.0))
    lines = [[TextLine("Encoder", box)]]
    right = label_overlay(page, lines, [["Encoder"]])[0]
    wrong = label_overlay(page, lines, [["Decoder stack"]])[0]
    assert (right == MATCHED).all(axis=2).any() and not (right == UNMATCHED).all(axis=2).any()
    assert (wrong == UNMATCHED).all(axis=2).any() and not (wrong == MATCHED).all(axis=2).any()
    assert contact_sheet(np.repeat(page, 5, 0), columns=4).shape[1] > 3 * 40
    with pytest.raises(UserError, match="images, lines and reference_lines"):
        label_overlay(page, [], [])


def test_a_pipeline_is_sampled_into_an_evaluator():
    def pipeline(prompt, generator, num_inference_steps):
        assert num_inference_steps == 3
        pixels = [
            torch.randint(0, 256, (40, 40, 3), generator=one, dtype=torch.uint8).numpy()
            for one in generator
        ]
        return SimpleNamespace(images=[Image.fromarray(one) for one in pixels])

    evaluator = Evaluator(Figures.from_images(make_images(0), IDS), metrics=["ssim"])
    settings = {"samples_per_prompt": 2, "num_inference_steps": 3}
    results = [
        evaluate_pipeline(pipeline, evaluator, IDS, IDS, batch_size=size, **settings)
        for size in (3, 5)
    ]
    digests = {result.manifests.generated.digest for result in results}
    assert len(digests) == 1
    assert results[0]["ssim"].n_expected == 16
    with pytest.raises(UserError, match="prompts and figure_ids"):
        evaluate_pipeline(pipeline, evaluator, IDS, IDS[:2])


def test_a_missing_library_names_its_extra():
    with pytest.raises(UserError, match=r"This test needs no_such_library.*\npip install"):
        require("no_such_library", purpose="This test")
    assert require("json", purpose="This test") is sys.modules["json"]
