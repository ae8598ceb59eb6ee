"""DDIM against the equations, written out in NumPy with the same noise network."""

from types import SimpleNamespace

import diffusers
import numpy as np
import pytest
import torch
from diffusers import DDIMScheduler, DPMSolverMultistepScheduler
from figbench_figgen.build import build_figgen_unet, build_scheduler, build_text, build_vae
from figbench_figgen.config import load_config
from figbench_figgen.pipeline import FigGenPipeline
from figbench_figgen.tokens import train_tokenizer

CAPTIONS = ["a red box labelled CNN, then a blue circle"]
STEPS = 200
TOLERANCE = 1e-5


@pytest.fixture(scope="module")
def pipeline():
    config = load_config("figgen-ci")
    torch.manual_seed(3)
    unet, text = build_figgen_unet(config), build_text(config.text)
    with torch.no_grad():
        # Of the size of noise and dependent on the caption, as in a trained network.
        unet.conv_out.weight.mul_(6)
        text.final_layer_norm.weight.mul_(3)
    made = FigGenPipeline(
        build_vae(config).eval(),
        text.eval(),
        train_tokenizer(CAPTIONS, 256),
        unet.eval(),
        build_scheduler(config.noise),
    )
    made.set_progress_bar_config(disable=True)
    return made


@pytest.fixture(scope="module")
def start():
    return np.random.default_rng(11).standard_normal((1, 4, 8, 8))


def alphas_bar():
    """Official 'linear' schedule: linear in sqrt(beta), 1000 steps."""
    betas = np.linspace(np.sqrt(0.00085), np.sqrt(0.012), 1000) ** 2
    return np.cumprod(1 - betas)


