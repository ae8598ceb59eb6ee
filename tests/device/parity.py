"""Part (a): every network on the device against the CPU, and the bits of TF1's resize."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from textwrap import shorten
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from figbench.errors import FigbenchError
from figbench.features import extractors, load_extractor, load_pair_scorer, pair_scorers
from figbench.features.engines.exact import arithmetic
from figbench.features.networks.inception import resize_like_tensorflow1, resize_on_device
from figbench.images.types import RGBImage
from figbench.synthfig import iter_synthfig

BOUNDS = {"float32": 1e-4, "bfloat16": 0.1}
"""Largest relative deviation from the CPU in float32, over all values of a network's output."""

Record = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Deviation:
    """How far a network on the device is from the CPU in float32.

    Attributes:
        relative: Norm of the difference over the norm of the CPU's values.
        repeats: Whether a second call gave the same bits.
    """

    relative: float
    repeats: bool


def figures(count: int, side: int = 256) -> list[RGBImage]:
    """Returns SynthFig figures as squares, (side, side, 3) uint8.

    Args:
        count: How many.
        side: Pixels.
    """
    from PIL import Image

    return [
        np.array(Image.fromarray(figure.image).resize((side, side)))
        for figure in iter_synthfig(count, 11)
    ]


def compare(
    call: Callable[[], Any], expected: npt.NDArray[np.float64], *, deterministic: bool
) -> Deviation:
    """Runs a network twice on the device.

    Args:
        call: Returns an array.
        expected: The CPU's values in float32, of the same shape.
        deterministic: Only deterministic algorithms, as ``evaluate --deterministic``.
    """
    with arithmetic(deterministic):
        first, second = _flat(call()), _flat(call())
    difference = np.linalg.norm(first - expected) / max(float(np.linalg.norm(expected)), 1e-30)
    return Deviation(float(difference), bool(np.array_equal(first, second)))


def run_parity(device: str, *, tiny: bool = False) -> Iterator[Record]:
    """Yields a record per network and precision, then the resize's.

    Args:
        device: ``cuda``, or ``cpu`` for the dry run.
        tiny: Two figures, float32 only.
    """
    images = figures(2 if tiny else 6)
    precisions = ("float32",) if tiny else ("float32", "bfloat16")
    for kind, names, make in (
        ("extractor", extractors.names(), _extractor),
        ("pair scorer", pair_scorers.names(), _pair_scorer),
    ):
        for name in names:
            for precision in precisions:
                yield {"kind": kind, "network": name, "precision": precision} | _network(
                    make, name, device, precision, images
                )
    for precision in precisions:
        yield {"kind": "figgen", "network": "figgen-ci", "precision": precision} | figgen_parity(
            device, precision
        )
    yield {"kind": "resize", "network": "TF1 bilinear", **resize_parity(device, images)}


def _network(
    make: Any, name: str, device: str, precision: str, images: Sequence[RGBImage]
) -> Record:
    """Compares one network; what cannot be loaded is left out, with the reason."""
    try:
        expected = _flat(make(name, "cpu", "float32", images)())
        call = make(name, device, precision, images)
        made = compare(call, expected, deterministic=True)
    except (FigbenchError, ImportError) as error:
        return {"left_out": shorten(str(error).splitlines()[0], 120, placeholder=" ...")}
    passed = made.relative <= BOUNDS[precision] and made.repeats
    return {"relative": made.relative, "repeats": made.repeats, "passed": passed}


def _extractor(name: str, device: str, precision: str, images: Sequence[RGBImage]) -> Any:
    network = load_extractor(name, device, precision)

    def call() -> Any:
        made = network.extract(images)
        return np.concatenate([np.ravel(made[key]) for key in sorted(made)])

    return call


def _pair_scorer(name: str, device: str, precision: str, images: Sequence[RGBImage]) -> Any:
    network: Any = load_pair_scorer(name, device, precision)
    shifted = [*images[1:], images[0]]
    return lambda: network.score(images, shifted)


def figgen_parity(device: str, precision: str) -> Record:
    """Compares FigGen's three networks, random weights, after five sampling steps."""
    from figbench_figgen.build import (
        build_figgen_unet,
        build_scheduler,
        build_text,
        build_vae,
        seeded,
    )
    from figbench_figgen.config import load_config
    from figbench_figgen.pipeline import FigGenPipeline
    from figbench_figgen.tokens import train_tokenizer

    config = load_config("figgen-ci")
    captions = ["A red box labelled A.", "A blue circle."]
    kinds = {"float32": torch.float32, "bfloat16": torch.bfloat16}

    def draw(where: str, kind: torch.dtype) -> Any:
        vae, text, unet = seeded(
            0, lambda: (build_vae(config), build_text(config.text), build_figgen_unet(config))
        )
        pipeline = FigGenPipeline(
            vae, text, train_tokenizer(captions, config.text.vocab_size), unet,
            build_scheduler(config.noise),
        )  # fmt: skip
        pipeline.set_progress_bar_config(disable=True)
        pipeline.to(where, kind)
        seeds = [torch.Generator().manual_seed(i) for i in range(2)]
        return pipeline(captions, 3.0, 5, generator=seeds, output_type="np").images

    expected = _flat(draw("cpu", torch.float32))
    made = compare(lambda: draw(device, kinds[precision]), expected, deterministic=True)
    passed = made.relative <= BOUNDS[precision] and made.repeats
    return {"relative": made.relative, "repeats": made.repeats, "passed": passed}


def resize_parity(device: str, images: Sequence[RGBImage]) -> Record:
    """Counts the values of TF1's resize that differ in any bit from the CPU's."""
    different = 0
    for image in images:
        batch = torch.from_numpy(np.array(image)).permute(2, 0, 1)[None].to(device)
        made = resize_on_device(batch, 299)[0].permute(1, 2, 0).cpu().numpy()
        different += int((made != resize_like_tensorflow1(image, 299)).sum())
    return {"values_that_differ": different, "passed": different == 0}


def _flat(values: Any) -> npt.NDArray[np.float64]:
    return np.ravel(np.asarray(values, dtype=np.float64))
