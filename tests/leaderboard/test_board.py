import base64
import csv
import io
import json
import re

import pytest

from figbench.errors import UserError
from figbench.leaderboard.entries import load_board, load_entry, load_tombstones, withdraw_entry
from figbench.leaderboard.ranking import rank_all
from figbench.leaderboard.validation import check_entry
from figbench.leaderboard.views.page import build_board
from figbench.results.schema import MetricValue
from tests.leaderboard.factory import entry, metric, write_board

FD = "fd@efficientnet-lite0"


def _problems(tmp_path, document):
    folder = write_board(tmp_path / "board", [])
    path = tmp_path / "org__m__2026-01-01.json"
    path.write_text(json.dumps(document))
    return check_entry(load_entry(path), load_board(folder))


def _ranks(**values):
    made = {name: MetricValue(**metric(*one)) for name, one in values.items()}
    return {name: str(rank) for name, rank in rank_all("label_f1", made).ranks.items()}


def test_differences_within_the_noise_share_places():
    ranks = _ranks(a=(1.0, 0.5), b=(1.2, 0.5), c=(9.0, 0.5))
    assert ranks == {"a": "1-2", "b": "1-2", "c": "3"}


def test_an_entry_without_uncertainty_ties_with_everyone():
    bare = MetricValue(**{**metric(5.0), "interval": None, "standard_error": None})
    ranks = rank_all("label_f1", {"a": MetricValue(**metric(1.0)), "b": bare}).ranks
    assert {name: str(rank) for name, rank in ranks.items()} == {"a": "1-2", "b": "1-2"}


def test_a_valid_entry_has_no_problem(tmp_path):
    assert _problems(tmp_path, entry()) == []


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda one: one["model"].update(organisation=None), "model.organisation"),
        (lambda one: one["model"].update(paper="javascript:alert(1)"), "not an http"),
        (lambda one: one["model"].update(hardware="x" * 501), "longer than 500"),
        (lambda one: one["result"]["protocol"].update(hash="0" * 64), "protocol.hash"),
        (lambda one: one["result"]["metrics"].pop("label_f1"), "metrics.label_f1: absent"),
        (
            lambda one: one["result"]["metrics"].update({FD: metric(-0.1)}),
            "-0.1 is outside 0..inf",
        ),
        (
            lambda one: one["result"]["metrics"].update(label_f1=metric(1.5, 0.1, True)),
            "outside 0..1",
        ),
        (
            lambda one: one["result"]["manifests"]["generated"].update(digest="r"),
            "are the reference",
        ),
        (lambda one: one.update(standing="as published"), "no 'result'"),
    ],
)
def test_every_problem_is_named(tmp_path, change, words):
    document = entry()
    change(document)
    assert any(words in problem for problem in _problems(tmp_path, document))


def test_a_distance_below_zero_by_rounding_is_valid(tmp_path):
    document = entry()
    document["result"]["metrics"][FD] = metric(-2.8e-14)
    assert _problems(tmp_path, document) == []


@pytest.mark.parametrize("text", ["NaN", "Infinity", '"12"', "[]"])
def test_values_that_are_no_numbers_are_refused(tmp_path, text):
    path = tmp_path / "org__m__2026-01-01.json"
    path.write_text(json.dumps(entry(fd=77.25)).replace('"value": 77.25', f'"value": {text}'))
    if text == '"12"':
        folder = write_board(tmp_path / "board", [])
        assert check_entry(load_entry(path), load_board(folder))
    else:
        with pytest.raises(UserError):
            load_entry(path)


def test_a_huge_entry_is_refused_before_it_is_parsed(tmp_path):
    path = tmp_path / "org__m__2026-01-01.json"
    path.write_text(json.dumps(entry(hardware="x" * 10_000_000)))
    with pytest.raises(UserError, match="more than the limit"):
        load_entry(path)


@pytest.mark.parametrize("name", ["../x__m__2026-01-01.json", "evil.json", "a__b__2026-01-01.pkl"])
def test_names_that_are_no_entry_names_are_refused(tmp_path, name):
    path = tmp_path / "in" / name.replace("../", "..")
    path.parent.mkdir()
    path.write_text(json.dumps(entry()))
    with pytest.raises(UserError, match="not an entry's name"):
        load_entry(path)


def test_a_link_is_not_followed(tmp_path):
    (tmp_path / "secret").write_text(json.dumps(entry()))
    path = tmp_path / "org__m__2026-01-01.json"
    path.symlink_to(tmp_path / "secret")
    with pytest.raises(UserError, match="not an entry's name"):
        load_entry(path)


def test_hostile_strings_are_inert(tmp_path):
    evil = "</script><script>alert(1)</script><img src=x onerror=alert(1)> $\\frac$ =1+1"
    folder = write_board(tmp_path, [entry(evil, tags=["'\"><b>"])])
    page = build_board(folder).read_text()
    assert "<script>alert" not in page
    assert "<img src=x" not in page
    assert page.count("</script>") == 1


def test_spreadsheet_formulas_are_quoted_in_the_export(tmp_path):
    rows = _exported_csv(build_board(write_board(tmp_path, [entry("=cmd()")])).read_text())
    assert rows[0]["model"] == "'=cmd()"


