"""House rules on the source tree: no metric ids outside metrics/, short modules, small packages."""

import ast
from fnmatch import fnmatch
from pathlib import Path

import pytest

from figbench.metrics import FAMILIES, SINGLE, get_metric

ROOT = Path(__file__).resolve().parents[1]
SOURCES = sorted((ROOT / "figbench").rglob("*.py"))
LONGEST_MODULE = 320
"""Lines; the aim is 300."""
LARGEST_PACKAGE = 16
"""Modules of one folder, without its ``__init__``."""

METRIC_IDS_ALLOWED = {
    "figbench/__init__.py": "ocr_sim is a public function",
    "figbench/functional/*": "functions are named after their metrics",
    "figbench/features/*": "ssim and lpips are also names of pair scorers; pins list their users",
    "figbench/evaluation/artifacts/provenance.py": "lpips is also the name of a package",
    "figbench/evaluation/planning/tasks.py": "precision is the floating-point type",
    "figbench/cli/resources/graph.py": "keys of the comparison of two graphs",
    "figbench/cli/resources/graph*.py": "editability is also a command",
    "figbench/demo/structure.py": "structure is also the name of a protocol",
    "figbench/editability/*": "keys of the scores of one document",
    "figbench/graphs/*": "keys of the comparison of two graphs",
    "figbench/judges/*": "faithfulness is also a question to judges",
    "figbench/pages/choices.py": "structure is also a group of columns",
    "figbench/ranking/aggregation.py": "faithfulness is also a question to judges",
    "figbench/study/questions.py": "faithfulness is also a question to raters",
    "figbench/synthfig/degrade/*": "structure is a family of flaws",
    "figbench/validation/*": "presets of the validation",
}


def metric_words():
    """Ids of all built-in metrics and outputs, without the extractor."""
    found = set(FAMILIES) | set(SINGLE)
    for name in found.copy():
        metric = get_metric(f"{name}@image-stats" if name in FAMILIES else name)
        found |= {output.id.partition("@")[0] for output in metric.spec.outputs}
    return found


def strings(path):
    """Values of the string constants of a module that are not docstrings."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    alone = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in alone:
            yield node.value


def relative(path):
    return path.relative_to(ROOT).as_posix()


def test_no_module_outside_metrics_names_a_metric():
    words, naming = metric_words(), set()
    for path in SOURCES:
        name = relative(path)
        if name.startswith("figbench/metrics/"):
            continue
        if any(value.partition("@")[0] in words for value in strings(path)):
            naming.add(name)
    allowed = {name for name in naming if any(fnmatch(name, key) for key in METRIC_IDS_ALLOWED)}
    assert naming - allowed == set()


def test_modules_are_short():
    long = [
        relative(path)
        for path in SOURCES
        if len(path.read_text(encoding="utf-8").splitlines()) > LONGEST_MODULE
    ]
    assert long == []


def test_packages_are_small():
    folders = {path.parent for path in SOURCES}
    large = [
        relative(folder)
        for folder in folders
        if len([path for path in folder.glob("*.py") if path.name != "__init__.py"])
        > LARGEST_PACKAGE
    ]
    assert large == []


def test_one_module_draws_progress_bars():
    drawing = [
        relative(path) for path in SOURCES if "rich.progress" in path.read_text(encoding="utf-8")
    ]
    assert drawing == ["figbench/evaluation/progress.py"]


@pytest.mark.parametrize("pattern", METRIC_IDS_ALLOWED)
def test_every_exception_matches_a_module(pattern):
    assert any(fnmatch(relative(path), pattern) for path in SOURCES)


def test_modules_import_from_modules_and_not_from_the_public_package():
    """The public package imports them: together that is a circle, and mypy sees names twice."""
    circles = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in SOURCES
        if path != ROOT / "figbench" / "__init__.py"
        for node in ast.walk(ast.parse(path.read_text()))
        if (isinstance(node, ast.ImportFrom) and node.module == "figbench" and not node.level)
        or (isinstance(node, ast.Import) and "figbench" in [alias.name for alias in node.names])
    ]
    assert not circles
