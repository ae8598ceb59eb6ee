"""A board from nothing, the index page, and refusals at entering, through the command line."""

import hashlib
import json

import pytest
from typer.testing import CliRunner

from figbench.cli.main import app
from figbench.errors import IntegrityError, UserError
from figbench.leaderboard.entries import load_board
from figbench.leaderboard.start import init_board
from figbench.leaderboard.views.index import build_index, require_fresh_index
from figbench.pages.render import TABLE_LIBRARY, TABLE_LIBRARY_SHA256, VENDOR
from tests.leaderboard.factory import entry, write_board


def write_result(folder, **changes):
    folder.mkdir(exist_ok=True)
    document = {**entry()["result"], **changes}
    (folder / "result.json").write_text(json.dumps(document))
    return folder


def test_a_new_board_takes_protocol_prompts_and_headline_metrics_of_a_run(tmp_path):
    run = write_result(tmp_path / "run")
    init_board(tmp_path / "board", run, title="Mine")
    board = load_board(tmp_path / "board")
    result = entry()["result"]
    assert board.protocol_hash == result["protocol"]["hash"]
    assert board.prompts_digest == "p"
    assert board.metrics == ["label_f1", "fd@efficientnet-lite0"]
    with pytest.raises(UserError, match="already there"):
        init_board(tmp_path / "board", run, title="Mine")
    with pytest.raises(UserError, match="no value of ssim"):
        init_board(tmp_path / "other", run, title="Mine", metrics=["ssim"])


def test_enter_refuses_a_run_without_a_name_and_writes_nothing(tmp_path):
    run = write_result(tmp_path / "run")
    out = tmp_path / "org__m__2026-01-01.json"
    command = ["leaderboard", "enter", str(run), "--organisation", "org", "-o", str(out)]
    ran = CliRunner().invoke(app, command)
    assert isinstance(ran.exception, UserError)
    assert "--model-name" in ran.exception.remedy
    assert not out.exists()
    wrong = tmp_path / "Wrong.json"
    ran = CliRunner().invoke(app, [*command[:-1], str(wrong), "--model-name", "m"])
    assert "<org>__<model>__<YYYY-MM-DD>" in ran.exception.remedy
    ran = CliRunner().invoke(app, [*command, "--model-name", "m"])
    assert ran.exit_code == 0, ran.output
    assert out.exists()


def test_the_index_names_leader_and_state_of_every_board_and_goes_stale(tmp_path):
    write_board(tmp_path / "full", [entry("a", 10.0), entry("b", 20.0)])
    write_board(tmp_path / "empty", [])
    page = build_index(tmp_path).read_text()
    assert "2 ranked models" in page and "a leads with 10" in page
    assert "No measured run yet" in page
    assert 'href="full/index.html"' in page
    require_fresh_index(tmp_path)
    write_board(tmp_path / "third", [entry("c", 5.0)])
    with pytest.raises(IntegrityError, match="not what the boards give"):
        require_fresh_index(tmp_path)


def test_the_table_library_is_the_pinned_file_with_its_licence():
    data = (VENDOR / TABLE_LIBRARY).read_bytes()
    assert hashlib.sha256(data).hexdigest() == TABLE_LIBRARY_SHA256
    assert b"</script" not in data
    assert "MIT License" in (VENDOR / "LICENSE-dataTables.txt").read_text()
