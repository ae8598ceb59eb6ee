"""What the diffusion stage gives more weight: text, noisy steps, short captions first."""

import re
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from figbench_figgen.artefact import load_pipeline
from figbench_figgen.build import build_figgen_unet, build_text, seeded
from figbench_figgen.config import load_config
from figbench_figgen.curriculum import ALWAYS, FIRST_SHARE, Curriculum
from figbench_figgen.figures import FigureSet
from figbench_figgen.label_use import label_use, other_labels
from figbench_figgen.rng import Order, fold, numpy_generator
from figbench_figgen.tokens import tokenize, train_tokenizer
from figbench_figgen.train_diffusion import Denoiser, Examples, draw_timestep, text_weights

from figbench.errors import UserError


def examples(root, *overrides):
    config = load_config("figgen-ci", ["data.split=train", *overrides])
    figures = FigureSet(str(root), config.data, config.image_size)
    captions = [*figures.captions, ""]
    tokens = tokenize(train_tokenizer(captions, 200), captions, config.text.max_len)
    return config, Examples(figures, tokens, config, None)


def test_without_emphasis_examples_are_as_before(simple_root):
    """The step is the second draw of the position's generator; there is no weight."""
    config, made = examples(simple_root)
    for position in range(5):
        rng = numpy_generator(config.run.seed, "example", position)
        rng.random()
        assert made[position]["t"] == int(rng.integers(config.noise.timesteps))
        assert "text_cover" not in made[position]
    assert torch.equal(text_weights(torch.rand(2, 4, 4), 0.0), torch.ones(2, 4, 4))


def test_text_boxes_cover_the_latents_of_the_labels(simple_root):
    config, made = examples(simple_root, "diffusion.text_weight=3")
    figures = FigureSet(str(simple_root), config.data, 64)
    index = Order(len(figures), fold(config.run.seed, "pipeline"))[0]
    assert torch.equal(made[0]["text_cover"].sum() > 0, torch.tensor(True))
    lines = figures.manifest.labels[figures.figures[index].figure_id]
    cover = figures.text_cover(index, 16)
    assert cover.shape == (16, 16)
    area = 0.0
    for line in lines:
        low, high = np.min(line.box, axis=0), np.max(line.box, axis=0)
        area += float(np.prod(high - low))
        x, y = (low + high) / 2
        assert cover[int(y) // 4, int(x) // 4] == 1
    assert float(cover.sum()) * 16 == pytest.approx(area)


def test_boxes_follow_a_wide_figure_onto_its_square(simple_root):
    """A figure of 80 x 40 pixels becomes 64 x 32, with 16 white rows above it."""
    config, _ = examples(simple_root)
    figures = FigureSet(str(simple_root), config.data, 64)
    line = SimpleNamespace(box=((10, 0), (20, 0), (20, 10), (10, 10)))
    figures.figures = (SimpleNamespace(figure_id="wide", width=80, height=40),)
    figures.manifest = SimpleNamespace(labels={"wide": (line,)})
    cover = figures.text_cover(0, 8)
    assert cover.nonzero().tolist() == [[2, 1]]
    assert cover[2, 1] == 1


def test_weights_keep_the_mean_of_a_figure():
    cover = torch.zeros(2, 4, 4)
    cover[0, 1, 1] = 1
    weights = text_weights(cover, 6.0)
    assert weights.mean(dim=(1, 2)).tolist() == pytest.approx([1, 1])
    assert float(weights[0, 1, 1] / weights[0, 0, 0]) == pytest.approx(7)


def test_data_without_text_boxes_are_refused(simple_root):
    config = load_config("figgen-ci", ["diffusion.text_weight=3"])
    figures = FigureSet(str(simple_root / "figures"), config.data, 64, captions=False)
    with pytest.raises(UserError, match="does not say where text is"):
        Examples(figures, SimpleNamespace(mask=torch.ones(30, 4)), config, None)


def test_noisy_steps_are_drawn_more_often():
    """The mean of 1000 u^(1/2) is 667."""
    config = load_config("figgen-ci", ["diffusion.timestep_power=2"])
    rng = np.random.default_rng(0)
    drawn = np.array([draw_timestep(rng, config) for _ in range(4000)])
    assert drawn.min() >= 0
    assert drawn.max() <= 999
    assert drawn.mean() == pytest.approx(667, abs=15)


def test_short_captions_come_first():
    lengths = torch.arange(100)
    mask = torch.arange(120)[None] < lengths.flip(0)[:, None]
    curriculum = Curriculum(mask, 50, 8, 0)
    first = [curriculum.index(position, 0) for position in range(8) if position % ALWAYS]
    assert all(lengths.flip(0)[index] < FIRST_SHARE * 100 for index in first)
    assert curriculum.index(ALWAYS, 7) == 7
    assert curriculum.index(50 * 8 + 1, 7) == 7
    shares = [curriculum.share(step) for step in range(51)]
    assert shares == sorted(shares)
    assert (shares[0], shares[-1]) == (FIRST_SHARE, 1.0)
    assert Curriculum(mask, 0, 8, 0).index(1, 7) == 7


def test_padding_that_no_caption_of_a_batch_needs_is_left_out():
    config = load_config("figgen-ci", ["text.padding_mask=true"])
    text, unet = seeded(0, lambda: (build_text(config.text), build_figgen_unet(config)))
    denoiser = Denoiser(text, unet, True).eval()
    side = config.latent_size
    noisy = torch.randn(
        2, config.vae.latent_channels, side, side, generator=torch.Generator().manual_seed(0)
    )
    ids = torch.zeros(2, config.text.max_len, dtype=torch.int64)
    ids[0, :5], ids[1, :3] = 7, 9
    steps = torch.tensor([10, 900])
    with torch.no_grad():
        short = denoiser(noisy, steps, ids, ids > 0)
        embedding = text(ids, attention_mask=ids > 0)[0]
        whole = unet(
            noisy, steps, encoder_hidden_states=embedding, encoder_attention_mask=ids > 0
        ).sample
    assert torch.allclose(short, whole, atol=1e-5)


def test_a_model_that_ignores_labels_has_the_same_error_with_others(trained, simple_root):
    """A text encoder that hides every label from the U-Net, against the encoder as it is."""
    captions = FigureSet(str(simple_root), load_config("figgen-ci").data, 64).captions
    for i, caption in enumerate(captions):
        other = other_labels(caption, np.random.default_rng(i))
        assert other != caption
        assert re.sub(r"labelled \w+", "", other) == re.sub(r"labelled \w+", "", caption)
    used = label_use(trained, f"{simple_root}:train", limit=6)
    assert used["figures"] == 6
    assert used["text"]["right"] != used["text"]["other"]
    pipeline, config, metadata = load_pipeline(trained)
    with pytest.MonkeyPatch.context() as patch:
        for parameter in pipeline.text_encoder.parameters():
            parameter.data.zero_()
        patch.setattr(
            "figbench_figgen.label_use.load_pipeline", lambda _: (pipeline, config, metadata)
        )
        ignored = label_use(trained, f"{simple_root}:train", limit=6)
    assert ignored["text"]["right"] == ignored["text"]["other"]
    assert ignored["rest"]["right"] == ignored["rest"]["other"]
