"""HTML of a ranking: a table, bars of wins, ties and losses, and examples with their figures.

Reports and boards insert :func:`ranking_section`; it needs ``SECTION_CSS`` on the page and no
script. Boards take :func:`judged_column` as a column.
"""

from __future__ import annotations

import base64
import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from figbench.ranking.ranked_models import Ranking
from figbench.ranking.votes import Vote

TEMPLATES = Path(__file__).parent / "templates"
SECTION_CSS = (TEMPLATES / "section.css").read_text(encoding="utf-8")


@dataclass(frozen=True, slots=True)
class JudgedCell:
    """A model's cell of a judged column of a board.

    Attributes:
        value: Win rate, 0..1, higher is better.
        low: Lower end of the 95% interval; None without an interval.
        high: Upper end.
        best_rank: Best rank that the tests leave open.
        worst_rank: Worst one.
        n: Votes on the model.
        method: Of the interval.
    """

    value: float
    low: float | None
    high: float | None
    best_rank: int
    worst_rank: int
    n: int
    method: str


def judged_column(ranking: Ranking) -> dict[str, JudgedCell]:
    """Returns the cell of each model, in the order of the ranking."""
    return {
        line.model: JudgedCell(
            line.win_rate.value,
            line.win_rate.low,
            line.win_rate.high,
            line.ranks.best,
            line.ranks.worst,
            line.wins + line.losses + line.ties,
            line.win_rate.method,
        )
        for line in ranking.models
    }


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
    selection does not depend on the votes' order and nobody chooses it.

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
        pictures = images.get((first, prompt), ""), images.get((second, prompt), "")
        text = (captions or {}).get(prompt, "")
        counts = (tally[0], tally[1], tally[2])
        groups[first, second, outcome].append(
            Example(prompt, text, first, second, outcome, counts, pictures)
        )
    order = {"win": 0, "tie": 1, "loss": 2}
    return [
        example
        for key in sorted(groups, key=lambda key: (key[:2], order[key[2]]))
        for example in sorted(groups[key], key=lambda one: _digest(one.prompt_id))[:per_outcome]
    ]


def _digest(prompt_id: str) -> str:
    return hashlib.sha256(f"figbench examples\n{prompt_id}".encode()).hexdigest()


def ranking_section(
    ranking: Ranking, examples: Sequence[Example] = (), *, heading: str = "Judged pairs"
) -> str:
    """Returns an HTML ``section`` with every text escaped.

    Args:
        ranking: Result of :func:`figbench.ranking.rank`.
        examples: Of :func:`select_examples`.
        heading: Title of the section.
    """
    return _render("section.html.j2", ranking=ranking, examples=examples, heading=heading)


def ranking_page(ranking: Ranking, examples: Sequence[Example] = ()) -> str:
    """Returns a self-contained page with the section; it loads nothing and runs no script."""
    digest = base64.b64encode(hashlib.sha256(SECTION_CSS.encode()).digest()).decode("ascii")
    section = ranking_section(ranking, examples, heading="Ranking")
    return _render("page.html.j2", section=section, styles=SECTION_CSS, digest=digest)


def _render(template: str, **values: object) -> str:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template(template).render(**values)