def test_the_export_holds_the_numbers_of_the_entries(tmp_path):
    folder = write_board(tmp_path, [entry("b", 20.25), entry("a", 10.125)])
    rows = _exported_csv(build_board(folder).read_text())
    assert [(row["model"], float(row["fd@efficientnet-lite0"])) for row in rows] == [
        ("a", 10.125),
        ("b", 20.25),
    ]


def test_two_builds_are_byte_identical(tmp_path):
    folder = write_board(tmp_path, [entry("a"), entry("b", 11.0)])
    first = build_board(folder).read_bytes()
    assert build_board(folder, tmp_path / "again.html").read_bytes() == first


def test_another_protocol_stands_apart(tmp_path):
    other = entry("other")
    other["result"]["protocol"]["definition"]["seed"] = 7
    from figbench.protocol import Protocol

    changed = Protocol.from_document(other["result"]["protocol"]["definition"], "test")
    other["result"]["protocol"]["hash"] = changed.hash
    page = build_board(write_board(tmp_path, [entry("ours"), other])).read_text()
    ranked, _, apart = page.partition("Other protocols and incomplete runs")
    assert "<strong>ours" in ranked and "<strong>other" not in ranked
    assert "<strong>other" in apart and "seed: 7 (shipped" in apart


def test_a_withdrawal_on_no_day_is_refused_and_changes_nothing(tmp_path):
    folder = write_board(tmp_path, [entry()])
    with pytest.raises(UserError, match="--date: 'tomorrow'"):
        withdraw_entry(folder, "org__m000__2026-01-01", reason="wrong", date="tomorrow")
    assert (folder / "entries/org__m000__2026-01-01.json").is_file()
    assert load_tombstones(folder) == []


def test_withdrawing_leaves_a_tombstone(tmp_path):
    folder = write_board(tmp_path, [entry("a"), entry("b")])
    withdraw_entry(folder, "org__m000__2026-01-01", reason="wrong figures", date="2026-02-01")
    assert [stone.reason for stone in load_tombstones(folder)] == ["wrong figures"]
    page = build_board(folder).read_text()
    assert "wrong figures" in page and "<strong>a<" not in page


def test_a_board_of_500_entries_is_small(tmp_path):
    folder = write_board(tmp_path, [entry(f"model {i}", 10 + i / 10) for i in range(500)])
    page = build_board(folder)
    assert page.stat().st_size < 3_000_000


def _exported_csv(page):
    link = re.search(r'download="board.csv" href="data:text/csv;base64,([^"]+)"', page)
    text = base64.b64decode(link[1].replace("&#43;", "+")).decode()
    return list(csv.DictReader(io.StringIO(text)))


def test_whiskers_share_the_scale_of_their_column(tmp_path):
    """Intervals [0, 2] and [8, 10] on a column from 0 to 10: 112 units wide from 5.

    A baseline at 90 does not stretch the axis: its bar ends in an arrow.
    """
    floor = {**entry("floor", 90.0, 1.0), "role": "baseline"}
    folder = write_board(tmp_path, [entry("a", 1.0, 1.0), entry("b", 9.0, 1.0), floor])
    page = build_board(folder).read_text()
    cells = re.findall(r'data-metric="0" data-order.*?</td>', page, re.DOTALL)
    found = [re.search(r'<path d="M([\d.]+) 6H([\d.]+)M', cell).groups() for cell in cells]
    assert [tuple(map(float, one)) for one in found] == [(5, 27.4), (94.6, 117), (117, 117)]
    assert ['class="off"' in cell for cell in cells] == [False, False, True]


def test_a_baseline_is_pinned_and_takes_no_place(tmp_path):
    pinned = {**entry("floor", 0.1), "role": "baseline"}
    pinned["result"]["manifests"]["reference"].update(prompts_digest="half", n_figures=25)
    page = build_board(write_board(tmp_path, [entry("a"), pinned])).read_text()
    ranked, _, baselines = page.partition("<h2>Baselines</h2>")
    assert '<span class="pill">1<' in ranked and "<strong>floor" not in ranked
    assert "<strong>floor" in baselines and "scored against 25 figures" in baselines


def test_a_card_at_entering_replaces_fields_of_the_runs_own(tmp_path):
    from typer.testing import CliRunner

    from figbench.cli.main import app

    result = entry()["result"] | {"model": {"name": "guidance 3", "guidance_scale": 3.0}}
    (tmp_path / "result.json").write_text(json.dumps(result))
    (tmp_path / "card.yaml").write_text("licence: Apache-2.0\ntags: [diffusion]\n")
    out = tmp_path / "org__m__2026-01-01.json"
    command = ["leaderboard", "enter", str(tmp_path), "--organisation", "org", "--out", str(out)]
    command += ["--model-card", str(tmp_path / "card.yaml"), "--model-name", "nano"]
    ran = CliRunner().invoke(app, command)
    assert ran.exit_code == 0, ran.output
    card = load_entry(out).entry.model
    assert (card.name, card.licence, card.guidance_scale) == ("nano", "Apache-2.0", 3.0)
    assert (card.organisation, card.tags) == ("org", ["diffusion"])
    (tmp_path / "card.yaml").write_text("weight: x\n")
    assert CliRunner().invoke(app, command).exit_code != 0
