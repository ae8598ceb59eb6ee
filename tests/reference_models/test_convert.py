"""Official checkpoints: every tensor finds its place, and nothing else gets in."""

import json
import pickle
import sys
import types

import numpy as np
import pytest
import torch
from figbench_figgen.artefact import load_pipeline
from figbench_figgen.build import build_figgen_unet, build_text, build_vae, is_unused
from figbench_figgen.config import load_config
from figbench_figgen.official import convert_state
from typer.testing import CliRunner

from figbench.cli.main import app
from figbench.errors import IntegrityError, UserError
from tests.reference_models.official_names import official_state


@pytest.fixture(scope="module")
def vocabulary(tmp_path_factory):
    folder = tmp_path_factory.mktemp("vocabulary")
    pieces = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "a", "red", "box"]
    (folder / "vocab.txt").write_text("\n".join(pieces) + "\n")
    return folder


@pytest.fixture(scope="module")
def config():
    return load_config("figgen-ci")


@pytest.fixture
def official(config, tmp_path):
    path = tmp_path / "official.ckpt"
    torch.save({"state_dict": official_state(config), "global_step": 9}, path)
    return path


def convert(figgen, source, out, vocabulary, **more):
    settings = [f"text.tokenizer={vocabulary}"]
    return figgen.convert(source, "figgen-ci", out, settings, quiet=True, **more)


def values(tensors):
    return sorted(tuple(one.flatten().tolist()) for one in tensors)


def test_every_official_tensor_is_used_once(figgen, config, official, vocabulary, tmp_path):
    report = convert(figgen, official, tmp_path / "out", vocabulary)
    assert report["unmatched"] == []
    pipeline, saved, facts = load_pipeline(tmp_path / "out")
    assert saved.vae.scaling_factor == 0.18215
    assert facts["converted_from"] == "official.ckpt"
    state = official_state(config)
    for network, prefix in (
        (pipeline.unet, "model.diffusion_model."),
        (pipeline.vae, "first_stage_model."),
        (pipeline.text_encoder, "cond_stage_model."),
    ):
        given = [
            tensor
            for key, tensor in state.items()
            if key.startswith(prefix) and ".loss." not in key and "to_logits" not in key
        ]
        ours = [one for name, one in network.state_dict().items() if not is_unused(name)]
        assert values(ours) == values(given)


def test_places_of_some_tensors(figgen, config, official, vocabulary, tmp_path):
    """Equal shapes would hide a swap."""
    convert(figgen, official, tmp_path / "out", vocabulary)
    pipeline, state = load_pipeline(tmp_path / "out")[0], official_state(config)
    unet, vae = pipeline.unet.state_dict(), pipeline.vae.state_dict()
    inner = "transformer_blocks.0.attn2"
    for ours, theirs in (
        ("time_embedding.linear_2.weight", "time_embed.2.weight"),
        ("down_blocks.1.resnets.0.conv2.weight", "input_blocks.3.0.out_layers.3.weight"),
        (f"mid_block.attentions.0.{inner}.to_k.weight", f"middle_block.1.{inner}.to_k.weight"),
        ("up_blocks.1.resnets.1.conv1.weight", "output_blocks.3.0.in_layers.2.weight"),
    ):
        assert torch.equal(unet[ours], state[f"model.diffusion_model.{theirs}"]), ours
    for ours, theirs in (
        ("encoder.down_blocks.1.resnets.0.conv2.weight", "encoder.down.1.block.0.conv2.weight"),
        ("decoder.up_blocks.0.resnets.1.conv1.weight", "decoder.up.2.block.1.conv1.weight"),
        ("post_quant_conv.bias", "post_quant_conv.bias"),
    ):
        assert torch.equal(vae[ours], state[f"first_stage_model.{theirs}"]), ours


