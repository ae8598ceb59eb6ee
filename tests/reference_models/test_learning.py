"""The slow lane: three minutes of training are enough to draw colours that a caption names."""

from pathlib import Path

import numpy as np
import pytest
from figbench_figgen.prompts import load_prompts
from PIL import Image

from figbench.synthfig.simple import COLOURS
from tests.reference_models.conftest import read_log

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1500)]

# A smaller figgen-nano at half its side: a quarter of the work, three minutes on two cores.
CONFIG = Path(__file__).with_name("figgen-learning.yaml")
HALF = (
    "image_size=32", "autoencoder.steps=700", "autoencoder.ocr_weight=0", "diffusion.steps=900",
    "run.checkpoint_every=10000", "run.grid_every=0",
)  # fmt: skip


@pytest.fixture(scope="module")
def learned(figgen, tmp_path_factory):
    from figbench.synthfig import synthesize

    root = tmp_path_factory.mktemp("learning")
    synthesize(root / "figs", 1000, 3, 0.05, simple=True)
    for stage in ("autoencoder", "diffusion"):
        figgen.train(
            stage=stage, config=str(CONFIG), data=str(root / "figs"), out=root / "run",
            overrides=HALF, quiet=True,
        )  # fmt: skip
    figgen.sample(
        checkpoint=root / "run", prompts=f"{root / 'figs'}:test", out=root / "samples",
        guidance_scale=3.0, num_inference_steps=25, quiet=True,
    )  # fmt: skip
    return root


def colours_drawn(path):
    """Share of each palette colour among the pixels that are neither page nor ink."""
    pixels = np.asarray(Image.open(path).convert("RGB"), float).reshape(-1, 3)
    anchors = np.array([*COLOURS.values(), (255, 255, 255), (0, 0, 0)], float)
    nearest = ((pixels[:, None] - anchors) ** 2).sum(2).argmin(1)
    counts = np.bincount(nearest, minlength=len(anchors))[: len(COLOURS)]
    return counts / max(counts.sum(), 1)


def test_losses_fall(learned):
    for stage, factor in (("autoencoder", 0.3), ("diffusion", 0.5)):
        losses = [one["loss"] for one in read_log(learned / "run" / f"log-{stage}.jsonl")]
        assert np.mean(losses[-10:]) < factor * losses[0]


def test_samples_answer_their_own_prompt(learned):
    work, _ = load_prompts(f"{learned / 'figs'}:test", caption="captions", samples=1, limit=None)
    named = np.array([[f" {name} " in one.caption for name in COLOURS] for one in work], float)
    drawn = np.array([colours_drawn(learned / "samples" / one.file_name) for one in work])
    agreement = drawn @ named.T
    own = np.diag(agreement).mean()
    others = (agreement.sum() - np.trace(agreement)) / (agreement.size - len(agreement))
    # Over 50 prompts the difference of two unrelated sets has a standard error of about 0.045.
    assert own > others + 0.09
