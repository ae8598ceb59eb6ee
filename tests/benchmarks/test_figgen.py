"""FigGen's sampling and training against plain diffusers loops of the same networks.

CPU time, not wall-clock time, so that other programs on the machine matter less. The floor is the
floating-point work of the networks (counted) at the matrix rate of this machine (measured).
"""

from time import process_time

import pytest
import torch
from diffusers.training_utils import EMAModel
from figbench_figgen.build import build_figgen_unet, build_scheduler, build_text, build_vae, seeded
from figbench_figgen.config import load_config
from figbench_figgen.pipeline import FigGenPipeline
from figbench_figgen.tokens import tokenize, train_tokenizer
from torch.utils.flop_counter import FlopCounterMode

pytestmark = pytest.mark.bench

BATCH = 16
STEPS = 5
ROUNDS = 3
CAPTIONS = [f"Figure 1: A red box labelled {letter}." for letter in "ABCDEFGHIJKLMNOP"]


@pytest.fixture(scope="module")
def config():
    return load_config("figgen-nano")


def networks(config):
    parts = seeded(
        0, lambda: (build_vae(config), build_text(config.text), build_figgen_unet(config))
    )
    return [part.eval() for part in parts]


def seconds(call):
    """Returns the smallest CPU time of some rounds, after one that warms up."""
    call()
    times = []
    for _ in range(ROUNDS):
        start = process_time()
        call()
        times.append(process_time() - start)
    return min(times)


def work(call):
    """Returns the floating-point operations of a call (two per multiply-add)."""
    with FlopCounterMode(display=False) as counter:
        call()
    return counter.get_total_flops()


def matrix_rate(kind):
    """Returns floating-point operations per CPU second of a large matrix product."""
    side = 1024
    a = torch.randn(side, side, dtype=kind)
    return 2 * side**3 / seconds(lambda: a @ a)


def plain_sampling(vae, text, unet, tokens, scheduler, scale):
    """As in diffusers' guide: both branches in a batch, float32, text encoded for every figure."""
    empty = tokenize(tokens, [""] * BATCH, text.config.max_position_embeddings)
    given = tokenize(tokens, CAPTIONS, text.config.max_position_embeddings)
    ids, mask = torch.cat([empty.ids, given.ids]), torch.cat([empty.mask, given.mask])
    embedding = text(ids, attention_mask=mask)[0]
    side = unet.config.sample_size
    latents = torch.randn(
        (BATCH, unet.config.in_channels, side, side), generator=torch.Generator().manual_seed(0)
    )
    scheduler.set_timesteps(STEPS)
    for t in scheduler.timesteps:
        both = scheduler.scale_model_input(torch.cat([latents, latents]), t)
        predicted = unet(
            both, t, encoder_hidden_states=embedding, encoder_attention_mask=mask
        ).sample
        without, with_caption = predicted.chunk(2)
        latents = scheduler.step(without + scale * (with_caption - without), t, latents).prev_sample
    return vae.decode(latents / vae.config.scaling_factor).sample


@pytest.mark.parametrize("kind", [torch.float32, torch.bfloat16], ids=["float32", "bfloat16"])
def test_sampling(config, benchmark, kind):
    vae, text, unet = networks(config)
    tokens = train_tokenizer(CAPTIONS, config.text.vocab_size, lowercase=False)
    scheduler = build_scheduler(config.noise)
    with torch.no_grad():
        peer = seconds(lambda: plain_sampling(vae, text, unet, tokens, scheduler, 3.0))
    pipeline = FigGenPipeline(vae, text, tokens, unet, scheduler, padding_mask=True)
    pipeline.set_progress_bar_config(disable=True)
    pipeline.to(kind)

    def draw():
        seeds = [torch.Generator().manual_seed(i) for i in range(BATCH)]
        return pipeline(CAPTIONS, 3.0, STEPS, generator=seeds, output_type="uint8")

    flops = work(draw)
    ours = seconds(draw)
    benchmark.pedantic(lambda: None)
    benchmark.extra_info.update(
        ratio_to_diffusers=ours / peer,
        ratio_to_floor=ours / (flops / matrix_rate(kind)),
        figures_per_cpu_second=BATCH / ours,
        gigaflop_per_figure=flops / BATCH / 1e9,
    )
    print(f"\nsampling {kind}: {benchmark.extra_info}")  # the benchmark's output
    assert ours / peer < (1.3 if kind == torch.float32 else 1.1)


