"""Sampling: a figure depends on seed, id and sample; runs resume; shares are equal."""

import json
import os
import socket
import subprocess
import sys

import numpy as np
import pytest
from figbench_figgen import sample as sampling
from PIL import Image

from figbench import load_manifest
from figbench.errors import UserError
from tests.waiting import HANG_S


def draw(figgen, trained, root, out, **more):
    more = {"guidance_scale": 3.0, "num_inference_steps": 4, "quiet": True, **more}
    return figgen.sample(trained, f"{root}:test", out=out, device="cpu", **more)


def pixels(folder):
    return {path.name: np.asarray(Image.open(path)).astype(int) for path in folder.glob("*.png")}


def assert_close(a, b, most=1):
    assert a.keys() == b.keys()
    assert max(np.abs(a[name] - b[name]).max() for name in a) <= most


@pytest.fixture(scope="module")
def drawn(figgen, trained, simple_root, tmp_path_factory):
    out = tmp_path_factory.mktemp("drawn")
    manifest = draw(figgen, trained, simple_root, out, samples_per_prompt=2)
    return out, manifest


def test_manifest_is_one_that_figbench_reads(drawn, simple_root):
    out, path = drawn
    manifest = load_manifest(out)
    reference = load_manifest(simple_root, split="test")
    assert path == out / "metadata.jsonl"
    assert not manifest.rejects
    expected = {(one.figure_id, k, one.prompt) for one in reference.figures for k in (0, 1)}
    assert {(one.figure_id, one.sample, one.prompt) for one in manifest.figures} == expected
    assert {one.guidance_scale for one in manifest.figures} == {3.0}
    assert len({one.seed for one in manifest.figures}) == len(manifest.figures)


def test_samples_of_a_caption_differ(drawn):
    made = pixels(drawn[0])
    first = sorted(made)[:2]
    assert np.abs(made[first[0]] - made[first[1]]).max() > 1


def test_batch_size_and_selection_do_not_change_a_figure(
    drawn, figgen, trained, simple_root, tmp_path
):
    draw(figgen, trained, simple_root, tmp_path, samples_per_prompt=2, batch_size=3, limit=2)
    some = pixels(tmp_path)
    assert len(some) == 4
    whole = pixels(drawn[0])
    assert_close(some, {name: whole[name] for name in some})