@pytest.mark.parametrize("name", ["figgen-bert8", "figgen-bert32", "figgen-bert128"])
def test_checkpoints_of_paper_scale_fit(name):
    config = load_config(name)
    with torch.device("meta"):
        networks = build_vae(config), build_text(config.text), build_figgen_unet(config)
    parts, unmatched = convert_state(official_state(config, device="meta"), *networks)
    assert unmatched == []
    assert all(part for part in parts.values())


def test_averaged_weights_are_taken_unless_asked(figgen, config, vocabulary, tmp_path):
    source = tmp_path / "ema.ckpt"
    torch.save({"state_dict": official_state(config, ema=True)}, source)
    convert(figgen, source, tmp_path / "ema", vocabulary)
    convert(figgen, source, tmp_path / "raw", vocabulary, use_ema=False)
    ema, raw = (load_pipeline(tmp_path / name)[0].unet.state_dict() for name in ("ema", "raw"))
    assert all(torch.allclose(ema[key], raw[key] + 1) for key in ema)


def test_converted_pipeline_draws(figgen, official, vocabulary, tmp_path):
    convert(figgen, official, tmp_path / "out", vocabulary)
    prompts = tmp_path / "prompts.txt"
    prompts.write_text("a red box\n")
    manifest = figgen.sample(
        tmp_path / "out", str(prompts), 5.0, 2, out=tmp_path / "drawn", device="cpu", quiet=True
    )
    row = json.loads(manifest.read_text().splitlines()[0])
    assert row["prompt"] == "a red box"
    assert (tmp_path / "drawn" / row["file_name"]).is_file()


def broken(config, change):
    state = official_state(config)
    change(state)
    return state


MISSING = "model.diffusion_model.out.2.bias"
SHAPED = "first_stage_model.quant_conv.weight"
EXTRA = "cond_stage_model.transformer.attn_layers.layers.9.0.weight"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda s: s.pop(MISSING), "conv_out.bias  (missing)"),
        (lambda s: s.update({SHAPED: torch.zeros(3, 3, 1, 1)}), "shape (3, 3, 1, 1), expected"),
        (lambda s: s.update({EXTRA: torch.zeros(32)}), "no place"),
        (lambda s: [s.pop(key) for key in list(s) if key.startswith("first_")], "(missing)"),
    ],
    ids=["missing", "shape", "extra", "no autoencoder"],
)
def test_what_does_not_match_is_a_table_and_writes_nothing(
    figgen, config, vocabulary, tmp_path, change, said
):
    source = tmp_path / "odd.ckpt"
    torch.save({"state_dict": broken(config, change)}, source)
    with pytest.raises(UserError) as caught:
        convert(figgen, source, tmp_path / "out", vocabulary)
    assert said in str(caught.value)
    assert not (tmp_path / "out").exists()


def test_keys_of_nobody_are_reported_but_do_not_stop(figgen, config, vocabulary, tmp_path):
    source = tmp_path / "more.ckpt"
    torch.save({"state_dict": {**official_state(config), "other.weight": torch.ones(1)}}, source)
    report = convert(figgen, source, tmp_path / "out", vocabulary)
    assert [one["key"] for one in report["unmatched"]] == ["other.weight"]


class Evil:
    def __reduce__(self):
        return print, ("this must not run",)


def test_code_in_a_checkpoint_does_not_run(figgen, vocabulary, tmp_path, capsys):
    source = tmp_path / "evil.ckpt"
    torch.save({"state_dict": {}, "hook": Evil()}, source)
    with pytest.raises(IntegrityError, match="not a checkpoint of plain tensors"):
        convert(figgen, source, tmp_path / "out", vocabulary)
    source.write_bytes(pickle.dumps(Evil()))
    with pytest.raises(IntegrityError):
        convert(figgen, source, tmp_path / "out", vocabulary)
    assert "must not run" not in capsys.readouterr().out


