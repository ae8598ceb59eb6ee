"""``figbench gate``: fail a model's CI when figures got worse."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from figbench.cli.output.console import print_json, result_console
from figbench.errors import UserError

if TYPE_CHECKING:
    from rich.console import Console

    from figbench.gate.decision import Decision


def _rules_of_variable() -> list[str]:
    """Rules of the variable, one a line: a rule holds spaces, at which Typer would split it."""
    text = os.environ.get("FIGBENCH_GATE_RULE", "")
    return [line.strip() for line in text.splitlines() if line.strip()]


def gate(
    result: Annotated[
        str | None, typer.Argument(help="Run folder or result.json [default: figbench.toml's].")
    ] = None,
    baseline: Annotated[str | None, typer.Option(help="Run folder or result.json.")] = None,
    rule: Annotated[
        list[str] | None,
        typer.Option(
            help='Such as "label_f1>=0.8" or "fid:+2% & p<0.05"; may be repeated, in the variable '
            "FIGBENCH_GATE_RULE one a line.",
            allow_from_autoenv=False,
        ),
    ] = None,
    allow_no_baseline: Annotated[
        bool, typer.Option("--allow-no-baseline", help="Pass when the baseline is not there.")
    ] = False,
    require_update: Annotated[
        bool, typer.Option("--require-update", help="Fail when significantly better.")
    ] = False,
    alpha_budget: Annotated[
        float | None,
        typer.Option(help="Chance of a false alarm over all gates against this baseline."),
    ] = None,
    previous_gates: Annotated[
        int, typer.Option(min=0, help="Gates against this baseline before this one.")
    ] = 0,
    junit: Annotated[Path | None, typer.Option(help="Write JUnit XML.")] = None,
    json_output: Annotated[bool, typer.Option("--json", help="JSON on stdout.")] = False,
) -> None:
    """Decide whether a run is a regression against a baseline.

    A rule bounds a value (`label_f1>=0.8`) or how much worse a metric may get than the baseline
    (`label_f1:-0.01`, `fid:+2%`), with `& p<0.05` to ask for significance besides. Exit 0 pass,
    1 regression, 2 wrong use, 3 not comparable: another protocol, reference, n or prompts, or a
    metric that vanished. Without arguments it reads `[gate]` of figbench.toml or
    `[tool.figbench.gate]` of pyproject.toml.
    """
    from figbench.gate.annotations import decision_markdown, write_junit, write_step_summary
    from figbench.gate.config import load_config
    from figbench.gate.decision import gate as decide

    config = load_config(Path.cwd())
    run, before = result or config.result, baseline or config.baseline
    if run is None:
        raise UserError(
            "No result: neither on the command line nor in figbench.toml.",
            remedy='figbench gate RESULT --baseline BASE --rule "label_f1:-0.01 & p<0.05"',
        )
    decision = decide(
        run,
        before,
        rule or _rules_of_variable() or config.rules,
        alpha_budget=alpha_budget,
        previous_gates=previous_gates,
        allow_no_baseline=allow_no_baseline or config.allow_no_baseline,
        require_update=require_update or config.require_update,
    )
    show_decision(result_console(machine_output=json_output), decision)
    write_step_summary(decision_markdown(decision))
    if junit is not None:
        write_junit(decision, junit)
    if json_output:
        print_json(decision.document())
    raise typer.Exit(decision.exit_code)


def show_decision(console: Console, decision: Decision) -> None:
    """Prints a verdict per rule, notes about the metrics of the rules, and the outcome last."""
    from figbench.metrics.names import find_output
    from figbench.pages.numbers import factor_text, format_number

    for rule in decision.verdicts:
        name = re.split(r"[:<>\s]", rule.rule.strip(), maxsplit=1)[0]
        output = find_output(name)
        scale = output[1].display_scale if output else 1.0
        colour = "green" if rule.state == "pass" else "red"
        before = (
            "" if rule.baseline is None else f"baseline {format_number(rule.baseline, scale)}, "
        )
        console.print(
            f"[{colour}]{rule.state:>10}[/] {escape(rule.rule)}: {before}"
            f"run {format_number(rule.value, scale)}, limit {format_number(rule.limit, scale)}"
            f"{factor_text(scale)}; {escape(rule.reason)}.",
            soft_wrap=True,
        )
        if scale != 1:
            console.print(f"{'':>11}Rules bound the value before the factor {scale:g}.")
        if rule.minimum_detectable is not None:
            seen = format_number(rule.minimum_detectable, scale)
            share = (
                f" ({abs(rule.minimum_detectable / rule.baseline):.1%})"
                if rule.baseline and scale == 1
                else ""
            )
            console.print(f"{'':>11}Smallest visible difference: {seen}{share}.")
    if decision.improved:
        console.print(f"Significantly better: {', '.join(decision.improved)}.", soft_wrap=True)
    if decision.update_required:
        console.print("[red]Update the baseline[/] (--require-update).")
    for note in _notes_of_rules(decision):
        console.print(f"[yellow]Note:[/] {escape(note)}", soft_wrap=True)
    outcome = "PASSED" if decision.exit_code == 0 else "FAILED"
    count = len(decision.verdicts)
    failed = sum(rule.state != "pass" for rule in decision.verdicts)
    tail = f", {failed} failed" if failed else ""
    console.print(
        f"[bold {'green' if decision.exit_code == 0 else 'red'}]gate: {outcome}[/], "
        f"{count} {'rule' if count == 1 else 'rules'}{tail}{_smallest(decision)}."
    )


def _notes_of_rules(decision: Decision) -> list[str]:
    """Returns the notes that concern a rule: not Holm's over all metrics, nor other metrics."""
    text = " ".join(verdict.rule for verdict in decision.verdicts)
    heads = [note.partition(":")[0] for note in decision.notes]
    return [
        note
        for note, head in zip(decision.notes, heads, strict=True)
        if "which Holm over" not in note
        and ("@" not in head or any(name.strip() in text for name in head.split(",")))
    ]


def _smallest(decision: Decision) -> str:
    shares = [
        verdict.minimum_detectable / abs(verdict.baseline)
        for verdict in decision.verdicts
        if verdict.minimum_detectable is not None and verdict.baseline
    ]
    return f", smallest visible change {min(shares):.1%}" if shares else ""


def register(app: typer.Typer) -> None:
    """Adds the verb."""
    app.command("gate")(gate)