def plain_training(vae, text, unet, scheduler, pixels, ids, mask, state):
    """As diffusers' text-to-image script: encode, add noise, predict, clip, AdamW, average."""
    parameters, optimizer, average = state
    with torch.autocast("cpu", torch.bfloat16):
        with torch.no_grad():
            latents = vae.encode(pixels).latent_dist.sample() * vae.config.scaling_factor
        noise = torch.randn_like(latents)
        t = torch.randint(0, 1000, (len(latents),))
        noisy = scheduler.add_noise(latents, noise, t)
        embedding = text(ids, attention_mask=mask)[0]
        predicted = unet(
            noisy, t, encoder_hidden_states=embedding, encoder_attention_mask=mask
        ).sample
    target = scheduler.get_velocity(latents, noise, t)
    (predicted.float() - target.float()).square().mean().backward()
    torch.nn.utils.clip_grad_norm_(parameters, 1.0)
    optimizer.step()
    optimizer.zero_grad()
    average.step(parameters)


def test_training(config, benchmark, tmp_path):
    from accelerate import Accelerator
    from figbench_figgen.figures import FigureSet
    from figbench_figgen.run_console import RunConsole
    from figbench_figgen.train_diffusion import DiffusionStage
    from torch.utils.data import default_collate

    from figbench.synthfig import synthesize

    size = config.diffusion.micro_batch
    synthesize(tmp_path / "figs", 2 * size, 3, 0.0, simple=True)
    figures = FigureSet(str(tmp_path / "figs"), config.data, config.image_size)
    vae, text, unet = networks(config)
    stage = DiffusionStage(
        config, figures, vae, Accelerator(cpu=True, mixed_precision="bf16"), tmp_path, "",
        RunConsole(quiet=True),
    )  # fmt: skip

    def step():
        batch = default_collate([stage.dataset[i] for i in range(size)])
        return stage.step([batch], 0, config.diffusion.lr)

    def load():
        return default_collate([stage.dataset[i] for i in range(size)])

    flops = work(step)
    ours, loading = seconds(step), seconds(load)
    scheduler = build_scheduler(config.noise)
    tokens = train_tokenizer(figures.captions, config.text.vocab_size, lowercase=False)
    given = tokenize(tokens, figures.captions[:size], config.text.max_len)
    pixels = torch.stack([figures.padded(i) for i in range(size)])
    parameters = [
        one for network in (text, unet) for one in network.train().parameters() if one.requires_grad
    ]
    state = (
        parameters, torch.optim.AdamW(parameters, config.diffusion.lr),
        EMAModel(parameters, decay=config.diffusion.ema_decay),
    )  # fmt: skip
    peer = seconds(
        lambda: plain_training(
            vae, text, unet, scheduler, pixels, given.ids, given.mask, state
        )
    )  # fmt: skip
    benchmark.pedantic(lambda: None)
    benchmark.extra_info.update(
        ratio_to_diffusers=ours / peer,
        ratio_to_floor=ours / (flops / matrix_rate(torch.bfloat16)),
        data_share=loading / ours,
        cpu_seconds_per_step=ours,
        gigaflop_per_step=flops / 1e9,
    )
    print(f"\ntraining: {benchmark.extra_info}")  # the benchmark's output
    assert ours / peer < 1.1
    assert loading < 0.2 * ours
