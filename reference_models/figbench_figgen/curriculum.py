"""Short captions first: figures of few parts, in which a label is learned sooner.

Competence-based curriculum (Platanias et al., NAACL 2019): at each step the figures are of the
easiest share of the data, which grows until it is all of it. Difficulty is the length of the
caption; the share grows with the square of the step, and a fourth of the figures is always of all
captions, so that nothing learned before is lost.
"""

from __future__ import annotations

import numpy as np
import torch

from figbench_figgen.rng import numpy_generator

FIRST_SHARE = 0.15
ALWAYS = 4
"""Every fourth position draws from all captions."""


class Curriculum:
    """Which figure a position of the training draws."""

    def __init__(self, mask: torch.Tensor, steps: int, global_batch: int, seed: int) -> None:
        """Ranks the captions.

        Args:
            mask: True on tokens, False on padding, (captions, length).
            steps: Until all captions are drawn; 0 for no curriculum.
            global_batch: Figures a step.
            seed: Of the run.
        """
        self._ranked = np.argsort(mask.sum(dim=1).numpy(), kind="stable")
        self._steps, self._batch, self._seed = steps, global_batch, seed

    def index(self, position: int, default: int) -> int:
        """Returns the figure of a position.

        Args:
            position: In the training.
            default: The figure that the position has without a curriculum.
        """
        share = self.share(position // self._batch)
        if share >= 1 or position % ALWAYS == 0:
            return default
        fraction = numpy_generator(self._seed, "curriculum", position).random()
        return int(self._ranked[int(fraction * share * len(self._ranked))])

    def share(self, step: int) -> float:
        """Returns the share of the captions, shortest first, that a step draws from."""
        if step >= self._steps:
            return 1.0
        return FIRST_SHARE + (1 - FIRST_SHARE) * (step / self._steps) ** 2
