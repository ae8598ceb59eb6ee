"""``FigbenchMetric``: figbench's scores as a torchmetrics metric."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from figbench.data.figures import FigureSource
from figbench.errors import UserError
from figbench.evaluation.evaluator import Evaluator
from figbench.evaluation.evaluator_state import pack_state, unpack_states
from figbench.evaluation.planning.options import Options
from figbench.images.arrays import UNIT, ValueRange
from figbench.io.optional import require
from figbench.protocol import Protocol
from figbench.results.schema import RunResult

if TYPE_CHECKING:
    from torchmetrics import Metric
else:
    Metric = require("torchmetrics", purpose="figbench.integrations.torchmetrics").Metric


class FigbenchMetric(Metric):
    """Scores of generated figures in torchmetrics' interface.

    Every ``update`` runs the networks on its images and keeps their features as one byte tensor, so
    that torchmetrics' own ``sync``, ``state_dict``, ``forward`` and ``MetricCollection`` work on
    it. ``compute`` is equal to :func:`figbench.evaluate` on all images of all processes.

    Args:
        reference: Folder, archive, index, ``.figref`` file or :class:`figbench.Figures`.
        metrics: A selection among the protocol's metrics; None for all.
        protocol: A shipped name, a YAML path or a :class:`figbench.Protocol`.
        output: Id of one output that ``compute`` returns as a scalar, for example ``label_f1``;
            None for a dict of all values and interval bounds.
        value_range: Range of float images, (0, 1) or (-1, 1).
        options: How runs behave.
        store: Folder of a store whose features of the reference are read.
        kwargs: torchmetrics' arguments, such as ``sync_on_compute``.

    Raises:
        UserError: As :class:`figbench.Evaluator`.

    Example::

        metrics = MetricCollection({
            "fid": FrechetInceptionDistance(normalize=True),
            "figbench": FigbenchMetric("refs/", metrics=["label_fidelity"]),
        })
        metrics.update(images, real=False, figure_ids=ids)
    """

    full_state_update: bool = False
    is_differentiable: bool = False
    higher_is_better: bool | None = None
    chunks: Any

    def __init__(
        self,
        reference: FigureSource,
        metrics: Sequence[str] | None = None,
        protocol: str | Path | Protocol = "offline",
        *,
        output: str | None = None,
        value_range: ValueRange = UNIT,
        options: Options = Options(),
        store: str | Path | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self._evaluator = Evaluator(
            reference, protocol, metrics, options=options, store=store, distributed=False
        )
        self._output, self._value_range = output, value_range
        self._numbered = 0
        self.add_state("chunks", default=[], dist_reduce_fx="cat")

    def update(
        self,
        images: Any,
        figure_ids: Sequence[str] | None = None,
        prompts: Sequence[str | None] | None = None,
        real: bool = False,
    ) -> None:
        """Adds a batch.

        Args:
            images: As in :meth:`figbench.Evaluator.update`.
            figure_ids: Reference id of each image; None numbers them.
            prompts: Caption of each image.
            real: True batches are left out: the reference was given at construction. The argument
                lets one ``MetricCollection`` hold this metric and torchmetrics' FID.
        """
        if real:
            return
        if figure_ids is None:
            count = _count(images)
            rank = _rank()
            figure_ids = [f"r{rank:04d}-{self._numbered + i:08d}" for i in range(count)]
            self._numbered += count
        self._evaluator.reset()
        self._evaluator.update(images, figure_ids, prompts, value_range=self._value_range)
        packed = pack_state(self._evaluator.state_dict())
        self.chunks.append(torch.frombuffer(bytearray(packed), dtype=torch.uint8).to(self.device))

    def compute(self) -> Any:
        """Returns ``{id: value, id/low: ..., id/high: ...}`` or the scalar of ``output``.

        Raises:
            UserError: If there is no image, or ``output`` has no value.
        """
        values = self.compute_result().to_dict()
        if self._output is None:
            return {name: torch.tensor(value) for name, value in values.items()}
        if self._output not in values:
            names = ", ".join(values)
            raise UserError(f"output: '{self._output}' has no value.", remedy=f"Values: {names}.")
        return torch.tensor(values[self._output])

    def compute_result(self) -> RunResult:
        """Returns the whole result of the images in the state."""
        chunks = self.chunks if isinstance(self.chunks, list) else [self.chunks]
        self._evaluator.reset()
        for chunk in chunks:
            for state in unpack_states(chunk.cpu().numpy().tobytes()):
                self._evaluator.merge(state)
        return self._evaluator.compute()


def _count(images: Any) -> int:
    return 1 if getattr(images, "ndim", 4) == 3 or not hasattr(images, "__len__") else len(images)


def _rank() -> int:
    from figbench.evaluation.distributed.gather import world

    return world()[0]
