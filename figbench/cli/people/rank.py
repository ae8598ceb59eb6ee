"""``figbench rank``: models in order, from votes of people or judges."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

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

    from figbench.ranking import Ranking
    from figbench.ranking.intervals import Estimate


def rank(
    votes: Annotated[list[Path], typer.Argument(help="JSON Lines files with one vote a line.")],
    aggregation: Annotated[
        str, typer.Option(help="each, majority, both-orders or paperbanana.")
    ] = "each",
    question: Annotated[str | None, typer.Option(help="Rank votes on this question only.")] = None,
    models: Annotated[str | None, typer.Option(help="Comma-separated selection of models.")] = None,
    target: Annotated[
        float, typer.Option(help="Win rate for which the needed number of pairs is printed.")
    ] = 0.55,
    resamples: Annotated[int, typer.Option(help="Bootstrap resamples of papers.")] = 2000,
    seed: Annotated[int, typer.Option(help="Of the resamples.")] = 0,
    html: Annotated[Path | None, typer.Option(help="Write the tables as an HTML page.")] = None,
    json_output: Annotated[bool, typer.Option("--json", help="JSON on stdout.")] = False,
) -> None:
    """Rank models from pairwise votes.

    Prints win rates, Bradley-Terry strengths with ties (Davidson) and rank ranges, with 95%
    intervals by bootstrap over papers. Two models share ranks unless a test separates them. A line
    of VOTES is {"prompt_id", "paper_id", "first", "second", "winner": "first|second|tie", "rater"}.
    """
    from figbench.ranking import pairs_needed, read_votes
    from figbench.ranking import rank as rank_votes

    if not 0.5 < target < 1:
        raise UserError(f"--target must be above 0.5 and below 1, got {target}.")
    selection = [name.strip() for name in models.split(",")] if models else None
    ranking = rank_votes(
        [vote for path in votes for vote in read_votes(path)],
        aggregation=aggregation,
        question=question,
        models=selection,
        resamples=resamples,
        seed=seed,
    )
    console = result_console(machine_output=json_output)
    _show(console, ranking)
    n_pairs = pairs_needed(target, design_effect=ranking.design_effect)
    console.print(
        f"Power: a win rate of {target:g} needs {n_pairs:,} votes on a pair for 80% power at this "
        f"design effect ({ranking.design_effect:.2f}).",
        soft_wrap=True,
    )
    if html is not None:
        from figbench.io.atomic import write_text_atomic
        from figbench.ranking.section import ranking_page

        write_text_atomic(html, ranking_page(ranking))
        error_console().print(f"Wrote {escape(str(html))}.", soft_wrap=True)
    if json_output:
        target_power = {"win_rate": target, "pairs_needed": n_pairs}
        print_json({**ranking.document(), "target": target_power})


def _show(console: Console, ranking: Ranking) -> None:
    title = (
        f"{ranking.n_votes:,} votes on {ranking.n_papers:,} papers by {ranking.n_raters:,} "
        f"{'rater' if ranking.n_raters == 1 else 'raters'}, "
        f"aggregation {ranking.aggregation}"
    )
    console.print(title, markup=False, soft_wrap=True)
    heads = ("win rate [95%]", "strength [95%]", "won/tied/lost")
    table = plain_table(("rank", "right"), ("model", "left"), *((head, "right") for head in heads))
    for line in ranking.models:
        table.add_row(
            str(line.ranks),
            escape(line.model),
            escape(_interval(line.win_rate, 3)),
            escape(_interval(line.strength, 2)),
            f"{line.wins}/{line.ties}/{line.losses}",
        )
    print_table(console, table)
    pairs = plain_table(("head to head", "left"), (heads[0], "right"), (heads[2], "right"))
    for pair in ranking.pairs:
        pairs.add_row(
            escape(f"{pair.first} against {pair.second}"),
            escape(_interval(pair.win_rate, 3)),
            f"{pair.wins}/{pair.ties}/{pair.losses}",
        )
    print_table(console, pairs)
    if ranking.first_share is not None:
        share = _interval(ranking.first_share, 3)
        console.print(
            f"Decided votes won by the first side: {share}.", markup=False, soft_wrap=True
        )
    smallest = ranking.detectable_win_rate
    visible = "none" if smallest is None else f"{smallest:.3f}"
    console.print(
        f"Smallest win rate that the rarest pair's votes show with 80% power: {visible}.",
        soft_wrap=True,
    )
    for note in ranking.notes:
        console.print(f"[yellow]Note:[/] {escape(note)}", soft_wrap=True)


def _interval(estimate: Estimate, digits: int) -> str:
    if estimate.low is None or estimate.high is None:
        return f"{estimate.value:.{digits}f}"
    return f"{estimate.value:.{digits}f} [{estimate.low:.{digits}f}, {estimate.high:.{digits}f}]"


def register(app: typer.Typer) -> None:
    """Adds the verb."""
    app.command("rank")(rank)
