"""Provenance of an entry as readable tables."""

from __future__ import annotations

from collections.abc import Sequence

from figbench.leaderboard.entries import Entry
from figbench.pages.facts import Group, card_facts, plain, run_facts

__all__ = ["Group", "entry_facts", "plain"]


def entry_facts(entry: Entry, differences: Sequence[str]) -> list[Group]:
    """Returns (title, rows of name and text) for the details of an entry.

    Args:
        entry: The entry.
        differences: Parts of its protocol that differ from the shipped one.
    """
    card: Group = ("Model", [*card_facts(entry.model), ("Standing", entry.standing)])
    if entry.result is None:
        return [card]
    facts = run_facts(entry.result, differences)
    return [card, *(group for group in facts if group[0] != "Model")]
