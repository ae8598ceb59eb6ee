"""Every Python file that a page names exists."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
PATH = re.compile(r"`([\w./-]+\.py)`")
MODULE = re.compile(r"python -m ((?:tests|figbench|figbench_figgen)(?:\.\w+)+)")
FOLDERS = ("figbench", "reference_models", "tests", "docs")
FILES = {
    path.relative_to(ROOT).as_posix()
    for name in FOLDERS
    for path in ROOT.joinpath(name).rglob("*.py")
}


def _exists(name):
    return any(file == name or file.endswith(f"/{name}") for file in FILES)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_files_and_modules_exist(page):
    text = page.read_text(encoding="utf-8")
    absent = [name for name in PATH.findall(text) if not _exists(name)]
    for module in MODULE.findall(text):
        path = module.replace(".", "/")
        if not _exists(f"{path}.py") and not _exists(f"{path}/__main__.py"):
            absent.append(module)
    assert absent == []
