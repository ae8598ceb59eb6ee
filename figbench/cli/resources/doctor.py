"""``figbench doctor``: checks this installation."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.markup import escape

from figbench.cli.output.console import error_console, print_json, result_console
from figbench.errors import EXIT_INTEGRITY

COLOURS = {"ok": "green", "absent": "dim", "drift": "red", "broken": "red"}


def doctor(
    json_output: Annotated[bool, typer.Option("--json", help="As JSON on stdout.")] = False,
) -> None:
    """Check packages, weights, store, networks and readers against recorded numbers.

    Every network that is here scores two pinned SynthFig figures; drift from the recorded values
    means that results of this machine should not be compared with others. Exit code 3 on drift.
    """
    from figbench.diagnostics.doctor import examine, report

    console = result_console(machine_output=json_output)
    with error_console().status("checking ...") as status:
        checks = examine(lambda name: status.update(f"checking {name} ..."))
    for check in checks:
        colour = COLOURS[check.state]
        console.print(
            f"[{colour}]{check.state:>7}[/] {check.name}: {escape(check.detail)}", soft_wrap=True
        )
    document = report(checks)
    console.print(
        "Healthy." if document["healthy"] else f"[red]Look at:[/] {', '.join(document['bad'])}"
    )
    if json_output:
        print_json(document)
    if not document["healthy"]:
        raise typer.Exit(EXIT_INTEGRITY)


def register(app: typer.Typer) -> None:
    """Adds the verb."""
    app.command("doctor")(doctor)
