"""Log messages of the command line: the logger ``figbench`` on stderr."""

from __future__ import annotations

import logging
import os

from rich.markup import escape

from figbench.cli.output.console import error_console
from figbench.errors import UserError

VARIABLE = "FIGBENCH_LOG_LEVEL"
LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")


class ConsoleHandler(logging.Handler):
    """Prints messages on the console of stderr, where progress bars are drawn as well."""

    def emit(self, record: logging.LogRecord) -> None:
        """Prints one message."""
        text = escape(f"{record.levelname.lower()}: {record.getMessage()}")
        error_console().print(text, soft_wrap=True)


def configure_logging() -> None:
    """Attaches the handler, with the level of ``$FIGBENCH_LOG_LEVEL`` (default WARNING).

    Raises:
        UserError: If the level is unknown.
    """
    level = os.environ.get(VARIABLE, "WARNING").upper()
    if level not in LEVELS:
        raise UserError(f"{VARIABLE}={level}: unknown.", remedy=f"Choose {', '.join(LEVELS)}.")
    logger = logging.getLogger("figbench")
    logger.setLevel(level)
    if not any(isinstance(handler, ConsoleHandler) for handler in logger.handlers):
        logger.addHandler(ConsoleHandler())
