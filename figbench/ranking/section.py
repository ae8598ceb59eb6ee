"""HTML of a ranking: a table, bars of wins, ties and losses, and examples with their figures.

Reports insert :func:`ranking_section` into a page of :mod:`figbench.pages`, whose style and script
it uses.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from figbench.pages.render import render, render_fragment
from figbench.ranking.ranked_models import Ranking
from figbench.ranking.votes import Vote


@dataclass(frozen=True, slots=True)
class Example:
    """A prompt on which two models were compared.

    Attributes:
        prompt_id: Prompt.
        caption: Text of the prompt, or empty.
        first: Alphabetically first model.
        second: The other model.
        outcome: ``win``, ``tie`` or ``loss`` of ``first``.
        votes: Votes for first, ties, votes for second.
        images: Data URIs of both figures; empty where a figure is absent.
    """

    prompt_id: str
    caption: str
    first: str
    second: str
    outcome: str
    votes: tuple[int, int, int]
    images: tuple[str, str]


def select_examples(
    votes: Iterable[Vote],
    images: Mapping[tuple[str, str], str],
    captions: Mapping[str, str] | None = None,
    *,
    per_outcome: int = 3,
) -> list[Example]:
    """Returns examples of wins, ties and losses of each pair of models.

    The prompts of each pair and outcome are those with the smallest SHA-256 of their id, so the
    selection does not depend on the order of the votes.

    Args:
        votes: Ranked votes.
        images: Data URI by (model, prompt_id).
        captions: Text by prompt_id.
        per_outcome: Largest number of examples of each pair and outcome.
    """
    tallies: dict[tuple[str, str, str], list[int]] = defaultdict(lambda: [0, 0, 0])
    for vote in votes:
        tallies[(*vote.pair, vote.prompt_id)][1 - vote.outcome] += 1
    groups: dict[tuple[str, str, str], list[Example]] = defaultdict(list)
    for (first, second, prompt), tally in tallies.items():
        margin = tally[0] - tally[2]
        outcome = "win" if margin > 0 else "loss" if margin < 0 else "tie"
        images_of_pair = images.get((first, prompt), ""), images.get((second, prompt), "")
        text = (captions or {}).get(prompt, "")
        counts = (tally[0], tally[1], tally[2])
        groups[first, second, outcome].append(
            Example(prompt, text, first, second, outcome, counts, images_of_pair)
        )
    order = {"win": 0, "tie": 1, "loss": 2}
    return [
        example
        for key in sorted(groups, key=lambda key: (key[:2], order[key[2]]))
        for example in sorted(groups[key], key=lambda entry: _digest(entry.prompt_id))[:per_outcome]
    ]


def _digest(prompt_id: str) -> str:
    return hashlib.sha256(f"figbench examples\n{prompt_id}".encode()).hexdigest()


def ranking_section(
    ranking: Ranking,
    examples: Sequence[Example] = (),
    *,
    heading: str = "Judged pairs",
    anchor: str = "",
    tables: Sequence[tuple[str, Sequence[tuple[str, str]]]] = (),
) -> str:
    """Returns an HTML ``section`` with every text escaped, for a page of :mod:`figbench.pages`.

    Args:
        ranking: Result of :func:`figbench.ranking.rank`.
        examples: Of :func:`select_examples`.
        heading: Title of the section.
        anchor: Id of the section, or empty.
        tables: Tables about who judged: title and (name, text) of each line.
    """
    groups: dict[tuple[str, str, str], list[Example]] = {}
    for example in examples:
        groups.setdefault((example.first, example.second, example.outcome), []).append(example)
    return render_fragment(
        "ranking_section.html.j2",
        ranking=ranking,
        examples=[(*key, group) for key, group in groups.items()],
        heading=heading,
        anchor=anchor,
        facts=tables,
    )


def ranking_page(ranking: Ranking, examples: Sequence[Example] = ()) -> str:
    """Returns a self-contained page with the section; it loads nothing from a network."""
    return render(
        "ranking.html.j2",
        sortable=False,
        title="figbench ranking",
        heading="Ranking",
        lead=leader_sentence(ranking),
        section=ranking_section(ranking, examples, heading="Models"),
    )


def leader_sentence(ranking: Ranking) -> str:
    """Returns which models share the first rank, with the win rate of the first."""
    first = [line for line in ranking.models if line.ranks.best == 1]
    best = ranking.models[0]
    rate = f"{best.model} has a win rate of {best.win_rate.value:.3f}"
    if best.win_rate.low is not None and best.win_rate.high is not None:
        rate += f" [{best.win_rate.low:.3f}, {best.win_rate.high:.3f}]"
    if len(first) == 1:
        return f"{rate} and is ahead of every other model."
    others = len(first) - 1
    return f"{rate}; {others} other{'s' if others > 1 else ''} may be as good."
