"""Figures in memory give the digests and results of the same files."""

import datasets
import numpy as np
import pytest
import torch
from PIL import Image

import figbench
from figbench import Figures
from figbench.errors import UserError
from figbench.store import MemoryStore

METRICS = ["kd@efficientnet-lite0", "ssim", "validity"]


@pytest.fixture
def images():
    rng = np.random.default_rng(3)
    return [rng.integers(0, 256, (40 + i, 50, 3), dtype=np.uint8) for i in range(6)]


IDS = ["b", "a", "a-1", "c", "d", "e"]


def save(images, folder):
    folder.mkdir()
    for name, image in zip(IDS, images, strict=True):
        Image.fromarray(image).save(folder / f"{name}.png")
    return folder


def test_memory_and_folder_are_one_result(images, tmp_path):
    generated = save(images, tmp_path / "generated")
    reference = save(images[::-1], tmp_path / "reference")
    files = figbench.evaluate(generated, reference, metrics=METRICS, store=tmp_path / "store")
    memory = figbench.evaluate(
        Figures.from_images(images, IDS),
        Figures.from_images(images[::-1], IDS),
        metrics=METRICS,
        store=MemoryStore(),
    )
    for side in ("generated", "reference"):
        ours, theirs = (getattr(result.manifests, side) for result in (memory, files))
        assert (ours.digest, ours.prompts_digest) == (theirs.digest, theirs.prompts_digest)
    assert memory.protocol == files.protocol
    assert memory.metrics.keys() == files.metrics.keys()
    for name, metric in memory.metrics.items():
        assert (metric.value, metric.interval) == (files[name].value, files[name].interval), name
    assert memory.per_figure().equals(files.per_figure())
    assert memory.store is None


def test_no_file_is_written(images, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FIGBENCH_STORE", str(tmp_path / "store"))
    figures = Figures.from_images(images, IDS)
    figbench.evaluate(figures, figures, metrics=["ssim"], store=MemoryStore())
    assert list(tmp_path.iterdir()) == []


def test_a_run_folder_from_memory_can_be_read_again(images, tmp_path):
    figures = Figures.from_images(images, IDS, prompts=[f"caption {i}" for i in range(6)])
    figbench.evaluate(
        figures, figures, metrics=["ssim"], store=tmp_path / "s", output=tmp_path / "r"
    )
    manifest = figbench.load_manifest(tmp_path / "r" / "generated.jsonl")
    assert [manifest.read(figure) for figure in manifest.figures] == list(
        figures.load().contents[figure.sha256] for figure in figures.load().figures
    )


def test_samples_are_counted_by_id(images):
    figures = Figures.from_images(images[:3], ["a", "b", "a"]).load().figures
    assert [(figure.figure_id, figure.sample) for figure in figures] == [
        ("a", 0),
        ("a", 1),
        ("b", 0),
    ]


def test_tensors_and_arrays_are_one_set(images):
    batch = np.stack([image[:40] for image in images])
    tensor = torch.from_numpy(batch).permute(0, 3, 1, 2)
    digests = {
        Figures.from_images(kind, IDS, value_range=limits).load().digest
        for kind, limits in (
            (batch, (0, 1)),
            (tensor, (0, 1)),
            (tensor.float() / 255, (0, 1)),
            (tensor.float() / 127.5 - 1, (-1, 1)),
            ([Image.fromarray(image) for image in batch], (0, 1)),
        )
    }
    assert len(digests) == 1


def test_records_keep_order_ids_and_rejects(images, tmp_path):
    save(images, tmp_path / "f")
    figures = Figures.from_records(
        [
            {"figure_id": "z", "image": images[0], "prompt": "p", "seed": 3, "labels": ["Encoder"]},
            {"figure_id": "y", "image": str(tmp_path / "f" / "a.png")},
            {"figure_id": "x", "image": None},
            {"figure_id": "w", "image": b"no image"},
        ]
    ).load()
    assert [figure.figure_id for figure in figures.figures] == ["z", "y"]
    assert (figures.figures[0].prompt, figures.figures[0].seed) == ("p", 3)
    assert figures.labels["z"][0].text == "Encoder"
    assert {reject.figure_id: reject.code for reject in figures.rejects} == {
        "x": "missing-file",
        "w": "not-an-image",
    }


def test_a_hugging_face_dataset_keeps_its_bytes(images, tmp_path):
    folder = save(images, tmp_path / "f")
    data = datasets.Dataset.from_dict(
        {"image": [str(folder / f"{name}.png") for name in IDS], "figure_id": IDS}
    ).cast_column("image", datasets.Image())
    figures = Figures.from_datasets(data).load()
    files = Figures.from_folder(folder).load()
    by_id = {figure.figure_id: figure.sha256 for figure in files.figures}
    assert {figure.figure_id: figure.sha256 for figure in figures.figures} == by_id
    with pytest.raises(UserError, match="no column 'picture'"):
        Figures.from_datasets(data, image="picture")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([],), "images: empty"),
        (("folder/",), "images: str"),
        (([np.zeros((4, 4, 3), np.uint8)], ["a", "b"]), "figure_ids: 2 for 1 images"),
        (([np.zeros((4, 4, 3), np.uint8)], "a"), "figure_ids: a string"),
        (([np.zeros((4, 4, 7), np.uint8)], ["a"]), r"images\[0\]: shape"),
    ],
)
def test_wrong_arguments_are_named(arguments, message):
    with pytest.raises(UserError, match=message):
        Figures.from_images(*arguments)


def test_evaluate_names_the_way_for_images(images, tmp_path):
    with pytest.raises(UserError, match=r"Figures\.from_images"):
        figbench.evaluate(images, images, store=tmp_path / "s")
