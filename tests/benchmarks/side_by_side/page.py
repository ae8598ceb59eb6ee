"""Writes the tables of docs/performance.md anew from docs/assets/performance/*.json.

::

    python -m tests.benchmarks.side_by_side.page [--from DIR]

``--from`` first takes the JSON files of a folder into the documentation. A table stands between
``<!-- NAME.json -->`` and ``<!-- end -->``; the tests compare page and JSON.
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.benchmarks.side_by_side import large, readers, stages
from tests.benchmarks.side_by_side.machine import describe
from tests.benchmarks.side_by_side.neighbours import Neighbours
from tests.benchmarks.side_by_side.report import Table
from tests.benchmarks.side_by_side.whole import Cold
from tests.benchmarks.side_by_side.workers import Workers

ROOT = Path(__file__).parents[3]
PAGE = ROOT / "docs" / "performance.md"
RESULTS = ROOT / "docs" / "assets" / "performance"
TABLES: dict[str, Callable[[dict[str, Any]], list[Table]]] = {
    "stages": stages.tables,
    "readers": readers.tables,
    "large": large.tables,
    "cold": lambda document: Cold.tables(document["runs"]),
    "workers": lambda document: Workers.tables(document["runs"]),
    "neighbours": lambda document: Neighbours.tables(document["runs"]),
}
BLOCK = re.compile(r"<!-- (?P<name>[a-z]+)\.json -->\n.*?<!-- end -->", re.S)


def rendered(text: str) -> str:
    """Returns the page with every table from its JSON."""

    def block(match: re.Match[str]) -> str:
        name = match["name"]
        document = json.loads((RESULTS / f"{name}.json").read_text(encoding="utf-8"))
        parts = [part for table in TABLES[name](document) for part in lines(table)]
        parts.append(describe(document["machine"]))
        return "\n\n".join([f"<!-- {name}.json -->", *parts, "<!-- end -->"])

    return BLOCK.sub(block, text)


def lines(table: Table) -> list[str]:
    """Returns a table and its note in Markdown."""
    head = [table.head, ["---"] * len(table.head), *table.rows]
    text = "\n".join(f"| {' | '.join(line)} |" for line in head)
    return [text, *([table.note] if table.note else [])]


def main(arguments: list[str] | None = None) -> None:
    """Rewrites the page."""
    parser = argparse.ArgumentParser(prog="page", description=__doc__.splitlines()[0])
    parser.add_argument("--from", dest="source", type=Path, help="Folder with new JSON files.")
    chosen = parser.parse_args(arguments)
    if chosen.source:
        RESULTS.mkdir(parents=True, exist_ok=True)
        for name in TABLES:
            if (chosen.source / f"{name}.json").exists():
                shutil.copy(chosen.source / f"{name}.json", RESULTS / f"{name}.json")
    PAGE.write_text(rendered(PAGE.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
