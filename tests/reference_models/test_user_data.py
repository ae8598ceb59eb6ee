"""Data sets as people have them: splits, caption columns, prompt lists, changed settings."""

import io
import json
import tarfile

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch
from figbench_figgen import splits, webdataset
from figbench_figgen.config_sections import DataConfig
from figbench_figgen.figures import FigureSet
from figbench_figgen.prompts import load_prompts
from PIL import Image

from figbench.errors import UserError
from tests.reference_models.conftest import read_log, train


def png(path, shade):
    Image.fromarray(np.full((24, 24, 3), shade, dtype=np.uint8)).save(path)
    return path.read_bytes()


def write_folder(root, split, captions, column="text", name="metadata.jsonl"):
    root.mkdir(parents=True, exist_ok=True)
    rows = []
    for i, caption in enumerate(captions):
        png(root / f"{split}{i}.png", 10 * i)
        rows.append({"file_name": f"{split}{i}.png", column: caption})
    if name.endswith(".csv"):
        lines = [f"file_name,{column}", *(f"{one['file_name']},{one[column]}" for one in rows)]
        (root / name).write_text("\n".join(lines) + "\n")
    else:
        (root / name).write_text("".join(json.dumps(one) + "\n" for one in rows))
    return root


@pytest.fixture
def hub(tmp_path):
    folder = tmp_path / "hub" / "data"
    folder.mkdir(parents=True)
    for split, count in (("train", 5), ("test", 3)):
        rows = [
            {"bytes": png(tmp_path / "one.png", 20 * i + len(split)), "path": f"{split}{i}.png"}
            for i in range(count)
        ]
        table = pa.table({"image": rows, "text": [f"{split} {i}" for i in range(count)]})
        pq.write_table(table, folder / f"{split}-00000-of-00001.parquet")
    return tmp_path / "hub"


def test_parquet_of_a_split_alone_is_trained_on_and_sampled(hub):
    figures = FigureSet(str(hub), DataConfig(), 32)
    assert figures.captions == [f"train {i}" for i in range(5)]
    work, _ = load_prompts(f"{hub}:test", caption="captions", samples=1, limit=None)
    assert [one.caption for one in work] == [f"test {i}" for i in range(3)]


def test_a_caption_column_of_parquet_is_named(hub):
    for path in (hub / "data").iterdir():
        pq.write_table(pq.read_table(path).rename_columns(["image", "description"]), path)
    figures = FigureSet(str(hub), DataConfig(caption="description"), 32)
    assert figures.captions == [f"train {i}" for i in range(5)]


def test_folders_of_splits_bring_their_own_metadata(tmp_path):
    write_folder(tmp_path / "set" / "train", "a", ["one", "two"])
    write_folder(tmp_path / "set" / "test", "b", ["three"])
    assert FigureSet(str(tmp_path / "set"), DataConfig(), 32).captions == ["one", "two"]
    with pytest.raises(UserError, match=r"no split .validation.; it has test.*train"):
        FigureSet(str(tmp_path / "set"), DataConfig(split="validation"), 32)


@pytest.mark.parametrize("name", ["metadata.jsonl", "metadata.csv"])
def test_the_caption_column_is_named_or_asked_for(tmp_path, name):
    root = str(write_folder(tmp_path / "set", "a", ["one", "two"], "description", name))
    with pytest.raises(UserError) as caught:
        FigureSet(root, DataConfig(), 32)
    assert "data.caption=COLUMN" in str(caught.value)
    assert "description" in str(caught.value)
    assert FigureSet(root, DataConfig(caption="description"), 32).captions == ["one", "two"]
    with pytest.raises(UserError, match="no caption in a column 'other'"):
        FigureSet(root, DataConfig(caption="other"), 32)


def test_a_list_of_captions_gives_its_first(tmp_path):
    root = write_folder(tmp_path / "set", "a", [["one", "more"], ["two"]], "captions")
    assert FigureSet(str(root), DataConfig(), 32).captions == ["one", "two"]


def test_the_autoencoder_needs_no_captions(tmp_path):
    root = write_folder(tmp_path / "set", "a", [None, None])
    assert len(FigureSet(str(root), DataConfig(), 32, captions=False)) == 2


def test_excluded_captions_are_left_out_whatever_their_number(tmp_path):
    root = write_folder(tmp_path / "set", "a", ["Figure 1: A box.", "Figure 2: A circle."])
    other = write_folder(tmp_path / "other", "b", ["Figure 9: A box."])
    figures = FigureSet(str(root), DataConfig(exclude=str(other)), 32)
    assert figures.captions == ["Figure 2: A circle."]
    assert any("1 figures left out: their captions are those of" in note for note in figures.notes)


