"""Error types and their exit codes.

| code | meaning |
|---|---|
| 0 | done; for ``gate``: no regression |
| 1 | ``gate`` found a regression |
| 2 | the user can correct it: wrong argument, missing file, missing weights |
| 3 | integrity: a digest does not match, or results must not be compared |
| 70 | a fault of figbench itself (EX_SOFTWARE of sysexits.h); please report it |
| 130 | interrupted; finished work is stored and a rerun resumes |
"""

from __future__ import annotations

EXIT_OK = 0
EXIT_REGRESSION = 1
EXIT_USER = 2
EXIT_INTEGRITY = 3
EXIT_INTERNAL = 70
EXIT_INTERRUPTED = 130


class FigbenchError(Exception):
    """Base of every error that is reported without a traceback.

    Attributes:
        message: What was wrong and where, with the path or value.
        remedy: What to type or change next; may be empty.
        exit_code: The process exit code of the command line.
    """

    exit_code = EXIT_USER

    def __init__(self, message: str, *, remedy: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.message}\n{self.remedy}" if self.remedy else self.message


class UserError(FigbenchError):
    """An error that the user can correct (exit code 2)."""

    exit_code = EXIT_USER


class WeightsUnavailableError(UserError):
    """Weights of a network are missing and could not be downloaded (exit code 2)."""


class IntegrityError(FigbenchError):
    """A digest does not match or results are not comparable (exit code 3)."""

    exit_code = EXIT_INTEGRITY
