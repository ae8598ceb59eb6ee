"""How networks are executed, as far as it can change the last digits of a record."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from figbench.errors import UserError

ENGINES = ("torch", "openvino")


@dataclass(frozen=True, slots=True)
class Execution:
    """Settings that are part of the store's key and of the provenance, and not of the protocol.

    Two executions differ by rounding only, so their scores may be compared. Their records are
    stored separately, so that a key determines every bit of its record.

    Attributes:
        deterministic: Images one by one and deterministic algorithms only: a record does not
            depend on the batch.
        engine: ``torch``, or ``openvino`` for the networks that it can run.

    Raises:
        UserError: If the engine is unknown.
    """

    deterministic: bool = False
    engine: str = "torch"

    def __post_init__(self) -> None:
        if self.engine not in ENGINES:
            raise UserError(
                f"--engine {self.engine}: unknown.", remedy=f"Choose {' or '.join(ENGINES)}."
            )

    def key(self, engines: Sequence[str] = ENGINES) -> dict[str, bool | str]:
        """Returns the settings that differ from the default; empty for the default.

        Args:
            engines: Engines that can run the network besides PyTorch.
        """
        settings: dict[str, bool | str] = {}
        if self.deterministic:
            settings["deterministic"] = True
        if self.engine != "torch" and self.engine in engines:
            settings["engine"] = self.engine
        return settings


DEFAULT = Execution()
