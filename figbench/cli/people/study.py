"""``figbench study``: a blinded human study, from figures to agreement with metrics."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, cast

import typer
from rich.markup import escape

from figbench.cli.output.console import (
    error_console,
    plain_table,
    print_json,
    print_table,
    result_console,
)
from figbench.errors import UserError

if TYPE_CHECKING:
    from rich.console import Console

    from figbench.ranking.intervals import Estimate
    from figbench.study.correlation import Correlation
    from figbench.study.importing import ImportedStudy
    from figbench.study.raters import Share

app = typer.Typer(no_args_is_help=True, help="Blinded human studies in one HTML file.")


def _named(values: Sequence[str], option: str) -> dict[str, str]:
    pairs: dict[str, str] = {}
    for value in values:
        name, separator, path = value.partition("=")
        if not separator or not name or not path:
            raise UserError(f"{option} '{value}' is not NAME=PATH.")
        if name in pairs:
            raise UserError(f"{option}: the name '{name}' repeats.")
        pairs[name] = path
    return pairs


@app.command("export")
def export(
    model: Annotated[list[str], typer.Option(help="NAME=FIGURES; one option for each model.")],
    out: Annotated[Path, typer.Option(help="HTML file for the raters.")] = Path("study.html"),
    key: Annotated[Path, typer.Option(help="Key file; it stays with you.")] = Path(
        "study-key.json"
    ),
    reference: Annotated[
        str | None, typer.Option(help="Set that gives prompts and captions.")
    ] = None,
    mode: Annotated[str, typer.Option(help="pairwise or likert.")] = "pairwise",
    question: Annotated[
        list[str] | None, typer.Option(help="overall, paperbanana, or id=text; repeatable.")
    ] = None,
    scale: Annotated[int, typer.Option(help="Highest rating of a Likert study.")] = 5,
    raters: Annotated[int, typer.Option(help="Number of raters.")] = 6,
    votes: Annotated[int, typer.Option(help="Raters of each pair or figure.")] = 3,
    trials: Annotated[
        int | None, typer.Option(help="Judged trials of a rater [default: all pairs are covered].")
    ] = None,
    gold: Annotated[int, typer.Option(help="Trials with a known answer for each rater.")] = 2,
    repeats: Annotated[int, typer.Option(help="Repeated trials for each rater.")] = 2,
    title: Annotated[str, typer.Option(help="Title on the page.")] = "Figure study",
    instructions: Annotated[str | None, typer.Option(help="Text on the first page.")] = None,
    contact: Annotated[str, typer.Option(help="Where raters send their answers.")] = "",
    seed: Annotated[int, typer.Option(help="Of the design.")] = 0,
    json_output: Annotated[bool, typer.Option("--json", help="JSON on stdout.")] = False,
) -> None:
    """Write a study page for the raters and a key file for you.

    The page holds re-encoded figures of one size and no model name. Send it to every rater with a
    rater number (R01, R02, ...). It works without a network and stores progress in the browser.
    """
    from figbench.study.export import INSTRUCTIONS, StudyOptions, export_study
    from figbench.study.questions import parse_questions

    if mode not in ("pairwise", "likert"):
        raise UserError(f"--mode must be pairwise or likert, got '{mode}'.")
    options = StudyOptions(
        title=title,
        mode=cast(Literal["pairwise", "likert"], mode),
        questions=parse_questions(question or [], likert=mode == "likert"),
        scale=scale,
        raters=raters,
        votes_per_item=votes,
        trials=trials,
        gold=gold,
        repeats=repeats,
        instructions=instructions or INSTRUCTIONS,
        contact=contact,
        seed=seed,
    )
    exported = export_study(
        _named(model, "--model"), out, key, reference=reference, options=options
    )
    console = error_console()
    console.print(f"Wrote {escape(str(out))} for the raters.", soft_wrap=True)
    console.print(f"Wrote {escape(str(key))}: it unblinds the study, keep it.", soft_wrap=True)
    for note in exported.notes:
        console.print(f"  {escape(note)}", soft_wrap=True)
    console.print(
        f"Raters: {', '.join(exported.key.sessions)}. A link ending in #rater=R01 selects one.",
        soft_wrap=True,
    )
    if json_output:
        print_json(
            {
                "page": str(out),
                "key": str(key),
                "study": exported.key.study,
                "sessions": {name: len(ids) for name, ids in exported.key.sessions.items()},
                "omitted": exported.key.omitted,
            }
        )


@app.command("import")
def import_(
    key: Annotated[Path, typer.Argument(help="Key file of the study.")],
    answers: Annotated[list[Path], typer.Argument(help="Answer files of the raters.")],
    out: Annotated[Path | None, typer.Option(help="Write votes or ratings, JSON Lines.")] = None,
    exclude_failed: Annotated[
        bool, typer.Option("--exclude-failed", help="Leave out raters with attention failures.")
    ] = False,
    json_output: Annotated[bool, typer.Option("--json", help="JSON on stdout.")] = False,
) -> None:
    """Turn saved answers into votes, with agreement and rater reliability.

    Refuses answers of another study (exit 3). Votes of `--out` go to `figbench rank` and
    `figbench study correlate`.
    """
    from figbench.study.importing import import_study

    imported = import_study(key, answers, exclude_failed=exclude_failed)
    _show_import(result_console(machine_output=json_output), imported)
    if out is not None:
        imported.write(out)
        error_console().print(f"Wrote {escape(str(out))}.", soft_wrap=True)
    if json_output:
        print_json(imported.document())


@app.command("correlate")
def correlate(
    opinions: Annotated[Path, typer.Argument(help="Votes or ratings of study import.")],
    run: Annotated[
        list[str] | None, typer.Option(help="MODEL=RUN folder; one for each model.")
    ] = None,
    judge: Annotated[
        list[str] | None, typer.Option(help="NAME=VOTES.jsonl of a judge; repeatable.")
    ] = None,
    question: Annotated[str | None, typer.Option(help="Question of the opinions.")] = None,
    resamples: Annotated[int, typer.Option(help="Bootstrap resamples of papers.")] = 500,
    seed: Annotated[int, typer.Option(help="Of the resamples.")] = 0,
    json_output: Annotated[bool, typer.Option("--json", help="JSON on stdout.")] = False,
) -> None:
    """Compare metrics and judges with people.

    Prints pairwise accuracy, Kendall and Spearman with intervals by bootstrap over papers, paired
    differences between instruments, and the agreement of one person with another.
    """
    from figbench.study.correlation import correlate as compare_with_people

    outcome = compare_with_people(
        opinions,
        _named(run or [], "--run"),
        _named(judge or [], "--judge"),
        question=question,
        resamples=resamples,
        seed=seed,
    )
    _show_correlation(result_console(machine_output=json_output), outcome)
    if json_output:
        print_json(outcome.document())


def _show_import(console: Console, imported: ImportedStudy) -> None:
    console.print(
        f"{imported.n_answers} of {imported.n_expected} answers, {len(imported.votes)} votes, "
        f"{len(imported.ratings)} ratings.",
        soft_wrap=True,
    )
    heads = ("answers", "gold", "repeat", "left", "agreement", "median s")
    table = plain_table(
        ("rater", "left"), *((head, "right") for head in heads), ("attention", "left")
    )
    for rater in imported.raters:
        table.add_row(
            rater.rater,
            f"{rater.answered}/{rater.expected}",
            _share(rater.gold),
            _share(rater.repeat),
            _share(rater.left),
            _share(rater.agreement),
            "" if rater.median_seconds is None else f"{rater.median_seconds:.1f}",
            f"[red]{escape('; '.join(rater.flags))}[/]" if rater.flags else "[green]ok[/]",
        )
    print_table(console, table)
    for alpha in imported.alphas:
        value = _estimate(alpha.estimate) if alpha.estimate else "not defined"
        console.print(
            f"Krippendorff's alpha, {alpha.level}, {alpha.question}: {value} "
            f"({alpha.n_units} units, {alpha.n_answers} answers).",
            markup=False,
            soft_wrap=True,
        )
    if imported.excluded:
        console.print(f"Left out: {', '.join(imported.excluded)}.", soft_wrap=True)
    for note in imported.notes:
        console.print(f"[yellow]Note:[/] {escape(note)}", soft_wrap=True)


def _show_correlation(console: Console, outcome: Correlation) -> None:
    measured = (*outcome.instruments, outcome.ceiling)
    counts = {entry.n_votes for entry in measured}
    votes = f", {counts.pop()} decided votes" if len(counts) == 1 else ""
    console.print(
        f"Agreement with people: {outcome.n_pairs} pairs, {outcome.n_papers} papers{votes}"
    )
    heads = ["accuracy [95%]", "Kendall [95%]", "Spearman [95%]", *([] if votes else ["votes"])]
    table = plain_table(("instrument", "left"), *((head, "right") for head in heads))
    for entry in measured:
        name = f"[bold]{escape(entry.name)}[/] (ceiling)" if entry.kind == "people" else entry.name
        estimates = (entry.accuracy, entry.kendall, entry.spearman)
        table.add_row(
            name if entry.kind == "people" else escape(name),
            *(_estimate(estimate, digits=2) for estimate in estimates),
            *([] if votes else [str(entry.n_votes)]),
        )
    print_table(console, table)
    for gap in outcome.differences:
        if gap.p_holm <= 0.05:
            console.print(
                f"{gap.first} - {gap.second}: {_estimate(gap.difference)}, "
                f"p (Holm) {gap.p_holm:.2g}.",
                markup=False,
                soft_wrap=True,
            )
    if outcome.differences and all(gap.p_holm > 0.05 for gap in outcome.differences):
        console.print("No paired difference in accuracy is significant (Holm, 0.05).")
    for note in outcome.notes:
        console.print(f"[yellow]Note:[/] {escape(note)}", soft_wrap=True)


def _share(share: Share) -> str:
    return f"{share.successes:g}/{share.n}" if share.n else "-"


def _estimate(estimate: Estimate | None, *, digits: int = 3) -> str:
    if estimate is None:
        return "-"
    value = f"{estimate.value:.{digits}f}"
    if estimate.low is None or estimate.high is None:
        return value
    return f"{value} [{estimate.low:.{digits}f}, {estimate.high:.{digits}f}]"


def register(root: typer.Typer) -> None:
    """Adds the verb."""
    root.add_typer(app, name="study")
