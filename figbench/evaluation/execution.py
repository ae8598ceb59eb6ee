"""How networks are executed, where that can change the last digits of a row."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Execution:
    """What is part of the store's key and of the provenance, and not of the protocol.

    Two executions differ by float32 rounding, so that their scores may be compared; their rows are
    kept apart, so that a row is what its key says to the last bit.

    Attributes:
        deterministic: Images one by one and deterministic algorithms only: a row does not depend
            on what else was computed with it.
    """

    deterministic: bool = False

    def key(self) -> dict[str, bool | str]:
        """Returns what a store key says beyond the usual execution; empty for the usual one."""
        return {"deterministic": True} if self.deterministic else {}


USUAL = Execution()
