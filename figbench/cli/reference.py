"""``figbench reference``: a reference set with its features, in one file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from figbench.cli.output.console import error_console, print_json
from figbench.cli.output.help_pages import FAULTS

reference_app = typer.Typer(no_args_is_help=True, help="Pack a reference set with its features.")


@reference_app.command("build")
def build(
    reference: Annotated[
        str, typer.Argument(help="Paper2Fig100k root or JSON, a folder, or a URL.")
    ],
    out: Annotated[
        Path, typer.Option("--output", "--out", "-o", help="The pack, e.g. test.figref.")
    ],
    protocol: Annotated[str, typer.Option(help="Shipped name or YAML path.")] = "offline",
    store: Annotated[Path | None, typer.Option(help="Feature store.")] = None,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda or cuda:N.")] = "auto",
    workers: Annotated[
        int | None,
        typer.Option(min=0, help="Workers on a CPU [one per core, at most 8]; decoders for a GPU."),
    ] = None,
    skip_unavailable: Annotated[
        bool,
        typer.Option(help="Leave out networks whose weights are missing.", rich_help_panel=FAULTS),
    ] = False,
    allow_rejects: Annotated[
        bool, typer.Option(help="Go on with more than 5% unreadable files.", rich_help_panel=FAULTS)
    ] = False,
    strict: Annotated[
        bool, typer.Option(help="Any unreadable file is an error.", rich_help_panel=FAULTS)
    ] = False,
    json_output: Annotated[bool, typer.Option("--json", help="Facts as JSON on stdout.")] = False,
) -> None:
    """Compute a protocol's reference side once and pack it into one file.

    `figbench evaluate GENERATED --reference FILE` takes the file as REF on any machine: it holds
    figures, labels, features and OCR results, each checked by its digest.
    """
    from figbench.evaluation import Options, RichProgress, build_reference

    console = error_console()
    document = build_reference(
        reference,
        out,
        protocol,
        store=store,
        options=Options(
            skip_unavailable=skip_unavailable,
            allow_rejects=allow_rejects,
            strict=strict,
            device=device,
            workers=workers,
        ),
        progress=RichProgress(console),
    )
    console.print(
        f"{out}: {document['n_figures']} figures, {document['rows']} stored rows, "
        f"{document['size_bytes'] / 2**20:.1f} MiB, protocol {document['protocol']['id']}."
    )
    if json_output:
        print_json(document)


def register(app: typer.Typer) -> None:
    """Adds the verb."""
    app.add_typer(reference_app, name="reference")
