"""Judged columns: win rates of a judge or of people, tied to who judged."""

import copy
import json
from dataclasses import replace

import numpy as np
import pytest
from typer.testing import CliRunner

from figbench.cli.main import app
from figbench.errors import UserError
from figbench.io.json_files import dump_json
from figbench.leaderboard.attachments import load_attachment, save_attachment
from figbench.leaderboard.entries import load_board, load_entry
from figbench.leaderboard.instruments import instrument_problems
from figbench.leaderboard.judged import add_column, attach, judged_by_model, judged_by_people
from figbench.leaderboard.validation import check_entry
from figbench.leaderboard.views.page import build_board
from figbench.ranking import write_votes
from tests.judges.scripted import ScriptedJudge, write_sets
from tests.judges.test_judged_values import run_judge
from tests.leaderboard.factory import IDS, entry, gallery_board, write_board
from tests.ranking.simulate import simulate


def invoke(*arguments):
    return CliRunner().invoke(app, ["leaderboard", *map(str, arguments)], catch_exceptions=True)


@pytest.fixture(scope="module")
def judged(tmp_path_factory):
    """A judge run whose reference is that of the factory's entries."""
    root = tmp_path_factory.mktemp("judged")
    generated, reference = write_sets(root, papers=6, better=0.5, missing=1)
    run_judge(generated, reference, root / "out", ScriptedJudge(bias=0.1, seed=3), name="alpha")
    found = judged_by_model(root / "out")
    instrument = found.judged.instrument.model_copy(update={"reference_digest": "r"})
    document = found.judged.model_copy(update={"instrument": instrument})
    return type(found)(found.column, document, found.points)


def with_judged(document, judged, **fingerprint):
    one = judged.judged
    if fingerprint:
        changed = one.instrument.fingerprint.model_copy(update=fingerprint)
        one = one.model_copy(
            update={"instrument": one.instrument.model_copy(update={"fingerprint": changed})}
        )
    return {**copy.deepcopy(document), "judged": {judged.column: one.model_dump(mode="json")}}


def test_the_page_has_the_column_with_interval_card_and_fingerprint(tmp_path, judged):
    documents = [with_judged(entry("alpha", 10.0), judged), entry("beta", 20.0)]
    board = write_board(tmp_path, documents)
    add_column(board, judged)
    assert load_board(board).metrics[-1] == "win_rate"
    text = build_board(board).read_text(encoding="utf-8")
    value = judged.judged.value
    assert f'data-order="{value.value}"' in text
    assert "by m, pairwise-blind" in text and "not judged" in text
    for fact in ("Position bias", "Server fingerprint", "fp-1", "Missing figures",
                 "With failures as losses, as wins", "Flip rate"):  # fmt: skip
        assert fact in text
    assert build_board(board).read_text(encoding="utf-8") == text


def test_another_judge_is_refused_with_the_drift(tmp_path, judged):
    board = write_board(tmp_path / "board", [entry("beta", 20.0)])
    add_column(board, judged)
    points = {name: 0.0 for name in judged.judged.instrument.fingerprint.points}
    document = with_judged(entry("alpha"), judged, system_fingerprints=("fp-2",), points=points)
    path = tmp_path / "org__alpha__2026-01-02.json"
    path.write_text(dump_json(document))
    (problem,) = check_entry(load_entry(path), load_board(board))
    assert "system fingerprints: fp-1 and fp-2" in problem
    assert "on 10 anchors the accuracy changed by -" in problem
    result = invoke("add", board, path)
    assert result.exit_code != 0 and not (board / "entries" / path.name).exists()
    with pytest.raises(UserError, match="has the column win_rate already"):
        add_column(board, judged)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"against": "other"}, "against 'other'"),
        ({"reference_digest": "else"}, "reference digest 'else'"),
        ({"kind": "people", "fingerprint": None}, "judged by people"),
    ],
)
def test_every_difference_of_instruments_is_named(judged, change, words):
    column = judged.judged.instrument
    other = type(column).model_validate({**column.model_dump(), **change})
    assert words in " ".join(instrument_problems(column, other))
    assert instrument_problems(column, column) == []


def test_a_judged_value_without_a_column_is_refused(tmp_path, judged):
    board = write_board(tmp_path / "board", [])
    path = tmp_path / "org__alpha__2026-01-02.json"
    path.write_text(dump_json(with_judged(entry("alpha"), judged)))
    assert "no such judged column" in " ".join(check_entry(load_entry(path), load_board(board)))


def test_a_hostile_fingerprint_is_a_user_error(tmp_path, judged):
    document = with_judged(entry("alpha"), judged)
    document["judged"]["win_rate"]["instrument"]["fingerprint"]["flaws"] = {}
    path = tmp_path / "org__alpha__2026-01-02.json"
    path.write_text(dump_json(document))
    with pytest.raises(UserError, match="not a board entry"):
        load_entry(path)


def test_peoples_votes_become_a_ranked_column(tmp_path, rng):
    names = {"m0": "alpha", "m1": "beta", "m2": "human"}
    votes = [
        replace(vote, first=names[vote.first], second=names[vote.second])
        for vote in simulate([1.5, 0.0, 0.0], 60, 2, rng)
    ]
    path = tmp_path / "votes.jsonl"
    write_votes(votes, path)
    columns = {name: judged_by_people(path, name, against="human") for name in ("alpha", "beta")}
    board = write_board(
        tmp_path / "board",
        [with_judged(entry(name, 10.0 + k), one) for k, (name, one) in enumerate(columns.items())],
    )
    add_column(board, columns["alpha"])
    build_board(board)
    state = json.loads((board / "board.json").read_text())["current"]
    ranks = {one["model"]: one["ranks"]["people_win_rate"] for one in state.values()}
    assert ranks == {"alpha": "1", "beta": "2"}
    with pytest.raises(UserError, match="is compared with beta, human"):
        judged_by_people(path, "alpha")
    with pytest.raises(UserError, match="no vote on 'gamma'"):
        judged_by_people(path, "gamma")


def test_points_are_attached_by_figure_and_recomputed(tmp_path, judged, rng):
    board = gallery_board(tmp_path / "board")
    points = {(name, 0): float(rng.random() < 0.6) for name in IDS[:40]}
    mean = sum(points.values()) / len(points)
    value = judged.judged.value.model_copy(update={"value": mean, "interval": None})
    one = type(judged)("win_rate", judged.judged.model_copy(update={"value": value}), points)
    add_column(board, one)
    path = board / "entries/org__m000__2026-01-01.json"
    attached = path.with_suffix(".safetensors")
    attachment = attach(load_attachment(attached), [one])
    assert np.nanmean(attachment.values["win_rate"]) == pytest.approx(mean)
    save_attachment(attached, attachment)
    path.write_text(dump_json(with_judged(json.loads(path.read_text()), one)))
    build_board(board)
    lie = type(one)("win_rate", one.judged.model_copy(
        update={"value": value.model_copy(update={"value": 0.9})}), points)  # fmt: skip
    path.write_text(dump_json(with_judged(json.loads(path.read_text()), lie)))
    with pytest.raises(UserError, match=r"win_rate: the entry says 0\.9, recomputed"):
        build_board(board)
