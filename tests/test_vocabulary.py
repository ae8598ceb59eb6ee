"""The glossary: identifiers, docstrings and comments have no words with a private meaning.

``ALLOWED`` lists words in their ordinary meaning, with the reason. The findings of a package:
``python -m tests.test_vocabulary figbench/gate``.
"""

import ast
import io
import re
import sys
import tokenize
from fnmatch import fnmatch
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]

IDENTIFIERS = {
    "album": "images",
    "basket": "buffered writer",
    "chosen": "the name of the thing",
    "dice": "rng",
    "drawn": "rendered",
    "evidence": "attachment",
    "exhibit": "comparison",
    "facts": "metadata or info",
    "found": "the name of the thing",
    "here": "path, index or installed",
    "keep": "cached or selected",
    "kept": "cached or selected",
    "known": "names or the name of the thing",
    "lane": "worker",
    "lanes": "workers",
    "listing": "index",
    "looker": "decode pool",
    "looking": "decode check",
    "mine": "own",
    "needed": "selection",
    "one": "the name of the thing",
    "ours": "generated, first or candidate",
    "pace": "parallelism",
    "part": "chunk, component or section",
    "parts": "chunks, components or sections",
    "picture": "image, plot or thumbnail",
    "pictures": "images, plots or thumbnails",
    "place": "position, index or path",
    "places": "positions, indices or paths",
    "reader": "ocr_engine",
    "reading": "ocr_result",
    "readings": "ocr_results",
    "ready": "prepared",
    "row": "record, pair or figure",
    "rows": "features, records or pairs",
    "say": "log or detail",
    "screen": "console",
    "shown": "displayed or escaped",
    "sink": "writer",
    "space": "namespace",
    "spaces": "namespaces",
    "theirs": "reference, second or baseline",
    "trunk": "backbone",
    "usual": "default",
    "wall": "gallery",
    "wanted": "selection",
}
"""Word of an identifier to its replacement: the left column of the glossary."""

PROSE = (
    r"\bours\b",
    r"\btheirs\b",
    r"\bdice\b",
    r"\blookers?\b",
    r"\blanes?\b",
    r"\bsinks?\b",
    r"\bbaskets?\b",
    r"\breadings\b",
    r"\bmend(s|ed)?\b",
    r"\bin the place of\b",
    r"\bat hand\b",
    r"\bdear\b",
    r"\bunsaid\b",
    r"\bstrangers?\b",
    r"\bthe usual way\b",
    r"\bkept rows?\b",
    r"\bspoilt\b",
)
"""Expressions that docstrings and comments avoid."""

ROOMS = ("figbench", "reference_models")

ALLOWED = (
    # A part names a component of a drawing ("node:3"); the field is part of stored scenes.
    ("figbench/synthfig/*", {"part", "parts"}),
    # Rows and columns of the logical grid of a figure, and rows of pixels.
    ("figbench/synthfig/*", {"row", "rows"}),
    # Names of command-line options, which are also names of environment variables.
    ("figbench/cli/resources/data.py", {"keep"}),
    ("figbench/cli/resources/graph.py", {"picture"}),
    ("figbench/cli/people/leaderboard*.py", {"pictures"}),
    # A graph reader reads the graph of a drawing; it is no OCR engine.
    ("figbench/cli/resources/graph.py", {"reader"}),
    ("figbench/graphs/read.py", {"reader"}),
    ("figbench/graphs/stored.py", {"reader"}),
    ("figbench/metrics/graph_metrics/graph_accuracy.py", {"reader"}),
    # Number of pairs that a study needs: a public function and a key of its document.
    ("figbench/ranking/power.py", {"needed"}),
    # Rows and columns of the matrix of kernel values, and of distances.
    ("figbench/metrics/numerics/kernel.py", {"row", "rows"}),
    ("figbench/metrics/numerics/neighbours.py", {"row", "rows"}),
    # Rows of parquet tables.
    ("figbench/data/sources.py", {"row"}),
    # Rows of console tables and of a sheet of figures.
    ("figbench/plots/contact_sheet.py", {"row"}),
    ("figbench/cli/resources/list.py", {"row", "rows"}),
    ("figbench/cli/resources/weights.py", {"rows"}),
    # Key of judge protocols in YAML, which their hash covers.
    ("figbench/judges/protocol.py", {"pictures"}),
    # Keys of stored attachments.
    ("figbench/leaderboard/attachments.py", {"evidence", "pictures", "row", "spaces"}),
    ("figbench/leaderboard/collect.py", {"spaces"}),
    # Rows of a board: a model on one line of its table.
    ("figbench/leaderboard/views/*", {"row", "rows"}),
    # Keys of the YAML configuration and of the JSON of a conversion.
    ("reference_models/figbench_figgen/config_sections.py", {"keep"}),
    ("reference_models/figbench_figgen/official.py", {"part"}),
    # Key of the validation's document: figures that a metric needs.
    ("figbench/validation/effects.py", {"needed"}),
    # The parts of the published validation, and the option that selects them.
    ("figbench/validation/published_run.py", {"parts"}),
    # Rows of HTML, LaTeX, Markdown and console tables.
    ("figbench/pages/catalogue.py", {"rows"}),
    ("figbench/pages/details.py", {"rows"}),
    ("figbench/pages/tables.py", {"row", "rows"}),
    ("figbench/demo/plots.py", {"rows"}),
    ("figbench/reports/*", {"row", "rows"}),
    ("figbench/results/views.py", {"rows"}),
    ("figbench/sweeps/page.py", {"row", "rows"}),
)
"""Words in their ordinary meaning: pattern of files, words; the reason is the comment."""


