"""How networks are executed, where that can change the last digits of a row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from figbench.errors import UserError

ENGINES = ("torch", "openvino")


@dataclass(frozen=True, slots=True)
class Execution:
    """What is part of the store's key and of the provenance, and not of the protocol.

    Two executions differ by rounding, so that their scores may be compared; their rows are kept
    apart, so that a row is what its key says to the last bit.

    Attributes:
        deterministic: Images one by one and deterministic algorithms only: a row does not depend
            on what else was computed with it.
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
        """Returns what is not the usual way; empty for the usual one.

        Args:
            engines: What can run the network besides PyTorch.
        """
        found: dict[str, bool | str] = {}
        if self.deterministic:
            found["deterministic"] = True
        if self.engine != "torch" and self.engine in engines:
            found["engine"] = self.engine
        return found


USUAL = Execution()
