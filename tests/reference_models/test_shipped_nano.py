"""The weights in the package: whole, small, the same figures on every run, captions followed."""

import json
import os
import subprocess
import sys

import numpy as np
import pytest
import torch
from figbench_figgen.checks import check_figure
from figbench_figgen.pipeline import FigGenPipeline
from figbench_figgen.shipped import shipped_names, verify_card, weights_folder

FOLDER = weights_folder() / "figgen-nano"
PROMPT = "A red box labelled A, then a blue circle labelled B, joined by arrows from left to right."


def test_it_is_there_with_card_and_digests():
    assert "figgen-nano" in shipped_names()
    verify_card(FOLDER)
    card = json.loads((FOLDER / "card.json").read_text())
    weights = sorted(path.relative_to(FOLDER).as_posix() for path in FOLDER.rglob("*.safetensors"))
    assert sorted(card["sha256"]) == weights
    assert card["bytes"] == sum((FOLDER / name).stat().st_size for name in weights) <= 20_000_000
    text = (FOLDER / "README.md").read_text()
    for heading in ("Training data", "Licence", "Limits"):
        assert heading in text
    # Text files of a released model name no folder of the machine that trained it.
    for path in FOLDER.rglob("*.json"):
        assert "/work" not in path.read_text()


@pytest.mark.slow
def test_two_runs_offline_give_the_same_bytes(tmp_path):
    """In processes of their own, in another folder, without network settings to fall back on."""
    for out in ("first", "second"):
        command = [
            sys.executable, "-m", "figbench", "model", "sample", "figgen", "--checkpoint",
            "figgen-nano", "--prompt", PROMPT, "--steps", "4", "--device", "cpu", "--out", out,
        ]  # fmt: skip
        env = {**os.environ, "HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1"}
        env["PYTHONPATH"] = os.pathsep.join(sys.path)
        done = subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
    first, second = (tmp_path / out / "prompt-00000_0.png" for out in ("first", "second"))
    assert first.read_bytes() == second.read_bytes()


@pytest.mark.slow
@pytest.mark.parametrize(
    "caption",
    [
        "A yellow box, then a purple circle, joined by arrows from left to right.",
        "A red box labelled A, then a blue circle labelled B, joined by arrows from left to right.",
    ],
)
def test_it_draws_the_caption(caption):
    """Plain captions; the table of docs/figgen.md has the shares over 231."""
    pipeline = FigGenPipeline.from_pretrained("figgen-nano")
    pipeline.set_progress_bar_config(disable=True)
    seeds = [torch.Generator().manual_seed(i) for i in range(6)]
    drawn = pipeline([caption] * 6, 2.0, 20, generator=seeds, output_type="uint8").images
    results = [check_figure(image, caption) for image in drawn]
    # Another caption's colours would be there in one of eight cases, its labels in one of twenty.
    assert np.mean([result.colours for result in results]) > 0.8
    if "labelled" in caption:
        assert np.mean([result.labels for result in results]) > 0.5
    else:
        assert np.mean([result.unlabelled for result in results]) > 0.5