def test_lightning_callbacks_do_not_stop_the_reading(
    figgen, config, vocabulary, tmp_path, monkeypatch
):
    """Lightning keys the state of its callbacks by class; the class is not needed to read."""
    name = "pytorch_lightning.callbacks.model_checkpoint"
    module = types.ModuleType(name)

    class ModelCheckpoint:
        __module__ = name
        __qualname__ = "ModelCheckpoint"

    module.ModelCheckpoint = ModelCheckpoint
    parents = ("pytorch_lightning", "pytorch_lightning.callbacks")
    with monkeypatch.context() as patch:
        for parent in parents:
            patch.setitem(sys.modules, parent, types.ModuleType(parent))
        patch.setitem(sys.modules, name, module)
        source = tmp_path / "lightning.ckpt"
        document = {"state_dict": official_state(config), "callbacks": {ModelCheckpoint: {"k": 1}}}
        torch.save(document, source)
    report = convert(figgen, source, tmp_path / "out", vocabulary)
    assert report["unmatched"] == []


def test_another_vocabulary_is_refused(figgen, official, tmp_path, monkeypatch):
    monkeypatch.setattr("figbench_figgen.tokens.BERT", str(tmp_path / "absent"))
    with pytest.raises(UserError, match="need bert-base-uncased"):
        figgen.convert(official, "figgen-ci", tmp_path / "out", quiet=True)


def test_command_line(official, vocabulary, tmp_path):
    command = [
        "model", "convert", "figgen", str(official), "--config", "figgen-ci", "--out",
        str(tmp_path / "out"), "--set", f"text.tokenizer={vocabulary}", "--json",
    ]  # fmt: skip
    done = CliRunner().invoke(app, command)
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["unmatched"] == []
    again = CliRunner().invoke(app, command)
    assert isinstance(again.exception, UserError)
    assert "is not empty" in str(again.exception)
    assert np.isfinite(load_pipeline(tmp_path / "out")[0].unet.conv_out.weight.detach()).all()


class EarlyStopping:
    """Stands for another class of Lightning."""


@pytest.mark.parametrize(
    ("extra", "text_layers", "scale", "said"),
    [
        ({"scale_factor": torch.tensor(0.3)}, 2, 0.3, "from the checkpoint"),
        ({}, 2, 0.18215, "assumed"),
        ({}, 128, 0.05, "official configuration with 128 text layers"),
    ],
)
def test_the_latent_scale_is_the_files_else_the_configurations(
    figgen, vocabulary, tmp_path, capsys, extra, text_layers, scale, said
):
    overrides = [f"text.tokenizer={vocabulary}", f"text.layers={text_layers}"]
    state = official_state(load_config("figgen-ci", overrides))
    torch.save({"state_dict": {**state, **extra}}, tmp_path / "scaled.ckpt")
    figgen.convert(tmp_path / "scaled.ckpt", "figgen-ci", tmp_path / "out", overrides)
    assert load_pipeline(tmp_path / "out")[0].vae.config.scaling_factor == scale
    assert said in " ".join(capsys.readouterr().err.split())


def test_objects_of_other_classes_are_passed_over(
    figgen, config, vocabulary, tmp_path, monkeypatch
):
    names = ("pytorch_lightning", "pytorch_lightning.callbacks")
    name = "pytorch_lightning.callbacks.early_stopping"
    module = types.ModuleType(name)
    module.EarlyStopping = EarlyStopping
    monkeypatch.setattr(EarlyStopping, "__module__", name)
    source = tmp_path / "stopped.ckpt"
    with monkeypatch.context() as patch:
        for parent in names:
            patch.setitem(sys.modules, parent, types.ModuleType(parent))
        patch.setitem(sys.modules, name, module)
        document = {
            "state_dict": official_state(config),
            "callbacks": {EarlyStopping: {"patience": 3}},
            "hyper_parameters": EarlyStopping(),
            "loss": np.float64(0.5),
        }
        torch.save(document, source)
    report = convert(figgen, source, tmp_path / "out", vocabulary)
    assert report["unmatched"] == []
