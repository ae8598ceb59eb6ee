"""Provenance of an entry as readable tables."""

from __future__ import annotations

from collections.abc import Sequence

from figbench.leaderboard.entries import Entry
from figbench.leaderboard.instruments import CardValue, JudgedValue
from figbench.pages.details import Group, card_details, plain, run_details

__all__ = ["Group", "entry_details", "plain"]


def entry_details(entry: Entry, differences: Sequence[str]) -> list[Group]:
    """Returns (title, rows of name and text) for the details of an entry.

    Args:
        entry: The entry.
        differences: Parts of its protocol that differ from the shipped one.
    """
    card: Group = ("Model", [*card_details(entry.model), ("Standing", entry.standing)])
    if entry.result is None:
        return [card]
    groups = run_details(entry.result, differences)
    judged = [judged_details(name, value) for name, value in entry.judged.items()]
    return [card, *judged, *(group for group in groups if group[0] != "Model")]


def judged_details(column: str, judged: JudgedValue) -> Group:
    """Returns the table of a judged value: who judged, counts, bounds and the instrument card.

    Args:
        column: Id of the board's column.
        judged: Of the entry.
    """
    value, instrument = judged.value, judged.instrument
    details = dict(value.details)
    rows = [("Compared with", instrument.against)]
    if instrument.question:
        rows.append(("Question", instrument.question))
    judge = instrument.fingerprint
    if judge is not None:
        rows += [
            ("Judge", judge.model),
            ("Reported by the server", plain(list(judge.models))),
            ("Server fingerprint", plain(list(judge.system_fingerprints))),
            ("Judge protocol", f"{judge.protocol}, prompt hash {judge.prompt_hash[:12]}"),
        ]
    counts = [(name, details[name]) for name in ("wins", "ties", "losses") if name in details]
    if counts:
        rows.append(("Won, tied, lost", " / ".join(plain(count) for _, count in counts)))
    for name in ("flips", "missing_figures", "judge_failures"):
        if name in details:
            rows.append((name.replace("_", " ").capitalize(), plain(details[name])))
    bounds = [details.get(f"failures_as_{word}") for word in ("losses", "wins")]
    if all(isinstance(item, int | float) for item in bounds):
        low, high = (f"{float(item or 0):.3f}" for item in bounds)
        rows.append(("With failures as losses, as wins", f"{low}, {high}"))
    if judge is not None and judge.threshold is not None:
        rows.append(("Flaw strength seen in 75% of anchors", f"{judge.threshold:.2f}"))
    rows += [(item.name.capitalize(), _card_text(item)) for item in judged.card]
    if judged.votes_sha256:
        rows.append(("Digest, votes", judged.votes_sha256[:16]))
    return f"Judged: {column}", rows


def _card_text(card: CardValue) -> str:
    if card.value is None:
        return "not measured"
    if card.low is None or card.high is None:
        return f"{card.value:g}"
    return f"{card.value:.3f} [{card.low:.3f}, {card.high:.3f}], n = {card.n}"
