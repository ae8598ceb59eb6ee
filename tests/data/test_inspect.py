"""``figbench data inspect``: what was understood, for people and for machines."""

import json
import os

import pytest
from typer.testing import CliRunner

from figbench.cli.main import app
from figbench.data.load import load_manifest
from figbench.errors import UserError
from tests.data.pictures import drawing, encoded


@pytest.fixture
def folder(tmp_path):
    for i in range(5):
        for k in range(2):
            path = tmp_path / "set" / f"p{i}_{k}.png"
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(encoded(drawing(40 + i, 60 + k, seed=2 * i + k)))
    (tmp_path / "set" / "p5_0.png").write_bytes(b"")
    (tmp_path / "set" / os.fsdecode(b"\xff[red]\n.png")).write_bytes(b"")
    return tmp_path / "set"


def inspect(*arguments):
    return CliRunner().invoke(
        app,
        ["data", "inspect", *map(str, arguments)],
        env={"COLUMNS": "200"},
        catch_exceptions=False,
    )


def test_json_says_everything(folder):
    done = inspect(folder, "--json")
    assert done.exit_code == 0
    facts = json.loads(done.stdout)
    assert facts["layout"] == "samples"
    assert facts["n_figures"] == 10
    assert facts["n_prompts"] == 5
    assert facts["samples_per_prompt"] == {"2": 5}
    assert facts["sizes"] == "60-61 x 40-44 px"
    assert facts["digest"] == load_manifest(folder).digest
    assert {one["code"] for one in facts["rejects"]} == {"empty", "bad-name"}
    assert any("<figure id>_<sample>" in note for note in facts["notes"])


def test_people_read_stdout_and_stderr_beside_json(folder):
    done = inspect(folder)
    assert "10 figures of 5 prompts" in done.stdout
    assert "ids: p0, p1, p2, p3, p4" in done.stdout
    assert "rejected p5_0.png: empty" in done.stdout
    assert "\\udcff[red]\\n.png: bad-name" in done.stdout
    assert "10 figures of 5 prompts" in inspect(folder, "--json").stderr


def test_the_folder_of_an_indexs_paths_is_named(tmp_path):
    (tmp_path / "index.csv").write_text("image,id\nnowhere/a.png,a\n")
    assert f"paths are relative to: {tmp_path.resolve()}" in inspect(tmp_path / "index.csv").stdout


def test_layout_and_save(folder, tmp_path):
    done = inspect(folder, "--layout", "flat", "--save", tmp_path / "m.jsonl", "--json")
    assert json.loads(done.stdout)["n_prompts"] == 10
    assert load_manifest(tmp_path / "m.jsonl") == load_manifest(folder, layout="flat")


def test_wrong_use(tmp_path):
    with pytest.raises(UserError, match="nowhere: no such file"):
        inspect(tmp_path / "nowhere")
    with pytest.raises(UserError, match="Did you mean 'figgen'"):
        inspect(tmp_path, "--layout", "figen")