@torch.no_grad()
def ddim_by_hand(pipeline, start, guidance):
    """x_{t-1} = sqrt(a') (x - sqrt(1 - a) e) / sqrt(a) + sqrt(1 - a') e, eta = 0.

    Time steps 1, 6, ..., 996; the last step goes to the first alpha of the table.
    """
    table = alphas_bar()
    times = np.arange(0, 1000, 1000 // STEPS) + 1
    before = np.concatenate([table[:1], table[times[:-1]]])
    captioned, empty = pipeline.encode(CAPTIONS)[0], pipeline.encode([""])[0]

    def predict(x, t, embedding):
        given = torch.from_numpy(x.astype(np.float32))
        return pipeline.unet(given, int(t), encoder_hidden_states=embedding).sample.double().numpy()

    x = start
    for t, a_prev in zip(times[::-1], before[::-1], strict=True):
        a = table[t]
        noise = predict(x, t, captioned)
        if guidance != 1:
            without = predict(x, t, empty)
            noise = without + guidance * (noise - without)
        clean = (x - np.sqrt(1 - a) * noise) / np.sqrt(a)
        x = np.sqrt(a_prev) * clean + np.sqrt(1 - a_prev) * noise
    return x


def run(pipeline, start, guidance, scheduler=None, steps=STEPS):
    kept = pipeline.scheduler
    pipeline.scheduler = scheduler or kept
    try:
        return pipeline(
            CAPTIONS,
            guidance,
            steps,
            latents=torch.from_numpy(start).float(),
            output_type="latent",
        ).images.numpy()
    finally:
        pipeline.scheduler = kept


def relative(a, b):
    return np.linalg.norm(a - b) / np.linalg.norm(b)


@pytest.fixture(scope="module")
def trajectories(pipeline, start):
    return {guidance: ddim_by_hand(pipeline, start, guidance) for guidance in (1, 5, 10)}


def test_captions_matter_to_this_network(trajectories):
    """Otherwise guidance would be tested by nothing."""
    assert relative(trajectories[5], trajectories[1]) > 0.01


@pytest.mark.parametrize("guidance", [1, 5, 10])
def test_ddim_follows_the_equations(pipeline, start, trajectories, guidance):
    error = relative(run(pipeline, start, guidance), trajectories[guidance])
    assert error < TOLERANCE


@pytest.mark.parametrize(
    "wrong",
    [
        {"steps_offset": 0},
        {"beta_schedule": "linear"},
        {"clip_sample": True},
        {"set_alpha_to_one": True},
        {"timestep_spacing": "trailing"},
    ],
    ids=lambda wrong: next(iter(wrong)),
)
def test_wrong_settings_would_be_seen(pipeline, start, trajectories, wrong):
    scheduler = type(pipeline.scheduler).from_config(pipeline.scheduler.config, **wrong)
    assert relative(run(pipeline, start, 5, scheduler), trajectories[5]) > 100 * TOLERANCE


def test_noise_table_is_the_official_one(pipeline):
    ours = pipeline.scheduler.alphas_cumprod.double().numpy()
    np.testing.assert_allclose(ours, alphas_bar(), rtol=2e-5)


class GaussianNoise(torch.nn.Module):
    """The exact noise prediction when the data are N(mean, std^2) at every place."""

    mean, std = 0.7, 0.4
    dtype, device = torch.float32, torch.device("cpu")

    def __init__(self, like):
        super().__init__()
        self.config = like.config

    def forward(self, x, t, **_):
        a = float(alphas_bar()[int(t)])
        noise = (1 - a) ** 0.5 * (x - a**0.5 * self.mean) / (a * self.std**2 + 1 - a)
        return SimpleNamespace(sample=noise)


class GaussianVelocity(GaussianNoise):
    """The same as velocity, sqrt(a) noise - sqrt(1 - a) data."""

    def forward(self, x, t, **_):
        a = float(alphas_bar()[int(t)])
        noise = super().forward(x, t).sample
        data = (x - (1 - a) ** 0.5 * noise) / a**0.5
        return SimpleNamespace(sample=a**0.5 * noise - (1 - a) ** 0.5 * data)


@pytest.mark.parametrize("exact", [GaussianNoise, GaussianVelocity])
@pytest.mark.parametrize("kind", [DDIMScheduler, DPMSolverMultistepScheduler])
@pytest.mark.parametrize(("steps", "tolerance"), [(25, 0.06), (100, 0.015)])
def test_solvers_arrive_at_the_exact_solution(pipeline, start, kind, steps, tolerance, exact):
    """For Gaussian data the probability-flow ODE has a closed solution; the error is O(1/steps)."""
    prediction = "epsilon" if exact is GaussianNoise else "v_prediction"
    scheduler = kind.from_config(pipeline.scheduler.config, prediction_type=prediction)
    exact_network = FigGenPipeline(
        pipeline.vae, pipeline.text_encoder, pipeline.tokenizer,
        exact(pipeline.unet), scheduler,
    )  # fmt: skip
    exact_network.set_progress_bar_config(disable=True)
    arrived = run(exact_network, start, 1, scheduler, steps)
    # The trajectories start at the first time step of the solver, nearly pure noise.
    first = alphas_bar()[int(scheduler.timesteps[0])]
    standard = (start - first**0.5 * 0.7) / (first * 0.4**2 + 1 - first) ** 0.5
    assert relative(arrived, 0.7 + 0.4 * standard) < tolerance


def test_training_noise_follows_the_equation(pipeline):
    x, noise = torch.randn(2, 4, 8, 8), torch.randn(2, 4, 8, 8)
    t = torch.tensor([0, 700])
    made = pipeline.scheduler.add_noise(x, noise, t).double().numpy()
    a = alphas_bar()[t.numpy()].reshape(2, 1, 1, 1)
    by_hand = np.sqrt(a) * x.double().numpy() + np.sqrt(1 - a) * noise.double().numpy()
    np.testing.assert_allclose(made, by_hand, atol=1e-5)


@pytest.mark.parametrize("name", ["DDIMScheduler", "DPMSolverMultistepScheduler"])
def test_an_exact_network_gives_the_exact_figure_with_a_rescaled_schedule(name):
    """All data are one latent: its exact velocity must lead from any noise to it."""
    trained = build_scheduler(
        load_config(
            "figgen-ci", ["noise.zero_terminal_snr=true", "noise.prediction=v_prediction"]
        ).noise
    )
    scheduler = getattr(diffusers, name).from_config(trained.config)
    scheduler.set_timesteps(20)
    data = torch.randn(1, 4, 8, 8, generator=torch.Generator().manual_seed(1))
    sample = torch.randn(1, 4, 8, 8, generator=torch.Generator().manual_seed(2))
    sample = sample * scheduler.init_noise_sigma
    for t in scheduler.timesteps:
        a = trained.alphas_cumprod[int(t)]
        given = scheduler.scale_model_input(sample, t)
        noise = (given - a.sqrt() * data) / (1 - a).sqrt()
        velocity = a.sqrt() * noise - (1 - a).sqrt() * data
        sample = scheduler.step(velocity, t, sample).prev_sample
    assert (sample - data).abs().max() < 1e-4
