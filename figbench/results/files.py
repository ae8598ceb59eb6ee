"""Reading and writing ``result.json``."""

from __future__ import annotations

from pathlib import Path

from pydantic import ValidationError

from figbench.errors import UserError
from figbench.io.atomic import write_text_atomic
from figbench.io.json_files import dump_json, read_json
from figbench.results.schema import RunResult

RESULT_NAME = "result.json"
PER_FIGURE_NAME = "per_figure.parquet"
IDENTITY_COLUMNS = ("figure_id", "sample", "paper_id", "present", "sha256")
"""Columns of ``per_figure.parquet`` that identify a figure; the others are metrics."""


def write_result(result: RunResult, folder: Path) -> Path:
    """Writes ``result.json`` into ``folder`` atomically and returns its path."""
    target = folder / RESULT_NAME
    write_text_atomic(target, dump_json(result.model_dump(mode="json")))
    return target


def load_result(path: str | Path) -> RunResult:
    """Loads a result from ``result.json`` or from the folder that holds one.

    Raises:
        UserError: If the file is missing or does not follow the schema; each violation is
            named with its path in the document.
    """
    source = Path(path)
    if source.is_dir():
        source = source / RESULT_NAME
    document = read_json(source)
    try:
        return RunResult.model_validate(document).attach(source.parent)
    except ValidationError as error:
        problems = "; ".join(
            f"{'.'.join(map(str, item['loc'])) or 'top level'}: {item['msg']}"
            for item in error.errors()[:8]
        )
        raise UserError(
            f"{source}: not a figbench result: {problems}.",
            remedy="Make one with: figbench evaluate GENERATED --reference REF --output DIR",
        ) from None
