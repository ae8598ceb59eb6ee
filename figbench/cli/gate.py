"""``figbench gate``: fail a model's CI when figures got worse."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from figbench.cli.console import error_console, print_json
from figbench.errors import UserError


def gate(
    result: Annotated[
        str | None, typer.Argument(help="Run folder or result.json [default: figbench.toml's].")
    ] = None,
    baseline: Annotated[str | None, typer.Option(help="Run folder or result.json.")] = None,
    rule: Annotated[
        list[str] | None, typer.Option(help='Such as "fid:+2% & p<0.05"; may be repeated.')
    ] = None,
    allow_no_baseline: Annotated[
        bool, typer.Option("--allow-no-baseline", help="Pass when the baseline is not there.")
    ] = False,
    require_update: Annotated[
        bool, typer.Option("--require-update", help="Fail when significantly better.")
    ] = False,
    junit: Annotated[Path | None, typer.Option(help="Write JUnit XML.")] = None,
    json_output: Annotated[bool, typer.Option("--json", help="JSON on stdout.")] = False,
) -> None:
    """Decide whether a run is a regression against a baseline.

    A rule names a metric and how much worse it may get: `fid:+2%`, `label_f1:-0.01`, with
    `& p<0.05` to ask for significance besides. Exit 0 pass, 1 regression, 2 wrong use, 3 not
    comparable: another protocol, reference, n or prompts, or a metric that vanished. Without
    arguments it reads `[gate]` of figbench.toml or `[tool.figbench.gate]` of pyproject.toml.
    """
    from figbench.gate.annotations import decision_markdown, write_junit, write_step_summary
    from figbench.gate.config import load_config
    from figbench.gate.decision import gate as decide

    config = load_config(Path.cwd())
    run, before = result or config.result, baseline or config.baseline
    if run is None or before is None:
        what = "result" if run is None else "baseline"
        raise UserError(
            f"No {what}: neither on the command line nor in figbench.toml.",
            remedy='figbench gate RESULT --baseline BASE --rule "label_f1:-0.01 & p<0.05"',
        )
    decision = decide(
        run,
        before,
        rule or config.rules,
        allow_no_baseline=allow_no_baseline or config.allow_no_baseline,
        require_update=require_update or config.require_update,
    )
    console = error_console()
    for one in decision.verdicts:
        colour = "green" if one.state == "pass" else "red"
        visible = "unknown" if one.minimum_detectable is None else f"{one.minimum_detectable:.4g}"
        console.print(
            f"[{colour}]{one.state:>10}[/] {escape(one.rule)}: baseline {one.baseline:.4g}, run "
            f"{one.value:.4g}, limit {one.limit:.4g}; {escape(one.reason)}. Smallest difference "
            f"that this could have seen: {visible}.",
            soft_wrap=True,
        )
    if decision.improved:
        console.print(f"Significantly better: {', '.join(decision.improved)}.", soft_wrap=True)
    if decision.update_required:
        console.print("[red]Update the baseline[/] (--require-update).")
    for note in decision.notes:
        console.print(f"[yellow]Note:[/] {escape(note)}", soft_wrap=True)
    write_step_summary(decision_markdown(decision))
    if junit is not None:
        write_junit(decision, junit)
    if json_output:
        print_json(decision.document())
    raise typer.Exit(decision.exit_code)


def register(app: typer.Typer) -> None:
    """Adds the verb."""
    app.command("gate")(gate)