def sources(pattern="*"):
    """Source files whose path matches a pattern."""
    files = sorted(path for room in ROOMS for path in (ROOT / room).rglob("*.py"))
    names = [path.relative_to(ROOT).as_posix() for path in files]
    return [name for name in names if fnmatch(name, pattern)]


def defined_names(tree):
    """Yields (line, name) of everything that a module defines."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.lineno, node.name
        elif isinstance(node, ast.arg):
            yield node.lineno, node.arg
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.lineno, node.id
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            yield node.lineno, node.attr
        elif isinstance(node, ast.alias) and node.asname:
            yield node.lineno, node.asname


def words(name):
    """Splits an identifier at underscores and capitals: ``KeptRows`` gives kept, rows."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower().strip("_").split("_")


def prose(text):
    """Yields (line, text) of every docstring and comment."""
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT:
            yield token.start[0], token.string
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            if isinstance(node.value.value, str):
                yield node.lineno, node.value.value


def findings(name):
    """Returns the words of a file that the glossary replaces."""
    text = (ROOT / name).read_text(encoding="utf-8")
    allowed = set().union(*(entry for pattern, entry in ALLOWED if fnmatch(name, pattern)))
    problems = []
    for line, identifier in defined_names(ast.parse(text)):
        for word in words(identifier):
            if word in IDENTIFIERS and word not in allowed:
                problems.append(f"{name}:{line}: {identifier}: say {IDENTIFIERS[word]}")
    for line, sentence in prose(text):
        for pattern in PROSE:
            if match := re.search(pattern, sentence, re.IGNORECASE):
                problems.append(f"{name}:{line}: '{match.group()}' in prose")
    docstring = ast.get_docstring(ast.parse(text)) or ""
    if re.match(r"(What|Where|Who|Whether) ", docstring):
        problems.append(f"{name}:1: a module docstring states the contents, not a question")
    return problems


@pytest.mark.parametrize("name", sources())
def test_the_glossary_is_followed(name):
    assert findings(name) == []


def test_every_exception_is_used():
    for pattern, allowed in ALLOWED:
        used = {
            word
            for name in sources(pattern)
            for _, identifier in defined_names(ast.parse((ROOT / name).read_text(encoding="utf-8")))
            for word in words(identifier)
        }
        assert allowed <= used, (pattern, allowed - used)


def test_the_check_sees_identifiers_docstrings_and_comments(tmp_path, monkeypatch):
    source = (
        '"""What it is."""\n\n\ndef f(kept_rows):\n    """Mend it."""\n'
        "    # the lanes\n    for one in kept_rows:\n        yield one\n"
    )
    (tmp_path / "module.py").write_text(source)
    monkeypatch.setattr(sys.modules[__name__], "ROOT", tmp_path)
    text = "\n".join(findings("module.py"))
    for expected in ("kept_rows: say cached", "one: say", "'Mend'", "'lanes'", "module docstring"):
        assert expected in text


if __name__ == "__main__":
    for argument in sys.argv[1:]:
        for entry in sources(f"{argument.rstrip('/')}/*"):
            for problem in findings(entry):
                print(problem)