@pytest.mark.parametrize(
    ("name", "text", "captions"),
    [
        ("bom.txt", "\ufeffFirst prompt\nSecond prompt\n", ["First prompt", "Second prompt"]),
        ("feeds.txt", "An\x0cencoder\r\nA\u2028decoder\x85\n", ["An\x0cencoder", "A\u2028decoder"]),
        ("alone.jsonl", '{"id": "p0", "prompt": "One"}\n{"id": "p1", "prompt": "Two"}\n',
         ["One", "Two"]),
        ("alone.json", '[{"id": "p0", "caption": "One"}]', ["One"]),
        ("alone.csv", "id,prompt\np0,One\np1,Two\n", ["One", "Two"]),
        ("half.jsonl", '{"file_name": "not-here.png", "text": "One"}\n', ["One"]),
    ],
)  # fmt: skip
def test_every_caption_of_a_list_is_drawn(tmp_path, name, text, captions):
    (tmp_path / name).write_bytes(text.encode())
    work, _ = load_prompts(str(tmp_path / name), caption="captions", samples=1, limit=None)
    assert [one.caption for one in work] == captions


def test_damaged_prompt_lists_name_the_line(tmp_path):
    (tmp_path / "bad.jsonl").write_text('{"prompt": "One"}\n{"prompt": \n')
    with pytest.raises(UserError, match=r"bad\.jsonl, line 2"):
        load_prompts(str(tmp_path / "bad.jsonl"), caption="captions", samples=1, limit=None)


def test_settings_that_errors_advise_may_change_on_resume_and_are_recorded(
    figgen, simple_root, tmp_path
):
    train(figgen, simple_root, tmp_path, "autoencoder", "autoencoder.steps=2")
    changed = ["autoencoder.micro_batch=1", "autoencoder.lr=1e-4", "autoencoder.steps=3"]
    train(figgen, simple_root, tmp_path, "autoencoder", *changed, resume=True)
    assert [one["step"] for one in read_log(tmp_path / "log-autoencoder.jsonl")][-1] == 3
    (record,) = read_log(tmp_path / "changes-autoencoder.jsonl")
    assert record["step"] == 2
    text = "; ".join(record["changes"])
    assert "autoencoder.micro_batch: 2 != 1" in text
    assert "autoencoder.lr: 0.002 != 0.0001" in text


def test_another_global_batch_is_refused_on_resume(figgen, simple_root, tmp_path):
    """The order of the figures follows from it: the run would not be the same one."""
    train(figgen, simple_root, tmp_path, "autoencoder", "autoencoder.steps=2")
    changed = ["autoencoder.steps=3", "autoencoder.global_batch=8"]
    with pytest.raises(UserError, match=r"autoencoder\.global_batch: 8 != ") as caught:
        train(figgen, simple_root, tmp_path, "autoencoder", *changed, resume=True)
    assert "micro_batch" in str(caught.value)


def test_a_webdataset_brings_its_captions(tmp_path, monkeypatch):
    """Shards of pairs of a picture and its text, as webdataset writes them."""
    monkeypatch.setattr(splits, "gettempdir", lambda: str(tmp_path / "cache"))
    root = tmp_path / "shards"
    root.mkdir()
    for shard in range(2):
        with tarfile.open(root / f"figures-{shard:05d}.tar", "w") as archive:
            for i in range(3):
                for name, data in (
                    (f"{shard}{i}.png", png(tmp_path / "one.png", 20 * i)),
                    (f"{shard}{i}.txt", f"caption {shard} {i}".encode()),
                ):
                    entry = tarfile.TarInfo(name)
                    entry.size = len(data)
                    archive.addfile(entry, io.BytesIO(data))
    expected = [f"caption {shard} {i}" for shard in range(2) for i in range(3)]
    figures = FigureSet(str(root), DataConfig(), 32)
    assert sorted(figures.captions) == expected
    assert any("2 WebDataset shards" in note for note in figures.notes)
    for i, caption in enumerate(figures.captions):
        shade = 20 * int(caption.split()[-1])
        assert torch.all((figures.padded(i) + 1) * 127.5 - shade < 0.01)
    one = FigureSet(str(root / "figures-00001.tar"), DataConfig(), 32)
    assert sorted(one.captions) == expected[3:]
    # Without texts it is an archive of figures, and training says that captions are missing.
    with tarfile.open(tmp_path / "bare.tar", "w") as archive:
        archive.add(tmp_path / "one.png", "one.png")
    with pytest.raises(UserError, match="caption"):
        FigureSet(str(tmp_path / "bare.tar"), DataConfig(), 32)


def test_json_texts_and_hostile_names_of_a_shard(tmp_path):
    with tarfile.open(tmp_path / "a.tar", "w") as archive:
        for name, data in (
            ("../../out/0.png", png(tmp_path / "one.png", 9)),
            ("../../out/0.json", json.dumps({"description": "A box."}).encode()),
        ):
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
    folder = webdataset.unpacked([tmp_path / "a.tar"], tmp_path / "cache", "description")
    assert sorted(one.name for one in folder.iterdir()) == ["00000-0000000.png", "metadata.jsonl"]
    record = json.loads((folder / "metadata.jsonl").read_text())
    assert record["text"] == "A box."
    assert not (tmp_path.parent / "out").exists()
