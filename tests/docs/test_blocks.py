"""Every fenced block of README and docs is executed or parsed: a wrong setting fails here."""

import ast
import importlib
import json
import os
import subprocess
import sys

import pytest
import typer
import yaml

import figbench
from figbench.cli.main import app
from figbench.errors import UserError
from figbench.metrics import get_metric
from tests.docs.blocks import ROOT, blocks, commands

USAGE_ERROR = next(one for one in typer.BadParameter.__mro__ if one.__name__ == "UsageError")
"""Of click, or of the copy of it that typer brings."""
SHELL = ("bash", "sh", "console", "")
TUTORIALS = sorted(path.name for path in (ROOT / "docs" / "tutorials").glob("*.md"))


def check_protocol(document):
    """A document that lists metrics is a protocol: names and settings must exist."""
    protocol = figbench.Protocol.from_document({"id": "docs", **document}, "docs")
    for request in protocol.metrics:
        get_metric(request.metric).spec.resolve(request.settings)


@pytest.mark.parametrize("block", blocks("yaml", "yml"), ids=str)
def test_yaml_is_right(block):
    for document in yaml.safe_load_all(block.body):
        if isinstance(document, dict) and isinstance(document.get("metrics"), list):
            if all(isinstance(item, dict) for item in document["metrics"]):
                check_protocol(document)


def test_a_wrong_setting_is_noticed():
    with pytest.raises(UserError, match="no setting 'threshold'"):
        check_protocol({"metrics": [{"metric": "label_fidelity", "settings": {"threshold": 0.2}}]})


def test_json_is_right():
    for block in blocks("json"):
        json.loads(block.body)


def check_command(words):
    """Lets the real command parse its words, values included, without running it."""
    command, rest = typer.main.get_command(app), list(words)
    context = command.context_class(command, info_name="figbench")
    while hasattr(command, "commands") and rest and not rest[0].startswith("-"):
        name = rest.pop(0)
        assert name in command.commands, f"no command '{name}' in: figbench {' '.join(words)}"
        command = command.commands[name]
        context = command.context_class(command, info_name=name, parent=context)
    said = f"in: figbench {' '.join(words)}"
    try:
        values, surplus, _ = command.make_parser(context).parse_args(rest)
        if values.get("help") or hasattr(command, "commands"):
            return
        assert not surplus, f"surplus {surplus} {said}"
        for parameter in command.params:
            _check_value(context, parameter, values.get(parameter.name))
    except USAGE_ERROR as error:
        raise AssertionError(f"{error.format_message()} {said}") from None


def _check_value(context, parameter, value):
    """Numbers are numbers, choices exist, required values are there; files need not exist."""
    try:
        parameter.process_value(context, value)
    except USAGE_ERROR as error:
        text = error.format_message()
        assert "does not exist" in text, text


SHELL_BLOCKS = [block for block in blocks(*SHELL) if commands(block)]


@pytest.mark.parametrize("block", SHELL_BLOCKS, ids=str)
def test_commands_and_options_exist(block):
    for words in commands(block):
        check_command(words)


def test_a_wrong_command_is_noticed():
    wrong = {
        "No such option": ["evaluate", "a", "--refernce", "b"],
        "no command": ["evalute", "a"],
        "valid int": ["demo", "--n", "many"],
        "requires an argument": ["evaluate", "a", "--reference"],
        "surplus": ["doctor", "a", "b"],
        "[Mm]issing": ["leaderboard", "build"],
    }
    for message, words in wrong.items():
        with pytest.raises(AssertionError, match=message):
            check_command(words)


@pytest.mark.parametrize("block", blocks("python", "py"), ids=str)
def test_python_compiles_and_its_names_exist(block):
    for node in ast.walk(ast.parse(block.body, str(block))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("figbench"):
            module = importlib.import_module(node.module)
            for alias in node.names:
                assert hasattr(module, alias.name), f"{node.module}.{alias.name}"
        if (
            isinstance(node, ast.Attribute)
            and isinstance(node.value, ast.Name)
            and node.value.id == "figbench"
        ):
            assert hasattr(figbench, node.attr), f"figbench.{node.attr}"


@pytest.mark.parametrize("page", TUTORIALS)
def test_a_tutorial_runs(page, tmp_path, monkeypatch, capsys):
    """Runs the blocks of a page in order, in an empty folder."""
    monkeypatch.chdir(tmp_path)
    programs = tmp_path / ".bin"
    programs.mkdir()
    shim = programs / "figbench"
    shim.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m figbench "$@"\n')
    shim.chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("FIGBENCH_STORE", str(tmp_path / ".store"))
    names: dict[str, object] = {}
    ran = 0
    for block in blocks("bash", "python"):
        if block.page != f"docs/tutorials/{page}":
            continue
        ran += 1
        if block.language == "bash":
            done = subprocess.run(
                ["bash", "-euo", "pipefail", "-c", block.body],
                check=False,
                capture_output=True,
                text=True,
            )
            assert done.returncode == 0, f"{block}\n{done.stdout}\n{done.stderr}"
        else:
            exec(compile(block.body, str(block), "exec"), names)
    assert ran
