"""Environment, exit codes and run folders."""

import json
import os
import shutil
import subprocess
import sys

import pytest

from tests.field.files import command, evaluate, fill, put


def shell(*arguments, **variables):
    environment = {**os.environ, **variables}
    return subprocess.run(
        [sys.executable, "-m", "figbench", *map(str, arguments)],
        capture_output=True,
        text=True,
        env=environment,
        check=False,
    )


@pytest.fixture
def runs(tmp_path):
    """A good run, and one of which two figures are wrong."""
    fill(tmp_path / "ref", [f"f{k}.png" for k in range(4)])
    fill(tmp_path / "good", [f"f{k}.png" for k in range(4)])
    fill(tmp_path / "bad", [f"f{k}.png" for k in range(2)])
    fill(tmp_path / "bad", ["f2.png", "f3.png"], seed=80)
    for name in ("good", "bad"):
        done = evaluate(tmp_path / name, tmp_path / "ref", "--output", tmp_path / f"run-{name}")
        assert done.code == 0, done.text
    return tmp_path


@pytest.mark.parametrize("name", ["FIGBENCH_VERSION", "FIGBENCH_GATE_HELP", "FIGBENCH_HELP"])
def test_no_variable_makes_a_gate_pass(runs, name):
    arguments = ("gate", runs / "run-bad", "--baseline", runs / "run-good", "--rule", "ssim:-0.01")
    assert shell(*arguments, **{name: "1"}).returncode == 1
    assert shell(*arguments, **{name: "0.1.0"}).returncode == 1


def test_rules_of_the_variable_are_lines(runs, monkeypatch):
    monkeypatch.setenv("FIGBENCH_GATE_RULE", "ssim:-0.01 & p<0.9\nssim:-0.5")
    done = command("gate", runs / "run-bad", "--baseline", runs / "run-good")
    assert done.code == 1, done.text
    assert "ssim:-0.5" in done.text


def test_rows_of_another_run_are_refused(runs):
    shutil.copy(runs / "run-bad" / "per_figure.parquet", runs / "run-good")
    for arguments in (
        ("compare", runs / "run-good", runs / "run-bad"),
        ("gate", runs / "run-bad", "--baseline", runs / "run-good", "--rule", "ssim:-0.01"),
        ("report", runs / "run-good", "--out", runs / "report.html"),
    ):
        done = command(*arguments)
        assert done.code == 3, (arguments, done.text)
        assert "two runs" in done.text


@pytest.mark.parametrize("name", ["result.json", "per_figure.parquet", "generated.jsonl"])
def test_pointers_are_called_that(runs, name):
    put(runs / "run-good", name, b"version https://git-lfs.github.com/spec/v1\n")
    done = command("compare", runs / "run-good", runs / "run-bad")
    assert done.code == 2
    assert "Git LFS pointer" in done.text


def test_a_fault_has_its_own_exit_code(tmp_path):
    put(tmp_path, "sitecustomize.py", "import figbench.data.load as l\nl.tidy = lambda _: 1 / 0\n")
    fill(tmp_path / "gen", ["a.png", "b.png"])
    done = shell(
        "data", "inspect", tmp_path / "gen",
        PYTHONPATH=os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")]),
    )  # fmt: skip
    assert done.returncode == 70, done.stderr
    assert "ZeroDivisionError" in done.stderr
    assert "Traceback" not in done.stderr


def test_no_home_is_a_folder_below_the_temporary_one(monkeypatch):
    import figbench.io.user_folders as folders

    def fail(_name):
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(folders, "user_cache_path", fail)
    monkeypatch.delenv("FIGBENCH_STORE", raising=False)
    assert folders.cache_folder("store", "FIGBENCH_STORE").name == "store"
    assert "figbench-" in str(folders.cache_folder("store", "FIGBENCH_STORE"))


def test_a_home_that_cannot_be_written_is_passed_over_unless_it_is_filled(monkeypatch, tmp_path):
    import figbench.io.user_folders as folders

    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setattr(folders, "user_cache_path", lambda _name: home / ".cache" / "figbench")
    monkeypatch.delenv("FIGBENCH_STORE", raising=False)
    assert folders.cache_folder("store", "FIGBENCH_STORE") == home / ".cache/figbench/store"
    monkeypatch.setattr(folders.os, "access", lambda path, _mode: home not in (path, *path.parents))
    assert f"figbench-{os.getuid()}" in str(folders.cache_folder("store", "FIGBENCH_STORE"))
    (home / ".cache/figbench/store").mkdir(parents=True)
    assert folders.cache_folder("store", "FIGBENCH_STORE") == home / ".cache/figbench/store"


def test_libraries_get_a_home_where_there_is_none(monkeypatch, tmp_path):
    """OpenVINO asks for one at its import: an offline evaluation ended in its error."""
    import figbench.io.user_folders as folders

    monkeypatch.setenv("HOME", str(tmp_path))
    folders.ensure_home()
    assert os.environ["HOME"] == str(tmp_path)

    def fail():
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(folders.Path, "home", fail)
    folders.ensure_home()
    assert f"figbench-{os.getuid()}" in os.environ["HOME"]


def test_dry_run_says_what_importers_say(tmp_path):
    fill(tmp_path / "ref", ["a.png", "b.png"])
    fill(tmp_path / "gen", ["a.png", "b.png", "thumbs/a.png"])
    done = evaluate(tmp_path / "gen", tmp_path / "ref", "--dry-run")
    assert done.code == 0, done.text
    assert any("name of a figure that is scored" in one for one in done.warnings)
    json.dumps(done.document)


@pytest.mark.parametrize("size", [(96, 60), (6, 6)])
def test_unequal_or_tiny_pairs_as_they_are_end_in_a_message(tmp_path, size):
    from tests.field.files import encoded, picture

    protocol = put(tmp_path, "none.yaml", "id: n\npreprocess: none\nmetrics: [{metric: ssim}]\n")
    for name in "ab":
        put(tmp_path / "gen", f"{name}.png", encoded(picture(1).resize(size)))
        other = size if size == (6, 6) else (96, 72)
        put(tmp_path / "ref", f"{name}.png", encoded(picture(1).resize(other)))
    done = command(
        "evaluate", tmp_path / "gen", "--reference", tmp_path / "ref", "--protocol", protocol
    )
    assert done.code == 2
    assert "preprocess: none" in done.text
