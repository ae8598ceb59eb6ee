"""Pages that list things of the code list all of them, and nothing else."""

import ast
import importlib.util
import re

import pytest
import typer

from figbench.cli.main import app
from tests.docs.blocks import ROOT

SOURCES = [*(ROOT / "figbench").rglob("*.py"), *(ROOT / "reference_models").rglob("*.py")]
OF_THE_SYSTEM = {"No space left on device"}


def string_constants(*, docstrings=False):
    """Every string of the code, f-strings with their fields left out; joined as written."""
    for path in SOURCES:
        tree = ast.parse(path.read_text(encoding="utf-8"))
        skipped = set()
        for node in ast.walk(tree):
            if isinstance(node, ast.JoinedStr):
                yield " ".join(
                    part.value if isinstance(part, ast.Constant) else "\0" for part in node.values
                ).replace(" \0 ", "\0")
            if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
                skipped.add(id(node.value))
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                if docstrings or id(node) not in skipped:
                    yield node.value


def variables_of_the_code():
    names = {text for text in string_constants() if re.fullmatch(r"FIGBENCH_[A-Z_]*[A-Z]", text)}
    for path in SOURCES:
        text = path.read_text(encoding="utf-8")
        names |= {f"FIGBENCH_{name}" for name in re.findall(r'_setting\("([A-Z_]+)"', text)}
    return names


def variables_of_options():
    """FIGBENCH_<COMMAND>_<OPTION> of every option of the command line."""

    def walk(command, prefix):
        for name, child in getattr(command, "commands", {}).items():
            yield from walk(child, f"{prefix}_{name.upper().replace('-', '_')}")
        for parameter in command.params:
            yield f"{prefix}_{parameter.name.upper()}"

    return set(walk(typer.main.get_command(app), "FIGBENCH"))


def test_the_page_on_variables_is_the_code():
    text = (ROOT / "docs/environment.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`(FIGBENCH_[A-Z_]*[A-Z])`", text))
    of_options = named & variables_of_options()
    assert of_options, "the page gives an example of an option's variable"
    code = variables_of_the_code()
    assert {"FIGBENCH_STORE", "FIGBENCH_MAX_PIXELS"} <= code
    assert code - variables_of_options() <= named, "variables that the page does not list"
    assert named - of_options <= code, "variables that the code does not read"


def test_every_quoted_message_is_in_the_code():
    text = (ROOT / "docs/troubleshooting.md").read_text(encoding="utf-8")
    quoted = re.findall(r"^\| `([^`]+)` \|", text, re.M)
    assert len(quoted) > 20 and len(quoted) == len(set(quoted))
    strings = list(string_constants())
    missing = [
        message
        for message in quoted
        if message not in OF_THE_SYSTEM and not any(message in one for one in strings)
    ]
    assert missing == []


@pytest.mark.parametrize("page", ["metrics.md", "protocols.md", "result.md"])
def test_generated_parts_are_fresh(page):
    spec = importlib.util.spec_from_file_location("hooks", ROOT / "docs/hooks.py")
    hooks = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(hooks)
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    assert any(f"<!-- {name} -->" in text for name in hooks.PARTS)
    assert hooks.filled(text) == text, "run: python docs/hooks.py"


def test_every_page_is_in_the_navigation():
    listed = set(re.findall(r"[\w/-]+\.md", (ROOT / "mkdocs.yml").read_text(encoding="utf-8")))
    folder = ROOT / "docs"
    pages = {path.relative_to(folder).as_posix() for path in folder.rglob("*.md")}
    pages -= {path for path in pages if path.startswith("assets/")}
    assert pages == listed
