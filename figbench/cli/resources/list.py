"""``figbench list``: every name that another command takes."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from figbench.cli.output.console import plain_table, print_json, print_table, result_console


class Kind(StrEnum):
    """Kinds of names."""

    METRICS = "metrics"
    PROTOCOLS = "protocols"
    EXTRACTORS = "extractors"
    ENGINES = "engines"
    LAYOUTS = "layouts"
    CONFIGS = "configs"


def list_names(
    kind: Annotated[Kind, typer.Argument(help="Kind of names.", metavar="KIND")],
    json_output: Annotated[bool, typer.Option("--json", help="JSON on stdout.")] = False,
) -> None:
    """List metrics, protocols, extractors, engines (OCR), layouts (inputs) or configs (models)."""
    from figbench.pages.catalogue import catalogue

    heads, rows = catalogue(kind.value)
    if json_output:
        print_json([dict(zip(heads, row, strict=True)) for row in rows])
        return
    console = result_console()
    table = plain_table(*((head, "left") for head in heads))
    for row in rows:
        table.add_row(*(str(cell) for cell in row))
    print_table(console, table)
    if kind is Kind.METRICS:
        console.print(
            "Replace EXTRACTOR by a name of: figbench list extractors. A request scores all of "
            "its outputs; both names are accepted.",
            soft_wrap=True,
        )


def register(app: typer.Typer) -> None:
    """Adds the verb."""
    app.command("list")(list_names)
