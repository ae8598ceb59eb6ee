"""``--latex``, ``--markdown`` and ``--csv``: result tables for papers and spreadsheets."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from figbench.errors import UserError
from figbench.pages.tables import Table, as_csv, as_latex, as_markdown
from figbench.results.schema import RunResult

WRITERS = {"latex": as_latex, "markdown": as_markdown, "csv": as_csv}


def export_format(**formats: bool) -> str | None:
    """Returns the requested format, None without any.

    Raises:
        UserError: If two formats are requested; both write to stdout.
    """
    names = [name for name, given in formats.items() if given]
    if len(names) > 1:
        options = " and ".join(f"--{name}" for name in names)
        raise UserError(f"{options} both write to stdout.", remedy="Choose one.")
    return names[0] if names else None


def print_export(form: str, results: Sequence[RunResult]) -> None:
    """Prints results as a table on stdout: metrics down, runs across."""
    from figbench.pages.tables import results_table

    print_table_as(form, results_table([(run_name(result), result) for result in results]))


def print_table_as(form: str, table: Table) -> None:
    """Prints a table in one of the formats of :data:`WRITERS`."""
    sys.stdout.write(WRITERS[form](table))


def run_name(result: RunResult) -> str:
    """Returns the model's name, else the last part of the path that was scored."""
    return result.model.name or Path(result.manifests.generated.source).name
