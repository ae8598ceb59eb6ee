"""Help pages at 80 columns: nothing cut, no names of variables in them."""

import typer
from typer.testing import CliRunner

from figbench.cli.main import app


def commands(command, path=()):
    children = getattr(command, "commands", None)
    if children is None:
        yield path
        return
    for name, child in children.items():
        yield from commands(child, (*path, name))


def test_no_help_page_cuts_a_word_or_names_a_variable():
    runner = CliRunner()
    every = list(commands(typer.main.get_command(app)))
    assert ("evaluate",) in every
    assert ("data", "inspect") in every
    for path in every:
        page = runner.invoke(app, [*path, "--help"], env={"COLUMNS": "80", "TERM": "dumb"}).stdout
        assert "env var" not in page, path
        assert "\u2026" not in page, path
        assert max(map(len, page.splitlines())) <= 80, path


def test_the_first_page_says_how_variables_are_named():
    page = CliRunner().invoke(app, ["--help"], env={"COLUMNS": "80"}).stdout
    assert "FIGBENCH_EVALUATE_PROTOCOL" in page


def test_a_variable_still_sets_an_option(tmp_path):
    done = CliRunner().invoke(
        app,
        ["evaluate", str(tmp_path), str(tmp_path)],
        env={"FIGBENCH_EVALUATE_PROTOCOL": "no-such-protocol"},
    )
    assert "no-such-protocol" in str(done.exception)
