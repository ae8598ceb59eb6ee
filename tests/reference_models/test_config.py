"""Configurations: paper-scale counts part by part, closed keys, overrides."""

import pytest
from figbench_figgen.build import describe
from figbench_figgen.config import config_names, load_config

from figbench.errors import UserError

UNET = {
    "time_embedding": 1_312_768,
    "input": 234_998_784,
    "middle": 61_901_824,
    "output": 428_477_952,
    "out": 9_732,
    "total": 726_701_060,
}
AUTOENCODER = {
    "encoder": 34_163_592,
    "decoder": 49_490_179,
    "quant_conv": 72,
    "post_quant_conv": 20,
    "total": 83_653_863,
}


@pytest.mark.parametrize(
    ("layers", "text", "text_as_in_paper", "total_as_in_paper"),
    [
        (8, 40_874_496, 56_532_282, 866_887_205),
        (32, 116_494_848, 132_152_634, 942_507_557),
        (128, 418_976_256, 434_634_042, 1_244_988_965),
    ],
)
def test_paper_scale_counts(layers, text, text_as_in_paper, total_as_in_paper):
    counts = describe(load_config(f"figgen-bert{layers}"))
    assert counts["parts"]["unet"] == UNET
    assert counts["parts"]["autoencoder"] == AUTOENCODER
    assert counts["parts"]["text_encoder"]["total"] == text
    assert counts["parts"]["text_encoder"]["total_as_in_paper"] == text_as_in_paper
    assert counts["total_as_in_paper"] == total_as_in_paper
    assert counts["total"] == UNET["total"] + AUTOENCODER["total"] + text
    assert counts["latent_shape"] == [4, 64, 64]


def test_paper_hyper_parameters():
    config = load_config("figgen-bert8")
    stage = config.autoencoder
    assert (stage.lr, stage.global_batch, stage.betas, stage.crop) == (4.5e-6, 4, (0.5, 0.9), 384)
    weights = (stage.l1_weight, stage.lpips_weight, stage.ocr_weight, stage.kl_weight)
    assert weights == (1.0, 0.2, 1.0, 1e-6)
    assert (stage.disc_start, stage.disc_weight) == (50_001, 0.5)
    assert (config.diffusion.lr, config.diffusion.global_batch) == (1e-4, 32)
    assert (config.diffusion.caption_dropout, config.diffusion.ema_decay) == (0.1, 0.9999)
    assert (config.noise.beta_start, config.noise.beta_end) == (0.00085, 0.012)
    assert (config.text.vocab_size, config.text.max_len, config.text.hidden) == (30522, 77, 512)


def test_paper_exact_switches_every_deviation_back_and_a_later_setting_wins():
    config = load_config("figgen-bert8", ["paper-exact", "diffusion.ema_text=true"])
    assert config.diffusion.caption_dropout == 0.0
    assert config.diffusion.ema_text is True
    assert (config.data.resize, config.data.alpha) == ("legacy_linear", "legacy_black")
    assert config.vae.scaling_factor == 0.18215
    assert config.run.precision == "no"


@pytest.mark.parametrize("name", config_names())
def test_every_shipped_configuration_loads_under_its_own_name(name):
    config = load_config(name)
    assert config.name == name
    assert config.latent_size * config.vae.factor == config.image_size


@pytest.mark.parametrize(
    ("name", "overrides", "said"),
    [
        ("figgen-bert9", [], "Did you mean 'figgen-bert8'?"),
        ("figgen-ci", ["diffusion.caption_dropot=0"], "Did you mean 'caption_dropout'?"),
        ("figgen-ci", ["difusion.lr=1"], "Did you mean 'diffusion'?"),
        ("figgen-ci", ["diffusion.lr=fast"], "diffusion.lr"),
        ("figgen-ci", ["diffusion.lr"], "expected section.key=value"),
        ("figgen-ci", ["name.x=1"], "is a value, not a section"),
        ("figgen-ci", ["image_size=33"], "image_size must be a multiple of 8"),
        ("figgen-ci", ["diffusion.micro_batch=3"], "multiple of micro_batch"),
        ("figgen-ci", ["unet.heads=5"], "multiples of unet.heads"),
        ("figgen-ci", ["unet.attention=[true]"], "one entry per"),
        ("figgen-ci", ["vae.norm_groups=7"], "multiples of vae.norm_groups"),
        ("absent.yaml", [], "no such configuration file"),
    ],
)
def test_wrong_configurations_name_what_is_wrong(name, overrides, said):
    with pytest.raises(UserError) as caught:
        load_config(name, overrides)
    assert said in str(caught.value)


def test_yaml_file_of_ones_own(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text("- a\n- b\n")
    with pytest.raises(UserError, match="mapping"):
        load_config(path)
    path.write_text("a: [")
    with pytest.raises(UserError, match="not valid YAML"):
        load_config(path)
    path.write_text("name: x\n")
    with pytest.raises(UserError, match="image_size"):
        load_config(path)


def test_numbers_without_a_point_are_numbers():
    assert load_config("figgen-ci", ["diffusion.lr=1e-4"]).diffusion.lr == 1e-4


def test_precision_no_can_be_typed_as_errors_advise():
    """YAML reads a bare ``no`` as false."""
    assert load_config("figgen-ci", ["run.precision=no"]).run.precision == "no"
    with pytest.raises(UserError, match=r"run\.precision"):
        load_config("figgen-ci", ["run.precision=yes"])
