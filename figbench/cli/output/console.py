"""Results go to stdout; progress, messages and errors go to stderr."""

from __future__ import annotations

import io
import json
import sys
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from figbench.errors import FigbenchError


def error_console() -> Console:
    """Returns the console of stderr: progress and messages."""
    return Console(stderr=True, highlight=False)


def result_console(*, machine_output: bool = False) -> Console:
    """Returns the console of stdout for results; stderr where stdout carries JSON or Markdown.

    Args:
        machine_output: Whether the command prints a document for machines on stdout.
    """
    stream = sys.stderr if machine_output else sys.stdout
    if isinstance(stream, io.TextIOWrapper) and not _is_unicode(stream.encoding):
        stream.reconfigure(errors="replace")
    return Console(stderr=machine_output, highlight=False)


def ascii_only(console: Console) -> bool:
    """Returns whether the console's encoding has no arrows."""
    return not _is_unicode(console.encoding)


def _is_unicode(encoding: str | None) -> bool:
    return (encoding or "").lower().replace("-", "").startswith("utf")


def plain_table(*columns: tuple[str, str]) -> Table:
    """Returns a table without lines whose cells are never wrapped.

    Args:
        columns: (heading, ``left`` or ``right``).
    """
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for title, side in columns:
        table.add_column(title, justify="right" if side == "right" else "left", no_wrap=True)
    return table


def print_table(console: Console, table: Table) -> None:
    """Prints a table at its own width, so that no number is cut or broken on a narrow console."""
    wide = console.measure(table, options=console.options.update(max_width=1000)).maximum
    previous, console.width = console.width, max(wide, 1)
    try:
        with console.capture() as captured:
            console.print(table, crop=False, no_wrap=True, overflow="ignore")
    finally:
        console.width = previous
    lines = captured.get().splitlines()
    console.file.write("".join(f"{line.rstrip()}\n" for line in lines))


def show_error(error: FigbenchError) -> None:
    """Prints an error without a traceback: what was wrong, then what to do."""
    console = error_console()
    console.print(f"[bold red]Error:[/] {escape(error.message)}", soft_wrap=True)
    if error.remedy:
        console.print(escape(error.remedy), soft_wrap=True)


def print_json(document: Any) -> None:
    """Prints one JSON object on stdout, for machines."""
    sys.stdout.write(json.dumps(document, indent=2, sort_keys=True, allow_nan=False) + "\n")