def test_two_processes_draw_what_one_draws(drawn, trained, simple_root, tmp_path):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [
        sys.executable, "-m", "torch.distributed.run", "--nproc_per_node", "2",
        "--master_port", str(port), "-m", "figbench", "model", "sample", "figgen",
        "--checkpoint", str(trained), "--prompts", f"{simple_root}:test", "--out", str(tmp_path),
        "--guidance-scale", "3", "--steps", "4", "--samples-per-prompt", "2", "--device", "cpu",
    ]  # fmt: skip
    env = {**os.environ, "OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, capture_output=True, text=True, env=env, timeout=HANG_S)
    assert done.returncode == 0, done.stderr
    shares = sorted((tmp_path / "done").glob("rank-*.jsonl"))
    counts = [len(one.read_text().splitlines()) for one in shares]
    assert len(counts) == 2 and max(counts) - min(counts) <= 1
    assert_close(pixels(tmp_path), pixels(drawn[0]))
    ours, theirs = tmp_path / "metadata.jsonl", drawn[0] / "metadata.jsonl"
    assert ours.read_text() == theirs.read_text()


def test_interrupted_run_draws_the_rest_and_redraws_what_is_damaged(
    drawn, figgen, trained, simple_root, tmp_path, monkeypatch
):
    class Crash(Exception):
        pass

    real, count = sampling.draw_batch, []

    def crashing(pipeline, batch, request):
        if len(count) == 2:
            raise Crash
        count.append(len(batch))
        return real(pipeline, batch, request)

    monkeypatch.setattr(sampling, "draw_batch", crashing)
    settings = {"samples_per_prompt": 2, "batch_size": 4}
    with pytest.raises(Crash):
        draw(figgen, trained, simple_root, tmp_path, **settings)
    assert not (tmp_path / "metadata.jsonl").exists()
    kept = sorted(tmp_path.glob("*.png"))
    assert len(kept) == 8
    kept[0].write_bytes(b"damaged")
    record = tmp_path / "done" / "rank-0.jsonl"
    record.write_text(record.read_text() + '{"file_name": "cut')
    redrawn = []

    def counting(pipeline, batch, request):
        redrawn.extend(one.file_name for one in batch)
        return real(pipeline, batch, request)

    monkeypatch.setattr(sampling, "draw_batch", counting)
    draw(figgen, trained, simple_root, tmp_path, **settings)
    assert len(redrawn) == len(pixels(drawn[0])) - 7
    assert kept[0].name in redrawn
    assert_close(pixels(tmp_path), pixels(drawn[0]))
    redrawn.clear()
    draw(figgen, trained, simple_root, tmp_path, **settings)
    assert redrawn == []


def test_noise_is_the_same_at_every_guidance_scale():
    low, high = (
        sampling.Request(seed=4, guidance_scale=g, steps=4, eta=0, batch_size=1) for g in (1, 10)
    )
    work = [sampling.Work("a", 0, "x"), sampling.Work("a", 1, "x"), sampling.Work("b", 0, "x")]
    seeds = [low.noise_seed(one) for one in work]
    assert seeds == [high.noise_seed(one) for one in work]
    assert len(set(seeds)) == 3


def test_another_run_does_not_mix_in(drawn, figgen, trained, simple_root):
    with pytest.raises(UserError) as caught:
        draw(figgen, trained, simple_root, drawn[0], samples_per_prompt=2, guidance_scale=5.0)
    assert "guidance_scale: 5.0 != 3.0" in str(caught.value)


@pytest.mark.parametrize("scheduler", ["dpm-solver++", "euler", "ddpm"])
def test_other_schedulers_draw(figgen, trained, simple_root, tmp_path, scheduler):
    settings = {"scheduler": scheduler, "limit": 1, "eta": 0.0}
    draw(figgen, trained, simple_root, tmp_path, **settings)
    assert len(pixels(tmp_path)) == 1


def test_stochastic_sampling_depends_on_the_figure_only(figgen, trained, simple_root, tmp_path):
    for batch_size in (1, 4):
        draw(
            figgen, trained, simple_root, tmp_path / str(batch_size), eta=1.0, limit=4,
            batch_size=batch_size,
        )  # fmt: skip
    assert_close(pixels(tmp_path / "1"), pixels(tmp_path / "4"))


def test_captions_from_a_text_file(figgen, trained, tmp_path):
    prompts = tmp_path / "captions.txt"
    prompts.write_text("a red box\n\na blue circle\n")
    figgen.sample(trained, str(prompts), 1.0, 2, out=tmp_path / "out", quiet=True, device="cpu")
    rows = [json.loads(line) for line in (tmp_path / "out" / "metadata.jsonl").open()]
    assert [row["prompt"] for row in rows] == ["a red box", "a blue circle"]


def test_half_precision_draws(figgen, trained, simple_root, tmp_path):
    draw(figgen, trained, simple_root, tmp_path, limit=1, precision="bfloat16")
    assert len(pixels(tmp_path)) == 1


def test_out_of_memory_says_what_to_change(figgen, trained, simple_root, tmp_path, monkeypatch):
    import torch
    from figbench_figgen.pipeline import FigGenPipeline

    def fail(*args, **kwargs):
        raise torch.OutOfMemoryError("CUDA out of memory.")

    monkeypatch.setattr(FigGenPipeline, "__call__", fail)
    with pytest.raises(UserError, match="--batch-size 2"):
        draw(figgen, trained, simple_root, tmp_path, batch_size=4)


def test_wrong_requests(figgen, trained, simple_root, tmp_path):
    def refused(said, checkpoint=trained, prompts=f"{simple_root}:test", **more):
        with pytest.raises(UserError) as caught:
            figgen.sample(checkpoint, prompts, out=tmp_path / "out", quiet=True, **more)
        assert said in str(caught.value), str(caught.value)

    refused("no such checkpoint folder", checkpoint=tmp_path / "absent")
    refused("no finished FigGen pipeline", checkpoint=tmp_path)
    refused("of another configuration than 'figgen-nano'", config="figgen-nano")
    refused("Did you mean 'ddim'", scheduler="dim")
    refused("Unknown precision", precision="int8")
    refused("possible: 1 to 1000", num_inference_steps=0)
    refused("not a finite number", guidance_scale=float("nan"))
    refused("at least 1", samples_per_prompt=0)
    refused("at least 1", limit=0)
    refused("batch size must be at least 1", batch_size=0)
    refused("Paper2Fig100k is not in this folder", prompts="paper2fig100k:test")
    refused("cannot be read", prompts=str(tmp_path / "none.txt"))


def test_damaged_weights_are_named(figgen, trained, simple_root, tmp_path):
    import shutil

    from figbench.errors import IntegrityError

    copy = tmp_path / "copy"
    shutil.copytree(trained / "pipeline", copy)
    weights = copy / "unet" / "diffusion_pytorch_model.safetensors"
    weights.write_bytes(weights.read_bytes()[:1000])
    with pytest.raises(IntegrityError, match="cannot be loaded"):
        draw(figgen, copy, simple_root, tmp_path / "out")
    weights.unlink()
    with pytest.raises(IntegrityError, match="cannot be loaded"):
        draw(figgen, copy, simple_root, tmp_path / "out")
