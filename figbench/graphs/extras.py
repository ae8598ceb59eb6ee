"""The error for a library of the extra ``graphs`` that is not installed."""

from __future__ import annotations

from figbench.errors import UserError


def missing(library: str, purpose: str) -> UserError:
    """Returns the error that names the extra."""
    return UserError(
        f"Reading {purpose} needs {library}, which is not installed.",
        remedy='pip install "figbench[graphs]"',
    )
