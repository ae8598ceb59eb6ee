"""``figbench judge``: run a judge, read its card, calibrate it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape

from figbench.cli.output.console import error_console, print_json, result_console
from figbench.cli.output.judge_tables import number, print_card, print_preview, print_scores
from figbench.errors import UserError

if TYPE_CHECKING:
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
        print_preview(job.preview(out), json_output)
        return
    with _progress() as advance:
        result = job.run(out, advance)
    if json_output:
        print_json(result.document)
    console = result_console(machine_output=json_output)
    for note in result.document["notes"]:
        console.print(f"[yellow]Note:[/] {escape(note)}", soft_wrap=True)
    print_scores(console, result.document["scores"])
    print_card(console, result.card)
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
        print_card(result_console(), result.card)


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
    from figbench.judges.measures.fingerprint import Fingerprint, differences, drift

    settings = _settings(
        endpoint, model, budget_usd, price_input, price_output, concurrency, requests_per_minute,
        timeout, attempts,
    )  # fmt: skip
    judged_by = _protocol(protocol, temperature, max_tokens, structured)
    earlier = Fingerprint.load(against) if against else None
    if dry_run:
        print_preview(preview_calibration(settings, out, judged_by, anchors), json_output)
        return
    with _progress() as advance:
        result = calibrate_judge(
            settings, out, protocol=judged_by, anchors=anchors, advance=advance
        )
    document = result.fingerprint.model_dump(mode="json")
    console = result_console(machine_output=json_output)
    console.print(f"Accuracy on the anchors: {number(document['accuracy'])}", markup=False)
    for flaw, value in document["by_flaw"].items():
        console.print(f"  {flaw}: {number(value)}", markup=False)
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
    from figbench.judges.calls.budget import DEFAULT_INPUT_USD, DEFAULT_OUTPUT_USD, Price
    from figbench.judges.calls.execute import CallSettings
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
    from figbench.evaluation.progress import RichProgress

    with RichProgress(error_console()).stage("asking the judge") as report:
        yield lambda done, total: report(f"{done} of {total} calls")


def _require_complete(complete: bool, calls: int, document: dict[str, Any] | None = None) -> None:
    if complete:
        return
    limit = document["budget"]["limit_usd"] if document else None
    budget = f" within the budget of {limit:g} USD" if limit is not None else ""
    raise UserError(
        f"{calls} calls have no answer{budget}; they count as failures in the bounds.",
        remedy="Run the same command to resume; raise --budget-usd if it has run out.",
    )


def register(app: typer.Typer) -> None:
    """Adds the verb."""
    app.add_typer(judge_app, name="judge")
