"""``figbench model``: reference models, found by entry point."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from figbench.cli.output.console import error_console, print_json, result_console

model_app = typer.Typer(no_args_is_help=True, help="Train, sample and convert reference models.")

_Name = Annotated[str, typer.Argument(metavar="MODEL", help="Name of the model: figgen.")]
_Config = Annotated[str, typer.Option(help="Shipped configuration or YAML path.")]
_Set = Annotated[
    list[str] | None, typer.Option("--set", help="section.key=value; may be repeated.")
]
_Exact = Annotated[
    bool, typer.Option("--paper-exact", help="Switch every deviation from the paper's code back.")
]
_Json = Annotated[bool, typer.Option("--json", help="Print JSON on stdout.")]
_Device = Annotated[str, typer.Option(help="auto, cpu or cuda.")]


@model_app.command("info")
def info(
    name: _Name,
    config: _Config,
    settings: _Set = None,
    paper_exact: _Exact = False,
    json_output: _Json = False,
) -> None:
    """Print a configuration's parts and parameter counts.

    Example: `figbench model info figgen --config figgen-bert128 --json`
    """
    from figbench.models import get_model

    document = get_model(name).info(config, _overrides(settings, paper_exact))
    table = Table("part", "parameters", title=escape(str(document["name"])), title_justify="left")
    for module, counts in document["parts"].items():
        for key, count in counts.items():
            table.add_row(
                f"{module} {key}" if key != "total" else f"[bold]{module}[/]", f"{count:,}"
            )
    table.add_row("[bold]total[/]", f"{document['total']:,}")
    table.add_row("total as in the paper", f"{document['total_as_in_paper']:,}")
    result_console(machine_output=json_output).print(table)
    if json_output:
        print_json(document)


@model_app.command("train")
def train(
    name: _Name,
    stage: Annotated[str, typer.Option(help="autoencoder or diffusion.")],
    config: _Config,
    data: Annotated[str, typer.Option(help="Figures with captions, e.g. a Paper2Fig100k root.")],
    out: Annotated[Path, typer.Option("--output", "--out", "-o", help="The run's folder.")],
    autoencoder: Annotated[
        Path | None,
        typer.Option(help="The autoencoder's run, for the diffusion stage; default: --out."),
    ] = None,
    init_from: Annotated[
        Path | None,
        typer.Option(help="Start from these weights: a run, a pipeline or a shipped name."),
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on from the last state.")] = False,
    settings: _Set = None,
    paper_exact: _Exact = False,
    device: _Device = "auto",
    json_output: _Json = False,
) -> None:
    """Train one stage; stops cleanly on SIGTERM and resumes bit for bit.

    Example: `figbench model train figgen --stage autoencoder --config figgen-nano --data figs
    --out runs/nano`

    On several GPUs: `accelerate launch -m figbench model train ...`
    """
    from figbench.models import get_model

    made = get_model(name).train(
        stage=stage,
        config=config,
        data=data,
        out=out,
        overrides=_overrides(settings, paper_exact),
        autoencoder=autoencoder,
        resume=resume,
        device=device,
        init_from=init_from,
    )
    _report_written(made, json_output)


@model_app.command("sample")
def sample(
    name: _Name,
    checkpoint: Annotated[
        Path, typer.Option(help="A diffusion run or pipeline folder, or a shipped name.")
    ],
    out: Annotated[
        Path, typer.Option("--output", "--out", "-o", help="Folder for PNGs and manifest.")
    ],
    prompts: Annotated[
        str | None,
        typer.Option(help="Figures with captions (ROOT:test), or a .txt, .jsonl or .csv of them."),
    ] = None,
    prompt: Annotated[
        list[str] | None, typer.Option(help="A caption; may be repeated. Instead of --prompts.")
    ] = None,
    guidance_scale: Annotated[float | None, typer.Option(help="1 turns guidance off.")] = None,
    steps: Annotated[int | None, typer.Option(help="Denoising steps.")] = None,
    samples_per_prompt: Annotated[int, typer.Option(help="Figures per caption.")] = 1,
    seed: Annotated[int, typer.Option(help="Fixes the noise of every figure.")] = 0,
    limit: Annotated[int | None, typer.Option(help="Only the first so many captions.")] = None,
    config: Annotated[
        str | None, typer.Option(help="Insist that the checkpoint is of this configuration.")
    ] = None,
    scheduler: Annotated[str, typer.Option(help="ddim, dpm-solver++, euler or ddpm.")] = "ddim",
    eta: Annotated[float | None, typer.Option(help="0 is DDIM.")] = None,
    batch_size: Annotated[int | None, typer.Option(help="Changes speed, not figures.")] = None,
    precision: Annotated[str, typer.Option(help="float32 or bfloat16.")] = "float32",
    guidance_rescale: Annotated[
        float | None, typer.Option(help="0 to 1; against colours burnt by a high scale.")
    ] = None,
    guidance_interval: Annotated[
        tuple[float, float] | None,
        typer.Option(help="Start and end of the guided part of the steps, from 0 to 1."),
    ] = None,
    settings: _Set = None,
    device: _Device = "auto",
    json_output: _Json = False,
) -> None:
    """Draw figures; a rerun draws what is missing.

    Example: `figbench model sample figgen --checkpoint runs/nano --prompts figs:test --out drawn`
    """
    from figbench.models import get_model

    manifest = get_model(name).sample(
        checkpoint,
        prompts,
        guidance_scale,
        steps,
        samples_per_prompt,
        seed,
        out,
        limit,
        prompt=prompt or [],
        config=config,
        overrides=settings or [],
        eta=eta,
        scheduler=scheduler,
        batch_size=batch_size,
        device=device,
        precision=precision,
        guidance_rescale=guidance_rescale,
        guidance_interval=guidance_interval,
    )
    _report_written(manifest, json_output)


@model_app.command("convert")
def convert(
    name: _Name,
    source: Annotated[Path, typer.Argument(metavar="CHECKPOINT", help="The authors' file.")],
    config: _Config,
    out: Annotated[Path, typer.Option("--output", "--out", "-o", help="Folder for the pipeline.")],
    use_ema: Annotated[bool, typer.Option(help="Take the averaged weights.")] = True,
    settings: _Set = None,
    json_output: _Json = False,
) -> None:
    """Rewrite an official checkpoint as safetensors in diffusers' layout; runs none of its code.

    Example: `figbench model convert figgen last.ckpt --config figgen-bert128 --out figgen-128`
    """
    from figbench.models import get_model

    document = get_model(name).convert(source, config, out, settings or [], use_ema=use_ema)
    console = error_console()
    console.print(f"{document['tensors']} tensors, {len(document['unmatched'])} keys ignored.")
    console.print(f"Written: {escape(str(out))}", soft_wrap=True)
    if json_output:
        print_json(document)


def _overrides(settings: list[str] | None, paper_exact: bool) -> list[str]:
    """Settings come last: they win over the option."""
    return [*(["paper-exact"] if paper_exact else []), *(settings or [])]


def _report_written(path: Path, json_output: bool) -> None:
    error_console().print(f"Written: {escape(str(path))}", soft_wrap=True)
    if json_output:
        document: dict[str, Any] = {"path": str(path)}
        print_json(document)


def register(app: typer.Typer) -> None:
    """Adds the verb."""
    app.add_typer(model_app, name="model")
