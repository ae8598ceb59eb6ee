"""Console output of ``figbench judge``: preview, scores and instrument card."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.markup import escape

from figbench.cli.output.console import plain_table, print_json, print_table, result_console

if TYPE_CHECKING:
    from rich.console import Console


def print_preview(document: dict[str, Any], json_output: bool) -> None:
    """Prints calls, tokens and price of a run that is not started."""
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


def print_scores(console: Console, scores: dict[str, Any]) -> None:
    """Prints the win rate or the mean score, and the value by the published rule."""
    rate = scores.get("win_rate")
    if rate is not None:
        console.print(
            f"Win rate: {number(rate)}; wins {rate['wins']}, ties {rate['ties']}, losses "
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
        console.print(f"Mean score: {number(scores['mean_score'])}", markup=False)
    published = scores["published"]
    if published is not None:
        console.print(f"Published rule: {published}", markup=False, soft_wrap=True)


def print_card(console: Console, document: dict[str, Any]) -> None:
    """Prints the instrument card as a table."""
    table = plain_table(
        ("instrument card", "left"), ("value [95% interval]", "left"), ("n", "right")
    )
    names = (
        "position_bias", "position_bias_same_picture", "flip_rate", "inconsistency_rate",
        "self_agreement", "parse_failure_rate", "refusal_rate",
    )  # fmt: skip
    measures = [(name, document[name]) for name in names]
    measures += [(f"control: {name}", value) for name, value in document["controls"].items()]
    measures.append(("accuracy on pairs of known order", document["known_order"]))
    for name, value in measures:
        table.add_row(name.replace("_", " "), escape(number(value)), str(value["n"]))
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


def number(value: dict[str, Any]) -> str:
    """Returns a value with its interval as text, or the reason why there is none."""
    if value.get("value") is None:
        return str(value.get("reason", "not measured"))
    interval = value.get("interval")
    bounds = f" [{interval['low']:.3f}, {interval['high']:.3f}]" if interval else ""
    return f"{value['value']:.3f}{bounds}"
