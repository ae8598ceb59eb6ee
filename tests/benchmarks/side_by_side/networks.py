"""The networks of the ``floor`` part: their FLOPs and their rates, each in several ways."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch.utils.flop_counter import FlopCounterMode

from figbench.features import load_extractor, load_pair_scorer
from figbench.images.preprocess import preprocess
from figbench.synthfig import blur, iter_synthfig
from tests.benchmarks.side_by_side import eager
from tests.benchmarks.side_by_side.peaks import PRECISIONS, wait_for
from tests.benchmarks.side_by_side.report import Record
from tests.benchmarks.side_by_side.settings import Settings, Work
from tests.benchmarks.side_by_side.tools import ours_on


@dataclass(frozen=True)
class Network:
    """A network and how many pictures time it.

    Attributes:
        name: Registry name.
        peer: The usual way, from ``eager``.
        side: Pixels that enter the network; 0 for the pictures' own.
        images: Pictures of one timing on a CPU; even.
        pairs: It scores pairs: the second half of the pictures against the first.
    """

    name: str
    peer: Callable[[str, str], Callable[[Sequence[Any]], Any]]
    side: int
    images: int
    pairs: bool = False


NETWORKS = (
    Network("inception-v3", eager.inception, 299, 16),
    Network("ocr-sim", eager.ocr_sim, 0, 8, pairs=True),
    Network("efficientnet-lite0", eager.efficientnet, 224, 32),
)
ON_GPU = 16
"""Times as many pictures on a GPU."""
PEER = "the usual way, eager"


@dataclass
class Way:
    """A loaded network.

    Attributes:
        name: In the table.
        precision: Of the arithmetic.
        whole: Pictures to features or scores.
        backbone: The network alone, on a batch that is ready; None for the peer.
    """

    name: str
    precision: str
    whole: Callable[[Sequence[Any]], Any]
    backbone: Callable[[], Any] | None
    batch: int


def load_ways(network: Network, settings: Settings, work: Work) -> Iterator[Way]:
    """Yields the peer and every way of figbench that is installed."""
    peer = network.peer(str(work.weights), settings.device)
    batch = 8 if network.name == "inception-v3" else 4
    yield Way(PEER, "float32", torch.no_grad()(peer), None, batch)
    load = load_pair_scorer if network.pairs else load_extractor
    for tool in (one for one in ours_on(settings) if not one.missing(settings.device)):
        ours: Any = load(network.name, settings.device, tool.precision, tool.engine)
        # A batch of pairs is twice as many pictures.
        batch = ours.info.batch_size * (2 if network.pairs else 1)
        dtype = PRECISIONS[tool.precision]
        side = network.side or settings.side
        ready = torch.rand(batch, 3, side, side, device=settings.device)
        ready = ready.to(dtype, memory_format=torch.channels_last)
        whole = _whole(ours, network)
        yield Way(tool.name, tool.precision, whole, _trunk(ours, ready), batch)


def _whole(ours: Any, network: Network) -> Callable[[Sequence[Any]], Any]:
    if not network.pairs:
        return lambda images: ours.extract(images)["features"]
    return lambda images: ours.score(images[: len(images) // 2], images[len(images) // 2 :])


def _trunk(ours: Any, ready: torch.Tensor) -> Callable[[], Any]:
    return torch.inference_mode()(lambda: ours.backbone(ready))


def gflop_per_image(network: Network, side: int) -> float:
    """Returns what the backbone multiplies and adds for one picture."""
    load: Any = load_pair_scorer if network.pairs else load_extractor
    backbone = load(network.name).backbone
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        backbone(torch.rand(1, 3, side, side))
    return counter.get_total_flops() / 1e9


def measure_network(network: Network, settings: Settings, work: Work) -> Iterator[Record]:
    """Yields one record per way: best rates of interleaved rounds, and deviations."""
    count = network.images * (1 if settings.device == "cpu" else ON_GPU)
    images = draw(count, settings.side, network.pairs)
    ways = list(load_ways(network, settings, work))
    whole: list[list[float]] = [[] for _ in ways]
    alone: list[list[float]] = [[] for _ in ways]
    found: list[Any] = [None] * len(ways)
    for turn in range(settings.rounds + 1):
        for place, way in enumerate(ways):
            start = time.perf_counter()
            found[place] = in_batches(way, images, network.pairs)
            seconds = time.perf_counter() - start
            passing = _time_trunk(way, settings.device)
            if turn:  # The first warms up.
                whole[place].append(count / seconds)
                alone[place].append(passing)
    for place, way in enumerate(ways):
        yield {
            "network": network.name,
            "way": way.name,
            "precision": way.precision,
            "whole": max(whole[place]),
            "alone": max(alone[place]),
            "rounds": whole[place],
            **deviations(found[0], found[place], network.pairs),
        }


def _time_trunk(way: Way, device: str) -> float:
    if way.backbone is None:
        return 0.0
    repeats = 1 if device == "cpu" else ON_GPU
    wait_for(device)
    start = time.perf_counter()
    for _ in range(repeats):
        way.backbone()
    wait_for(device)
    return way.batch * repeats / (time.perf_counter() - start)


def draw(count: int, side: int, pairs: bool) -> list[Any]:
    """Returns pictures; for pairs, blurred copies of the second half come first."""
    shaped = [
        preprocess(one.image, f"pad{side}", "bicubic")
        for one in iter_synthfig(count // 2 if pairs else count, 17)
    ]
    return [*(blur(one, 1.0) for one in shaped), *shaped] if pairs else shaped


def in_batches(way: Way, images: list[Any], pairs: bool) -> Any:
    """Returns rows of all pictures, computed in the way's batches."""
    half = len(images) // 2
    if not pairs:
        starts = range(0, len(images), way.batch)
        return np.concatenate([way.whole(images[one : one + way.batch]) for one in starts])
    step = max(1, way.batch // 2)
    return np.concatenate(
        [
            way.whole([*images[one : one + step][: half - one], *images[half + one :][:step]])
            for one in range(0, half, step)
        ]
    )


def deviations(expected: Any, found: Any, pairs: bool) -> dict[str, float]:
    """Returns how far rows or scores are from the peer's, relatively."""
    expected, found = np.asarray(expected, np.float64), np.asarray(found, np.float64)
    if not pairs:
        difference = np.linalg.norm(found - expected) / np.linalg.norm(expected)
        return {"deviation": float(difference)}
    worst = np.abs(found / expected - 1).max()
    return {"deviation": float(abs(found.mean() / expected.mean() - 1)), "worst": float(worst)}
