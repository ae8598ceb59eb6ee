"""``figbench judge``: run a judge, read its card, calibrate it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape

from figbench.cli.console import (
    error_console,
    plain_table,
    print_json,
    print_table,
    result_console,
)
from figbench.errors import UserError

if TYPE_CHECKING:
    from rich.console import Console

    from figbench.judges.protocol import JudgeProtocol
    from figbench.judges.session import Advance, JudgeSettings

judge_app = typer.Typer(
    no_args_is_help=True,
    help="Vision-language models as judges, with measured error. The API key is read from the "
    "variable FIGBENCH_JUDGE_API_KEY.",
)

CALLS = "Calls"
Endpoint = Annotated[str, typer.Option(help="URL of an OpenAI-compatible server; it ends in /v1.")]
Model = Annotated[str, typer.Option(help="Model name for the server.")]
ProtocolName = Annotated[str, typer.Option(help="Shipped name or YAML path.")]
Out = Annotated[Path, typer.Option(help="Folder for results; a rerun resumes there.")]
BudgetUsd = Annotated[float | None, typer.Option(min=0, help="Never spend more, reruns included.")]
PriceInput = Annotated[
    float | None, typer.Option(min=0, help="USD per million prompt tokens [default: 10].")
]
PriceOutput = Annotated[
    float | None, typer.Option(min=0, help="USD per million answer tokens [default: 40].")
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Show calls, tokens and price; no call.")]
Concurrency = Annotated[
    int, typer.Option(min=1, max=256, help="Calls in flight at once.", rich_help_panel=CALLS)
]
Rpm = Annotated[
    float | None, typer.Option(min=0.01, help="Requests per minute at most.", rich_help_panel=CALLS)
]
Timeout = Annotated[
    float, typer.Option(min=0.1, help="Seconds for one attempt.", rich_help_panel=CALLS)
]
Attempts = Annotated[
    int, typer.Option(min=1, max=20, help="Requests for one answer at most.", rich_help_panel=CALLS)
]
Temperature = Annotated[float | None, typer.Option(min=0, max=2, help="Instead of the protocol's.")]
MaxTokens = Annotated[int | None, typer.Option(min=1, help="Instead of the protocol's.")]
Structured = Annotated[
    str | None, typer.Option(help="json_schema, json_object or none, instead of the protocol's.")
]
Json = Annotated[bool, typer.Option("--json", help="JSON on stdout.")]


@judge_app.command()
def run(
    generated: Annotated[str, typer.Argument(help="Generated figures.")],
    reference: Annotated[str, typer.Option(help="References with captions, or a second model.")],
    endpoint: Endpoint,
    model: Model,
    out: Out,
    protocol: ProtocolName = "pairwise-blind",
    spec: Annotated[
        Path | None, typer.Option(help="Questions or inventories (aibench, sciforma).")
    ] = None,
    repeats: Annotated[int, typer.Option(min=1, max=100, help="Times each pair is asked.")] = 1,
    controls: Annotated[int, typer.Option(min=0, help="Pairs of each control.")] = 20,
    anchors: Annotated[
        int, typer.Option(min=0, max=1000, help="SynthFig pairs of known order.")
    ] = 25,
    seed: Annotated[int, typer.Option(min=0, help="Chooses the pairs of the controls.")] = 0,
    name: Annotated[str | None, typer.Option(help="Of the generated set, in votes.")] = None,
    reference_name: Annotated[str, typer.Option(help="Of the reference set.")] = "reference",
    budget_usd: BudgetUsd = None,
    price_input: PriceInput = None,
    price_output: PriceOutput = None,
    concurrency: Concurrency = 4,
    requests_per_minute: Rpm = None,
    timeout: Timeout = 120.0,
    attempts: Attempts = 6,
    temperature: Temperature = None,
    max_tokens: MaxTokens = None,
    structured: Structured = None,
    dry_run: DryRun = False,
    json_output: Json = False,
) -> None:
    """Judge a generated set against a reference set or a second model, both orders of every pair.

    Writes judge.json, card.json, verdicts.parquet, votes.jsonl and pictures/ into --out.
    """
    from figbench.judges.run import Job

    settings = _settings(
        endpoint, model, budget_usd, price_input, price_output, concurrency, requests_per_minute,
        timeout, attempts,
    )  # fmt: skip
    job = Job.prepare(
        generated, reference, endpoint=endpoint, model=model,
        protocol=_protocol(protocol, temperature, max_tokens, structured), spec=spec,
        repeats=repeats, controls=controls, anchors=anchors, seed=seed, name=name,
        reference_name=reference_name, settings=settings,
    )  # fmt: skip
    if dry_run:
        _print_preview(job.preview(out), json_output)
        return
    with _progress() as advance:
        result = job.run(out, advance)
    if json_output:
        print_json(result.document)
    console = result_console(machine_output=json_output)
    for note in result.document["notes"]:
        console.print(f"[yellow]Note:[/] {escape(note)}", soft_wrap=True)
    _print_scores(console, result.document["scores"])
    _print_card(console, result.card)
    error_console().print(f"Wrote {out / 'judge.json'}.", markup=False, soft_wrap=True)
    _require_complete(result.complete, result.document["calls_without_answer"], result.document)


@judge_app.command()
def card(
    folder: Annotated[Path, typer.Argument(help="Folder of judge run.")],
    json_output: Json = False,
) -> None:
    """Print the instrument card of a run: bias, failures, agreement, controls, cost."""
    from figbench.judges.run import load_judge_result

    result = load_judge_result(folder)
    if json_output:
        print_json(result.card)
    else:
        _print_card(result_console(), result.card)


@judge_app.command()
def calibrate(
    endpoint: Endpoint,
    model: Model,
    out: Out,
    protocol: ProtocolName = "pairwise-blind",
    anchors: Annotated[int, typer.Option(min=5, max=1000, help="Pairs of known order.")] = 100,
    against: Annotated[
        Path | None, typer.Option(help="Earlier fingerprint: print the drift since then.")
    ] = None,
    budget_usd: BudgetUsd = None,
    price_input: PriceInput = None,
    price_output: PriceOutput = None,
    concurrency: Concurrency = 4,
    requests_per_minute: Rpm = None,
    timeout: Timeout = 120.0,
    attempts: Attempts = 6,
    temperature: Temperature = None,
    max_tokens: MaxTokens = None,
    structured: Structured = None,
    dry_run: DryRun = False,
    json_output: Json = False,
) -> None:
    """Measure a judge on fixed SynthFig pairs and write its fingerprint.json."""
    from figbench.judges.calibrate import calibrate as calibrate_judge
    from figbench.judges.calibrate import preview_calibration
    from figbench.judges.fingerprint import Fingerprint, differences, drift

    settings = _settings(
        endpoint, model, budget_usd, price_input, price_output, concurrency, requests_per_minute,
        timeout, attempts,
    )  # fmt: skip
    chosen = _protocol(protocol, temperature, max_tokens, structured)
    earlier = Fingerprint.load(against) if against else None
    if dry_run:
        _print_preview(preview_calibration(settings, out, chosen, anchors), json_output)
        return
    with _progress() as advance:
        result = calibrate_judge(settings, out, protocol=chosen, anchors=anchors, advance=advance)
    document = result.fingerprint.model_dump(mode="json")
    console = result_console(machine_output=json_output)
    console.print(f"Accuracy on the anchors: {_number(document['accuracy'])}", markup=False)
    for flaw, value in document["by_flaw"].items():
        console.print(f"  {flaw}: {_number(value)}", markup=False)
    if earlier is not None:
        changed, moved = (
            differences(earlier, result.fingerprint),
            drift(earlier, result.fingerprint),
        )
        document["drift"] = {"identity": changed, **moved}
        for sentence in changed:
            console.print(f"Changed: {sentence}", markup=False)
        shift = moved["threshold_shift"]
        shifted = "not measurable" if shift is None else f"{shift:+.2f}"
        console.print(
            f"Drift: {100 * moved['difference']:+.1f} points (p = {moved['p_value']:.3g}, "
            f"{moved['anchors']} anchors); threshold shift {shifted}.",
            markup=False,
        )
    error_console().print(f"Wrote {out / 'fingerprint.json'}.", markup=False, soft_wrap=True)
    if json_output:
        print_json(document)
    _require_complete(result.complete, result.card["not_run"] + result.card["transport_failures"])


def _settings(
    endpoint: str,
    model: str,
    budget_usd: float | None,
    price_input: float | None,
    price_output: float | None,
    concurrency: int,
    requests_per_minute: float | None,
    timeout: float,
    attempts: int,
) -> JudgeSettings:
    from figbench.judges.budget import DEFAULT_INPUT_USD, DEFAULT_OUTPUT_USD, Price
    from figbench.judges.execute import CallSettings
    from figbench.judges.session import JudgeSettings

    if (price_input is None) != (price_output is None):
        raise UserError("--price-input and --price-output go together.", remedy="Give both.")
    price = Price(
        DEFAULT_INPUT_USD if price_input is None else price_input,
        DEFAULT_OUTPUT_USD if price_output is None else price_output,
        assumed=price_input is None,
    )
    if budget_usd is not None and price.assumed:
        error_console().print(
            f"[yellow]Note:[/] no price given: {price.input_usd:g} and {price.output_usd:g} USD "
            "per million tokens are assumed (--price-input, --price-output).",
            soft_wrap=True,
        )
    calls = CallSettings(concurrency, requests_per_minute, attempts)
    return JudgeSettings(endpoint, model, budget_usd, price, timeout, calls)


def _protocol(
    name: str, temperature: float | None, max_tokens: int | None, structured: str | None
) -> JudgeProtocol:
    from figbench.judges.protocol import JudgeProtocol

    return JudgeProtocol.load(name).with_sampling(
        temperature=temperature, max_tokens=max_tokens, structured=structured
    )


@contextmanager
def _progress() -> Iterator[Advance]:
    from rich.progress import Progress

    with Progress(console=error_console(), transient=True) as progress:
        task = progress.add_task("asking the judge", total=None)
        yield lambda done, total: progress.update(task, completed=done, total=total)


def _require_complete(complete: bool, calls: int, document: dict[str, Any] | None = None) -> None:
    if complete:
        return
    limit = document["budget"]["limit_usd"] if document else None
    budget = f" within the budget of {limit:g} USD" if limit is not None else ""
    raise UserError(
        f"{calls} calls have no answer{budget}; they count as failures in the bounds.",
        remedy="Run the same command to resume; raise --budget-usd if it has run out.",
    )


def _print_preview(document: dict[str, Any], json_output: bool) -> None:
    if json_output:
        print_json(document)
    purposes = ", ".join(f"{count} {name}" for name, count in document["calls_by_purpose"].items())
    tokens, usd = document["prompt_tokens"], document["usd"]
    price = document["price_per_million_tokens"]
    console = result_console(machine_output=json_output)
    for line in (
        f"Calls: {document['calls']} ({purposes}); answered before: {document['answered_before']}",
        f"Prompt tokens: about {tokens['estimate']:,}, at most {tokens['at_most']:,}",
        f"Answer tokens: at most {document['completion_tokens']['at_most']:,}",
        f"Price: about {usd['estimate']:.2f} USD, at most {usd['at_most']:.2f} USD at "
        f"{price['input_usd']:g} and {price['output_usd']:g} USD per million tokens"
        f"{' (assumed)' if price['assumed'] else ''}",
    ):
        console.print(line, markup=False, soft_wrap=True)
    for note in document.get("notes", []):
        console.print(f"Note: {note}", markup=False, soft_wrap=True)


def _print_scores(console: Console, scores: dict[str, Any]) -> None:
    rate = scores.get("win_rate")
    if rate is not None:
        console.print(
            f"Win rate: {_number(rate)}; wins {rate['wins']}, ties {rate['ties']}, losses "
            f"{rate['losses']}, flips {rate['flips']}",
            markup=False,
        )
        if rate["missing_figures"] or rate["judge_failures"]:
            console.print(
                f"  with {rate['missing_figures']} missing figures and {rate['judge_failures']} "
                f"judge failures as losses {rate['failures_as_losses']:.3f}, as wins "
                f"{rate['failures_as_wins']:.3f}",
                markup=False,
            )
    elif "mean_score" in scores:
        console.print(f"Mean score: {_number(scores['mean_score'])}", markup=False)
    published = scores["published"]
    if published is not None:
        console.print(f"Published rule: {published}", markup=False, soft_wrap=True)


def _print_card(console: Console, document: dict[str, Any]) -> None:
    table = plain_table(
        ("instrument card", "left"), ("value [95% interval]", "left"), ("n", "right")
    )
    names = (
        "position_bias", "position_bias_same_picture", "flip_rate", "inconsistency_rate",
        "self_agreement", "parse_failure_rate", "refusal_rate",
    )  # fmt: skip
    rows = [(name, document[name]) for name in names]
    rows += [(f"control: {name}", value) for name, value in document["controls"].items()]
    rows.append(("accuracy on pairs of known order", document["known_order"]))
    for name, value in rows:
        table.add_row(name.replace("_", " "), escape(_number(value)), str(value["n"]))
    print_table(console, table)
    cost, latency = document["cost"], document["latency_s"]
    median = "-" if latency["median"] is None else f"{latency['median']:.2f} s"
    console.print(
        f"{cost['answers']} answers, {cost['prompt_tokens']:,} prompt and "
        f"{cost['completion_tokens']:,} answer tokens, {cost['usd']:.4f} USD, median {median}; "
        f"{document['not_run']} calls not made, {document['transport_failures']} without an answer",
        markup=False,
        soft_wrap=True,
    )


def _number(value: dict[str, Any]) -> str:
    if value.get("value") is None:
        return str(value.get("reason", "not measured"))
    interval = value.get("interval")
    bounds = f" [{interval['low']:.3f}, {interval['high']:.3f}]" if interval else ""
    return f"{value['value']:.3f}{bounds}"


def register(app: typer.Typer) -> None:
    """Adds the verb."""
    app.add_typer(judge_app, name="judge")
