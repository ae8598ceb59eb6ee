"""``figbench sweep``: score a family of runs along one axis."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from figbench.cli.console import error_console, print_json
from figbench.errors import UserError


def sweep(
    reference: Annotated[str, typer.Option(help="What every point is scored against.")],
    out: Annotated[
        Path, typer.Option("--output", "--out", "-o", help="Folder for sweep.json, CSV and plots.")
    ],
    runs: Annotated[
        list[str] | None, typer.Argument(help="evaluation_cfg_* folders, or their parent.")
    ] = None,
    axis: Annotated[
        str,
        typer.Option(help="guidance_scale, num_inference_steps, or of folders: checkpoint."),
    ] = "guidance_scale",
    model: Annotated[str | None, typer.Option(help="Registered model to sample from.")] = None,
    checkpoint: Annotated[Path | None, typer.Option(help="Its checkpoint.")] = None,
    guidance_scales: Annotated[
        str | None, typer.Option(help="Scales to sample [default: 1,3,5,7.5,10 along that axis].")
    ] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="First prompts only.")] = None,
    steps: Annotated[
        str | None,
        typer.Option(
            help="Sampler steps [default: the model's; 10,25,50,100,200 along that axis]."
        ),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Of the sampler.")] = 0,
    protocol: Annotated[str, typer.Option(help="Shipped name or YAML path.")] = "offline",
    allow_rejects: Annotated[
        bool, typer.Option(help="Go on with more than 5% unreadable files.")
    ] = False,
    strict: Annotated[bool, typer.Option(help="Any unreadable file is an error.")] = False,
    json_output: Annotated[bool, typer.Option("--json", help="Print sweep.json.")] = False,
) -> None:
    """Score folders named `evaluation_cfg_5` (and so on), or sample them from a model first."""
    from figbench.evaluation import Options, RichProgress
    from figbench.sweeps.axes import get_axis
    from figbench.sweeps.points import folders_by_value
    from figbench.sweeps.run import run_sweep
    from figbench.sweeps.sampling import plan_family, sample_family

    console = error_console()
    along = get_axis(axis)
    if bool(runs) == bool(model):
        raise UserError("Give either folders or --model.", remedy="See: figbench sweep --help")
    if model:
        if checkpoint is None:
            raise UserError("--model needs --checkpoint.", remedy="Add --checkpoint DIR.")
        family, reference = sample_family(
            model,
            checkpoint,
            reference,
            plan_family(along, guidance_scales, steps),
            out,
            axis=along,
            protocol=protocol,
            seed=seed,
            limit=limit,
        )
    else:
        family = folders_by_value(runs or [], along)
    options = Options(allow_rejects=allow_rejects, strict=strict)
    document = run_sweep(
        family,
        reference,
        protocol,
        out,
        axis=along,
        options=options,
        progress=RichProgress(console),
    )
    if json_output:
        print_json(document)
    chosen = document["chosen"]
    console.print(
        f"Chosen {along.name.replace('_', ' ')}: {chosen} ({document['rule']}).", markup=False
    )
    console.print(f"Wrote {out / 'sweep.json'}.", markup=False, soft_wrap=True)


def register(app: typer.Typer) -> None:
    """Adds the verb."""
    app.command()(sweep)
