"""``figbench evaluate``: score a set of generated figures."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from figbench.cli.output.arguments import single_reference
from figbench.cli.output.cards import read_card
from figbench.cli.output.completion import complete_metrics, complete_protocol
from figbench.cli.output.console import error_console, print_json, result_console
from figbench.cli.output.help_pages import FAULTS
from figbench.errors import EXIT_USER, UserError

EPILOG = """Examples:\n
  figbench evaluate my_figures/ Paper2Fig100k/ --protocol figgen --output runs/mine\n
  figbench evaluate my_figures/ refs/ --pairs pairs.csv --metrics fid,kid,label_f1\n
  figbench evaluate my_figures.zip --reference refs/ --protocol offline --json\n
  figbench evaluate my_figures/ --reference Paper2Fig100k/ --protocol figgen --dry-run\n
  figbench evaluate s3://bucket/figures --reference s3://bucket/Paper2Fig100k --executor ray\n
  torchrun --nproc_per_node 8 -m figbench evaluate figures/ --reference refs/ --output run/"""

OUTPUT = "Output"
COMPUTE = "Where and how it computes"
FIGURES = "Which figures of the sets"
MODEL = "The model"


def evaluate(
    generated: Annotated[
        str, typer.Argument(help="Folder, archive or index of your figures, or its URL.")
    ],
    reference_path: Annotated[
        str | None,
        typer.Argument(metavar="[REFERENCE]", help="The reference set, as with --reference."),
    ] = None,
    reference: Annotated[
        str | None,
        typer.Option(
            help="Paper2Fig100k root or JSON, any folder, or a `reference build` file; or its URL."
        ),
    ] = None,
    protocol: Annotated[
        str, typer.Option(help="Shipped name or YAML path.", autocompletion=complete_protocol)
    ] = "offline",
    metrics: Annotated[
        str | None,
        typer.Option(
            help="Comma-separated metrics or outputs (fid,label_f1); one that the protocol lacks "
            "is added.",
            autocompletion=complete_metrics,
        ),
    ] = None,
    pairs: Annotated[
        Path | None, typer.Option(help="CSV table with the columns generated and reference.")
    ] = None,
    captions: Annotated[
        Path | None, typer.Option(help="CSV table with the columns id and caption.")
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "--out", "-o", help="Folder for result.json and per_figure.parquet."
        ),
    ] = None,
    portable: Annotated[
        bool,
        typer.Option(
            "--portable",
            help="Copy the features beside the result, so that other machines test it paired.",
            rich_help_panel=OUTPUT,
        ),
    ] = False,
    verbose: Annotated[
        bool,
        typer.Option(
            "--verbose", "-v", help="Also variants and interval methods.", rich_help_panel=OUTPUT
        ),
    ] = False,
    latex: Annotated[
        bool, typer.Option("--latex", help="LaTeX table on stdout.", rich_help_panel=OUTPUT)
    ] = False,
    markdown: Annotated[
        bool, typer.Option("--markdown", help="Markdown table on stdout.", rich_help_panel=OUTPUT)
    ] = False,
    csv_output: Annotated[
        bool, typer.Option("--csv", help="CSV table on stdout.", rich_help_panel=OUTPUT)
    ] = False,
    json_output: Annotated[
        bool,
        typer.Option("--json", help="Print the result as JSON on stdout.", rich_help_panel=OUTPUT),
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show the plan with weights and time, run nothing.")
    ] = False,
    store: Annotated[
        Path | None,
        typer.Option(help="Feature store [default: the user's cache].", rich_help_panel=COMPUTE),
    ] = None,
    device: Annotated[
        str, typer.Option(help="auto, cpu, cuda or cuda:N.", rich_help_panel=COMPUTE)
    ] = "auto",
    workers: Annotated[
        int | None,
        typer.Option(
            min=0,
            help="Workers on a CPU [one per core, at most 8]; decoders for a GPU.",
            rich_help_panel=COMPUTE,
        ),
    ] = None,
    precision: Annotated[
        str | None,
        typer.Option(
            help="float32 or bfloat16, for both sides; a protocol (and hash) of its own.",
            rich_help_panel=COMPUTE,
        ),
    ] = None,
    deterministic: Annotated[
        bool,
        typer.Option(
            "--deterministic",
            help="Rows to the last bit, whatever shares a batch.",
            rich_help_panel=COMPUTE,
        ),
    ] = False,
    engine: Annotated[
        str,
        typer.Option(
            help="torch, or openvino (faster on CPUs) where it runs a network.",
            rich_help_panel=COMPUTE,
        ),
    ] = "torch",
    executor: Annotated[
        str,
        typer.Option(
            help="local, or ray for the networks on a Ray cluster.", rich_help_panel=COMPUTE
        ),
    ] = "local",
    ray_address: Annotated[
        str | None,
        typer.Option(
            help="Ray cluster [default: $RAY_ADDRESS, else this machine].", rich_help_panel=COMPUTE
        ),
    ] = None,
    ray_workers: Annotated[
        int | None,
        typer.Option(
            min=1, help="Ray actors [default: one per GPU, else per CPU].", rich_help_panel=COMPUTE
        ),
    ] = None,
    maps_gib: Annotated[
        float,
        typer.Option(
            min=0,
            help="Disk for references' OCR-SIM maps, which later models reuse.",
            rich_help_panel=COMPUTE,
        ),
    ] = 8.0,
    skip_unavailable: Annotated[
        bool,
        typer.Option(
            help="Record metrics that cannot run here as skipped.", rich_help_panel=FAULTS
        ),
    ] = False,
    allow_unpaired: Annotated[
        bool,
        typer.Option(
            help="Score unpaired sets; paired metrics are skipped.", rich_help_panel=FAULTS
        ),
    ] = False,
    allow_rejects: Annotated[
        bool,
        typer.Option(
            help="Go on with more than 5% unreadable or left out.", rich_help_panel=FAULTS
        ),
    ] = False,
    strict: Annotated[
        bool, typer.Option(help="Any unreadable file is an error.", rich_help_panel=FAULTS)
    ] = False,
    layout: Annotated[
        str | None,
        typer.Option(
            help="Layout of the generated set, such as flat or samples.", rich_help_panel=FIGURES
        ),
    ] = None,
    reference_layout: Annotated[
        str | None, typer.Option(help="Layout of the reference set.", rich_help_panel=FIGURES)
    ] = None,
    split: Annotated[
        str | None,
        typer.Option(
            help="Split of the reference [default: the protocol's].", rich_help_panel=FIGURES
        ),
    ] = None,
    only: Annotated[
        str | None,
        typer.Option(
            help="Score only images of such names: '*/final.png'.", rich_help_panel=FIGURES
        ),
    ] = None,
    model_card: Annotated[
        Path | None,
        typer.Option(
            help="YAML or JSON with name, revision, guidance_scale, ...", rich_help_panel=MODEL
        ),
    ] = None,
    model_name: Annotated[
        str | None, typer.Option(help="Name for tables and boards.", rich_help_panel=MODEL)
    ] = None,
) -> None:
    """Score generated figures against a reference set.

    Reads GENERATED (a folder of `<figure_id>.png`, FigGen's `sample_<k>/`, GenEval, TIFA,
    JSONL/CSV/parquet indexes, or a zip/tar of these, here or at a URL such as `s3://bucket/run`),
    pairs it with the reference by figure id, runs each network once per image into the store, and
    prints every metric with its interval.
    A second run on the same figures runs no network.

    Started by torchrun or srun, every process computes its share into the one store; the process
    of rank 0 scores and writes.
    """
    from figbench.cli.output.exports import export_format, print_export
    from figbench.cli.output.tables import show_plan, show_result
    from figbench.evaluation import Options, RichProgress, contribute, prepare
    from figbench.evaluation import evaluate as run
    from figbench.evaluation.planning.execution import Execution
    from figbench.evaluation.planning.shard import shard_from_environment
    from figbench.protocol import Protocol

    reference = single_reference(reference_path, reference)
    form = export_format(json=json_output, latex=latex, markdown=markdown, csv=csv_output)
    console, results = error_console(), result_console(machine_output=form is not None)
    if portable and output is None:
        raise UserError("--portable needs --output.", remedy="Add --output DIR.")
    requested = [name.strip() for name in metrics.split(",") if name.strip()] if metrics else None
    if metrics is not None and not requested:
        raise UserError("--metrics: no name given.", remedy="Leave it out to score all of them.")
    options = Options(
        skip_unavailable=skip_unavailable,
        allow_unpaired=allow_unpaired,
        allow_rejects=allow_rejects,
        strict=strict,
        layout=layout,
        reference_layout=reference_layout,
        split=split,
        only=only,
        device=device,
        workers=workers,
        shard=shard_from_environment(),
        execution=Execution(deterministic, engine),
        executor=executor,
        ray_address=ray_address,
        ray_workers=ray_workers,
        maps_gib=maps_gib,
        fetch=not dry_run,
        pairs=pairs,
        captions=captions,
    )
    followed = Protocol.load(protocol)
    if precision is not None:
        followed = followed.replace(precision=precision)
    progress = RichProgress(console)
    if dry_run:
        planned = prepare(
            generated,
            reference,
            followed,
            requested,
            store=store,
            options=options,
            progress=progress,
        )
        document = show_plan(results, planned)
        if json_output:
            print_json(document)
        return
    if options.shard.rank:
        contribute(generated, reference, followed, requested, store=store, options=options)
        return
    result = run(
        generated,
        reference,
        followed,
        requested,
        output=output,
        store=store,
        model=read_card(model_card, model_name),
        options=options,
        progress=progress,
    )
    show_result(results, result, verbose=verbose)
    if output is not None:
        if portable:
            from figbench.evaluation.artifacts.portable_copy import make_portable

            make_portable(output)
        console.print(f"Written: {output / 'result.json'}", soft_wrap=True)
    if form == "json":
        print_json(result.model_dump(mode="json"))
    elif form is not None:
        print_export(form, [result])
    failed = [name for name, value in result.metrics.items() if value.status == "failed"]
    if failed:
        console.print(f"[red]Failed:[/] {', '.join(failed)} (reasons above)")
        raise typer.Exit(EXIT_USER)


def register(app: typer.Typer) -> None:
    """Adds the verb."""
    app.command("evaluate", epilog=EPILOG)(evaluate)
