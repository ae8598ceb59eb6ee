"""Released weights: exported as float16, found by name, the same figures on every run."""

import hashlib
import json

import pytest
import torch
from figbench_figgen import shipped
from figbench_figgen.export import export
from figbench_figgen.pipeline import FigGenPipeline
from typer.testing import CliRunner

from figbench.cli.main import app
from figbench.errors import IntegrityError, UserError

PROMPT = "A red box labelled A, then a blue circle labelled B, joined by arrows"


@pytest.fixture
def weights(trained, tmp_path, monkeypatch):
    """A folder of shipped pipelines that holds one, of a few training steps."""
    monkeypatch.setattr(shipped, "weights_folder", lambda: tmp_path / "weights")
    monkeypatch.chdir(tmp_path)
    return export(trained, tmp_path / "weights" / "figgen-test", trained_on="SynthFig"), tmp_path


def test_the_card_has_the_digest_of_every_weight_file(weights):
    card, root = weights
    folder = root / "weights" / "figgen-test"
    files = sorted(folder.rglob("*.safetensors"))
    assert len(files) == 3
    assert card == json.loads((folder / "card.json").read_text())
    for path in files:
        digest = card["sha256"][path.relative_to(folder).as_posix()]
        assert digest == hashlib.sha256(path.read_bytes()).hexdigest()
    assert card["bytes"] == sum(path.stat().st_size for path in files) < 20_000_000
    assert card["trained_on"] == "SynthFig"
    # diffusers writes the folder that a pipeline was loaded from.
    assert not [path for path in folder.rglob("*.json") if "_name_or_path" in path.read_text()]


def test_weights_are_float16_on_disk_and_float32_in_use(weights):
    from safetensors.torch import load_file

    _, root = weights
    for path in (root / "weights").rglob("*.safetensors"):
        assert {tensor.dtype for tensor in load_file(path).values()} == {torch.float16}
    pipeline = FigGenPipeline.from_pretrained("figgen-test")
    parts = (pipeline.vae, pipeline.unet, pipeline.text_encoder)
    assert {part.dtype for part in parts} == {torch.float32}


def test_single_prompts_by_name_give_equal_bytes_on_two_runs(weights):
    _, root = weights
    for out in ("first", "second"):
        command = ["model", "sample", "figgen", "--checkpoint", "figgen-test", "--prompt", PROMPT]
        done = CliRunner().invoke(app, [*command, "--out", out, "--steps", "3"])
        assert done.exit_code == 0, done.output
    first, second = (root / out / "prompt-00000_0.png" for out in ("first", "second"))
    assert first.read_bytes() == second.read_bytes()
    record = json.loads((root / "first" / "metadata.jsonl").read_text())
    assert record["prompt"] == PROMPT


def test_unknown_names_say_which_there_are(figgen, weights):
    with pytest.raises(UserError, match=r"no such checkpoint folder.*\n?.*figgen-test"):
        figgen.sample("figgen-tset", None, out="x", prompt=[PROMPT], quiet=True)
    with pytest.raises(UserError, match="either prompts"):
        figgen.sample("figgen-test", None, out="x", quiet=True)


def test_an_export_never_writes_over_a_folder(trained, weights):
    _, root = weights
    with pytest.raises(UserError, match="exists already"):
        export(trained, root / "weights" / "figgen-test")


def test_changed_weights_are_refused_before_they_draw(figgen, weights):
    """One flipped bit in the last weight of the U-Net; both ways of loading see it."""
    _, root = weights
    path = root / "weights" / "figgen-test" / "unet" / "diffusion_pytorch_model.safetensors"
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(bytes(data))
    with pytest.raises(IntegrityError, match="SHA-256"):
        FigGenPipeline.from_pretrained("figgen-test")
    with pytest.raises(IntegrityError, match="unet"):
        figgen.sample("figgen-test", None, out=root / "out", prompt=[PROMPT], quiet=True)
    assert not (root / "out").exists()
    path.unlink()
    with pytest.raises(IntegrityError, match="missing"):
        FigGenPipeline.from_pretrained("figgen-test")
