"""Notes of a comparison: what its tests assume, and what they could not have shown."""

from __future__ import annotations

from collections.abc import Sequence

from figbench.comparison.differences import Difference
from figbench.comparison.runs import Run
from figbench.statistics.effects import ALPHA, holm


def out_of_reach(differences: Sequence[Difference], tests: int) -> list[str]:
    """Returns sentences where no difference, however large, could be significant after Holm.

    Args:
        differences: Of the comparison.
        tests: Number of p-values in it.
    """
    floors = {
        item.metric: item.smallest_p
        for item in differences
        if item.p_value is not None and item.smallest_p is not None
    }
    blocked = [name for name, floor in floors.items() if floor * tests >= ALPHA]
    if not blocked:
        return []
    named = ", ".join(blocked[:3]) + (", ..." if len(blocked) > 3 else "")
    least = min(floors[name] for name in blocked)
    few = "figures of more papers are needed" if least >= ALPHA else "name fewer with --metrics"
    return [
        f"{named}: p cannot fall below {least:.2g} here, which Holm over {tests} metrics makes "
        f"{min(1.0, least * tests):.2g}, so no difference could be significant: {few}."
    ]


def assumptions(differences: Sequence[Difference], run: Run) -> list[str]:
    """Returns sentences on what the tests take for granted, and on results that depend on it.

    Args:
        differences: Of the comparison.
        run: Either run; both have the same prompts.
    """
    notes = []
    if all(paper == figure for paper, (figure, _) in zip(run.clusters, run.keys, strict=True)):
        notes.append(
            "No figure names its paper: the tests take prompts for independent. Where figures of "
            "one paper fail together, p is too small."
        )
    swapped = holm({item.metric: item.p_swap for item in differences if item.p_swap is not None})
    doubtful = [
        item.metric
        for item in differences
        if item.p_rare_failures is not None
        and swapped.get(item.metric, 1.0) < ALPHA
        and (item.p_holm is None or item.p_holm >= ALPHA)
    ]
    if doubtful:
        papers = max(item.n_papers or 0 for item in differences if item.metric in doubtful)
        notes.append(
            f"{', '.join(doubtful)}: the outputs for these figures differ (p_swap in --json), but "
            f"{papers} papers do not exclude a failure that is too rare to be among them and would "
            "make the means equal. Draw figures of more papers."
        )
    return notes
