"""The table of situations: tests run it, and docs/inputs.md shows it.

``python -m tests.field.table`` prints both tables of the page: situations that are scored, and
those of :mod:`tests.field.cases.paired` that are read and paired alone.
"""

from __future__ import annotations

from tests.field.cases import (
    indexes,
    layouts,
    names,
    paired,
    pictures,
    reported,
    reported_pictures,
)
from tests.field.cases.base import Case

CASES: tuple[Case, ...] = (
    *names.CASES,
    *layouts.CASES,
    *indexes.CASES,
    *pictures.CASES,
    *reported.CASES,
    *reported_pictures.CASES,
)


def rows() -> str:
    """Returns the rows of the page's table."""
    head = "| kind | input | figbench | reported |\n|---|---|---|---|\n"
    return head + "".join(
        f"| {one.area} | {one.input} | {one.figbench} | {one.issue} |\n" for one in CASES
    )


if __name__ == "__main__":
    print(rows(), end="")
    print()
    print(paired.rows(), end="")
