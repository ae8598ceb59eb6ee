"""A Lightning callback that scores figures at the end of validation."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from figbench.errors import UserError
from figbench.evaluation.evaluator import Evaluator
from figbench.images.arrays import UNIT, ValueRange
from figbench.io.optional import require
from figbench.results.schema import RunResult

if TYPE_CHECKING:
    from pytorch_lightning import Callback as LightningCallback
else:
    LightningCallback = require(
        "pytorch_lightning", "lightning.pytorch", purpose="figbench.integrations.lightning"
    ).Callback

FIELDS = ("images", "figure_ids", "prompts")


class FigbenchCallback(LightningCallback):
    """Logs figbench's scores under ``figbench/...`` after each validation.

    The images come from ``validation_step``, which returns a dict with ``images`` and
    ``figure_ids``; or from ``sample``, which draws them once per validation. In a distributed job
    each process gives its own images and all log one result. The sanity check is left out.

    Args:
        evaluator: Has the reference, protocol and metrics.
        sample: ``sample(module) -> {"images": ..., "figure_ids": ...}``; None to collect the
            outputs of ``validation_step``.
        every_n_epochs: Epochs between two evaluations.
        prefix: Put before every logged name.
        value_range: Range of float images, (0, 1) or (-1, 1).

    Attributes:
        result: The latest result, or None.
    """

    def __init__(
        self,
        evaluator: Evaluator,
        sample: Callable[[Any], Mapping[str, Any]] | None = None,
        *,
        every_n_epochs: int = 1,
        prefix: str = "figbench/",
        value_range: ValueRange = UNIT,
    ) -> None:
        if every_n_epochs < 1:
            raise UserError(f"every_n_epochs: {every_n_epochs}, expected at least 1.")
        super().__init__()
        self.evaluator, self.result = evaluator, None
        self._sample, self._every, self._prefix = sample, every_n_epochs, prefix
        self._value_range = value_range

    result: RunResult | None

    def on_validation_epoch_start(self, trainer: Any, pl_module: Any) -> None:
        """Forgets the images of the previous validation."""
        self.evaluator.reset()

    def on_validation_batch_end(
        self,
        trainer: Any,
        pl_module: Any,
        outputs: Any,
        batch: Any,
        batch_idx: int,
        dataloader_idx: int = 0,
    ) -> None:
        """Adds the images that ``validation_step`` returned.

        Args:
            trainer: The trainer.
            pl_module: The module under training.
            outputs: Return value of ``validation_step``: a dict with ``images`` and, for paired
                metrics, ``figure_ids``.
            batch: The batch, unused.
            batch_idx: Index of the batch, unused.
            dataloader_idx: Index of the loader, unused.
        """
        if self._sample is None and self._due(trainer):
            if not isinstance(outputs, Mapping) or "images" not in outputs:
                raise UserError(
                    "validation_step returned no images for figbench.",
                    remedy='Return {"images": ..., "figure_ids": ...}, or give the callback '
                    "sample=.",
                )
            self._update(outputs)

    def on_validation_epoch_end(self, trainer: Any, pl_module: Any) -> None:
        """Computes and logs the scores."""
        if not self._due(trainer):
            return
        if self._sample is not None:
            self._update(self._sample(pl_module))
        self.result = self.evaluator.compute()
        values = {f"{self._prefix}{name}": value for name, value in self.result.to_dict().items()}
        pl_module.log_dict(values, on_step=False, on_epoch=True, sync_dist=False)

    def _due(self, trainer: Any) -> bool:
        return not trainer.sanity_checking and (trainer.current_epoch + 1) % self._every == 0

    def _update(self, given: Mapping[str, Any]) -> None:
        fields = {name: given[name] for name in FIELDS if name in given}
        self.evaluator.update(**fields, value_range=self._value_range)


Callback = FigbenchCallback
