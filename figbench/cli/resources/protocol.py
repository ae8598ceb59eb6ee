"""``figbench protocol show``: a protocol as YAML, to read or to start a new one from."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from figbench.cli.output.completion import complete_protocol
from figbench.cli.output.console import error_console, print_json

protocol_app = typer.Typer(no_args_is_help=True, help="Protocols: what changes a number.")


@protocol_app.command()
def show(
    name: Annotated[
        str,
        typer.Argument(help="Shipped name or YAML path.", autocompletion=complete_protocol),
    ],
    json_output: Annotated[bool, typer.Option("--json", help="JSON on stdout.")] = False,
) -> None:
    """Print a protocol: `figbench protocol show offline > mine.yaml` starts one of your own."""
    import yaml

    from figbench.protocol import Protocol

    protocol = Protocol.load(name)
    document = protocol.model_dump(mode="json", exclude_defaults=True)
    if json_output:
        print_json({**document, "hash": protocol.hash})
        return
    sys.stdout.write(yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=88))
    error_console().print(
        f"Hash {protocol.hash[:12]} before a run; a run adds weights and versions.", soft_wrap=True
    )


def register(app: typer.Typer) -> None:
    """Adds the verb."""
    app.add_typer(protocol_app, name="protocol")
