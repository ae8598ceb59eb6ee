"""The GitHub Action and the pre-commit hooks: their shell steps, with pip and figbench recorded."""

import os
import re
import shlex
import subprocess
from pathlib import Path

import pytest
import typer
import yaml

from figbench.cli.main import app

ROOT = Path(__file__).parents[2]
ACTION = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
STUB = """#!/usr/bin/env bash
printf '%q ' "$(basename "$0")" "$@" >> "$CALLS"
echo >> "$CALLS"
[[ " $* " != *" $FAILS "* ]]
"""


@pytest.fixture
def execute(tmp_path):
    """Returns a function that runs a script and returns (exit code, recorded calls)."""
    programs = tmp_path / "programs"
    programs.mkdir()
    for name in ("pip", "figbench"):
        (programs / name).write_text(STUB)
        (programs / name).chmod(0o755)
    calls = tmp_path / "calls"

    def run(script, environment, fails="nothing"):
        calls.write_text("")
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script],
            cwd=tmp_path,
            env={
                "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
                "CALLS": str(calls),
                "FAILS": fails,
                "GITHUB_OUTPUT": str(tmp_path / "outputs"),
                **environment,
            },
            capture_output=True,
            text=True,
        )
        return done.returncode, [shlex.split(line) for line in calls.read_text().splitlines()]

    return run


def step(number, **inputs):
    """Returns (script, environment) of a shell step, its expressions replaced as by the runner."""
    chosen = {name: str(one.get("default", "")) for name, one in ACTION["inputs"].items()} | inputs
    shell = [one for one in ACTION["runs"]["steps"] if "run" in one][number]
    assert shell["shell"] == "bash"
    values = {f"inputs.{name}": value for name, value in chosen.items()}
    values["github.action_path"] = "/checkout"
    replaced = {
        name: re.sub(r"\$\{\{ (\S+) \}\}", lambda match: values[match[1]], text)
        for name, text in shell["env"].items()
    }
    assert "${{" not in shell["run"], "an expression in a script is an injection"
    return shell["run"], replaced


def options_of(*path):
    command = typer.main.get_command(app)
    for name in path:
        command = command.commands[name]
    return {name for parameter in command.params for name in parameter.opts}


def test_the_action_installs_its_own_checkout_or_the_requirement_that_is_named(execute):
    assert execute(*step(0)) == (0, [["pip", "install", "/checkout"]])
    assert execute(*step(0, install="figbench==1.2")) == (0, [["pip", "install", "figbench==1.2"]])
    index = "https://download.pytorch.org/whl/cpu"
    code, calls = execute(*step(0, torch_index=index))
    assert code == 0
    assert calls[0] == ["pip", "install", "torch", "torchvision", "--index-url", index]
    assert calls[1] == ["pip", "install", "/checkout"]


def test_the_action_scores_and_gates_with_every_rule(execute, tmp_path):
    inputs = {
        "generated": "my figures",
        "reference": "refs",
        "baseline": "base",
        "rules": "label_f1>=0.6\n\nlabel_f1:-0.01 & p<0.05\n",
    }
    code, [evaluate, gate] = execute(*step(1, **inputs))
    assert code == 0
    assert evaluate[:3] == ["figbench", "evaluate", "my figures"]
    assert [gate[i + 1] for i, word in enumerate(gate) if word == "--rule"] == [
        "label_f1>=0.6",
        "label_f1:-0.01 & p<0.05",
    ]
    assert gate[gate.index("--baseline") + 1] == "base"
    assert (tmp_path / "outputs").read_text() == "result=figbench-run/result.json\n"
    for name, call in (("evaluate", evaluate), ("gate", gate)):
        assert {word for word in call if word.startswith("--")} <= options_of(name)


def test_a_regression_fails_the_step(execute):
    inputs = {"generated": "g", "reference": "r", "baseline": "b", "rules": "label_f1>=0.6"}
    code, calls = execute(*step(1, **inputs), fails="gate")
    assert (code, len(calls)) == (1, 2)
    code, calls = execute(*step(1, **inputs), fails="evaluate")
    assert (code, len(calls)) == (1, 1)


def test_the_hook_of_boards_checks_each_and_fails_on_the_first_stale_one(execute, tmp_path):
    hooks = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
    [entry] = [one["entry"] for one in hooks if one["id"] == "figbench-boards-fresh"]
    for name in ("a", "b"):
        (tmp_path / "leaderboards" / name).mkdir(parents=True)
    code, calls = execute(entry, {})
    assert code == 0
    assert [call[3] for call in calls] == ["leaderboards/a/", "leaderboards/b/"]
    assert "--check" in options_of("leaderboard", "build")
    code, calls = execute(entry, {}, fails="leaderboards/a/")
    assert (code, len(calls)) == (1, 1)
