"""People read stderr, machines read stdout."""

from __future__ import annotations

import json
import sys
from typing import Any

from rich.console import Console
from rich.markup import escape

from figbench.errors import FigbenchError


def error_console() -> Console:
    """Returns the console for people: tables, progress and messages on stderr."""
    return Console(stderr=True, highlight=False)


def show_error(error: FigbenchError) -> None:
    """Prints an error without a traceback: what was wrong, then what to do."""
    console = error_console()
    console.print(f"[bold red]Error:[/] {escape(error.message)}", soft_wrap=True)
    if error.remedy:
        console.print(escape(error.remedy), soft_wrap=True)


def print_json(document: Any) -> None:
    """Prints one JSON object on stdout, for machines."""
    sys.stdout.write(json.dumps(document, indent=2, sort_keys=True, allow_nan=False) + "\n")
