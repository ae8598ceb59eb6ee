"""Runs over real HTTP: results, faults, budget, the key, resuming."""

import json
import socket
import threading
from contextlib import suppress

import pyarrow.parquet as pq
import pytest

from figbench.errors import UserError
from figbench.judges import JudgeProtocol, JudgeSettings, judge
from figbench.judges.calls.budget import Price
from figbench.judges.calls.execute import CallSettings
from tests.judges.scripted import ScriptedJudge, served, write_sets
from tests.waiting import HANG_S

BLIND = JudgeProtocol.load("pairwise-blind")
SMALL = BLIND.from_document({**BLIND.model_dump(), "pictures": {"longest_side": 64}}, "small")
CHEAP = {"controls": 2, "anchors": 0, "protocol": SMALL}


def run(sets, out, server, *, timeout=HANG_S, attempts=4, budget=None, concurrency=4, **more):
    calls = CallSettings(concurrency=concurrency, attempts=attempts, backoff_s=0.02)
    settings = JudgeSettings("", "", budget, Price(10, 40, False), timeout, calls)
    options = {**CHEAP, **more}
    return judge(*sets, endpoint=server.endpoint, model="m", out=out, settings=settings, **options)


def test_a_perfect_judge(sets, tmp_path):
    with served(ScriptedJudge()) as server:
        result = run(sets, tmp_path, server)
    rate = result.document["scores"]["win_rate"]
    wins = sum((index * 0.618) % 1 < 0.5 for index in range(12))
    assert (rate["wins"], rate["ties"], rate["losses"]) == (wins, 0, 12 - wins)
    assert rate["value"] == rate["failures_as_wins"] == rate["failures_as_losses"] == wins / 12
    card = result.card
    assert card["position_bias"]["value"] == card["flip_rate"]["value"] == 0
    assert card["position_bias"]["interval"]["low"] < 0 < card["position_bias"]["interval"]["high"]
    assert card["self_agreement"]["value"] == 1
    assert card["controls"]["blank_page"]["value"] == 0
    assert card["controls"]["text_only"]["value"] == 0
    votes = [json.loads(line) for line in (tmp_path / "votes.jsonl").read_text().splitlines()]
    assert len(votes) == 12 and sum(vote["winner"] == "first" for vote in votes) == wins
    assert {"prompt_id", "paper_id", "first", "second", "winner", "rater"} <= set(votes[0])
    table = pq.read_table(tmp_path / "verdicts.parquet").to_pylist()
    assert all(row["status"] == "ok" and json.loads(row["raw"]) for row in table)


def test_the_judge_sees_no_names_and_no_metadata(sets, tmp_path):
    with served(ScriptedJudge()) as server:
        run(sets, tmp_path, server)
    for _, _, body in server.requests:
        text = json.dumps(body["messages"])
        for word in ("reference", "generated", "human", "gen/", "Figure1-1"):
            assert word not in text.lower().replace("data:image", "")
    both = [
        b
        for _, _, b in server.requests
        if sum("image" in p["type"] for p in b["messages"][1]["content"]) == 2
    ]
    assert both


def test_missing_figures_and_failures_are_bounds(tmp_path):
    sets = write_sets(tmp_path / "sets", missing=3)
    with served(ScriptedJudge(malformed=0.3, seed=3)) as server:
        result = run(sets, tmp_path / "out", server)
    rate = result.document["scores"]["win_rate"]
    valid = rate["wins"] + rate["ties"] + rate["losses"]
    assert rate["missing_figures"] == 3 and rate["judge_failures"] > 0
    assert rate["pairs"] == 12 == valid + 3 + rate["judge_failures"]
    assert rate["n"] == valid
    points = rate["wins"] + rate["ties"] / 2
    assert rate["failures_as_losses"] == points / 12
    assert rate["failures_as_wins"] == (points + 12 - valid) / 12


def _closes(handler):
    handler.close_connection = True
    handler.connection.shutdown(socket.SHUT_RDWR)
    return True


def _half(handler):
    handler.send_response(200)
    handler.send_header("Content-Length", "5000")
    handler.end_headers()
    handler.wfile.write(b'{"choices": [')
    return _closes(handler)


def _silent(handler):
    """Answers nothing until the client has hung up."""
    handler.connection.settimeout(HANG_S)
    with suppress(ConnectionError):
        assert handler.connection.recv(1) == b""
    handler.close_connection = True
    return True


FAULTS = {
    "rate limit": lambda h: h.reply(429, {"error": "slow down"}, [("Retry-After", "0.05")]) or True,
    "rate limit with date": lambda h: h.reply(
        429, {}, [("Retry-After", "Wed, 21 Oct 2015 07:28:00 GMT")]
    ) or True,
    "hostile retry-after": lambda h: h.reply(503, {}, [("Retry-After", "nan")]) or True,
    "server error": lambda h: h.reply(500, b"\xff\xfe<html>") or True,
    "closed": _closes,
    "half an answer": _half,
}  # fmt: skip


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_of_the_transport_is_retried(sets, tmp_path, name):
    failed = []

    def fault(handler, _number, body):
        """Each question fails once, in whatever order threads ask."""
        if body in failed:
            return False
        failed.append(body)
        return FAULTS[name](handler)

    with served(ScriptedJudge(), fault) as server:
        result = run(sets, tmp_path, server, attempts=8)
    assert result.complete
    assert result.card["failures"] == {}
    assert result.card["cost"]["requests"] > result.card["cost"]["answers"]


def test_an_answer_that_does_not_come_is_asked_for_again(sets, tmp_path):
    """On a slow machine the limit may end other requests too; they are asked for again as well."""

    def fault(handler, number, _body):
        return _silent(handler) if number == 1 else False

    with served(ScriptedJudge(), fault) as server:
        result = run(sets, tmp_path, server, timeout=1.5, attempts=100)
    assert result.complete
    assert result.card["failures"] == {}
    assert result.card["cost"]["requests"] > result.card["cost"]["answers"]


def _content(text, **choice):
    message = {"message": {"content": text}, "finish_reason": "stop", **choice}
    return {"choices": [message], "model": "x", "usage": {"prompt_tokens": -5}}


HOSTILE = {
    "not json": (b"<html>", "malformed"),
    "no choices": ({"choices": []}, "malformed"),
    "a list": ([], "malformed"),
    "content is a number": (_content(7), "malformed"),
    "null": (_content(None), "malformed"),
    "nested": (_content("[" * 50_000), "malformed"),
    "unknown word": (_content('{"winner": "third"}'), "malformed"),
    "key twice": (_content('{"winner": "first", "winner": "second"}'), "malformed"),
    "text around": (_content('Sure! {"winner": "first"}'), "malformed"),
    "control characters": (_content("\x1b[2J\x00\ud800".encode("utf-8", "replace").decode()),
                           "malformed"),
    "cut": (_content('{"winner": "fi', finish_reason="length"), "truncated"),
    "long": (_content("x" * 100_000), "oversized"),
    "very long": (b"[" + b" " * (5 * 2**20), "oversized"),
    "refusal field": ({"choices": [{"message": {"content": None, "refusal": "no"}}]}, "refusal"),
    "filter": (_content("", finish_reason="content_filter"), "refusal"),
    "refusal text": (_content("I cannot help with that."), "refusal"),
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_answer_is_a_counted_failure(sets, tmp_path, name):
    document, status = HOSTILE[name]

    def fault(handler, _number, _body):
        handler.reply(200, document)
        return True

    with served(ScriptedJudge(), fault) as server:
        result = run(sets, tmp_path, server, controls=0)
    assert result.complete
    assert result.card["failures"] == {status: 24}
    measure = "refusal_rate" if status == "refusal" else "parse_failure_rate"
    assert result.card[measure]["value"] == 1.0
    rate = result.document["scores"]["win_rate"]
    assert rate["value"] is None
    assert (rate["failures_as_losses"], rate["failures_as_wins"]) == (0, 1)
    assert (tmp_path / "votes.jsonl").read_text() == ""
    # An answer that was paid for is not asked for again.
    with served(ScriptedJudge()) as again:
        result = run(sets, tmp_path, _at(again, server), controls=0)
    assert again.requests == [] and result.card["failures"] == {status: 24}


def _at(server, other):
    server.endpoint = other.endpoint
    return server


def test_a_wrong_key_stops_the_run_and_the_key_is_nowhere(sets, tmp_path, monkeypatch):
    monkeypatch.setenv("FIGBENCH_JUDGE_API_KEY", "sk-secret-value")

    def fault(handler, _number, _body):
        handler.reply(401, {"error": "bad key " + handler.headers["Authorization"]})
        return True

    with served(ScriptedJudge(), fault) as server, pytest.raises(UserError) as caught:
        run(sets, tmp_path, server)
    assert "401" in caught.value.message and "sk-secret" not in str(caught.value)
    assert len(server.requests) <= 8
    for path in tmp_path.rglob("*"):
        assert path.is_dir() or b"sk-secret" not in path.read_bytes()


def test_the_key_is_sent_and_scrubbed_from_answers(sets, tmp_path, monkeypatch):
    monkeypatch.setenv("FIGBENCH_JUDGE_API_KEY", "sk-secret-value")

    def fault(handler, _number, _body):
        handler.reply(200, _content('{"winner": "first", "reason": "sk-secret-value"}'))
        return True

    with served(ScriptedJudge(), fault) as server:
        run(sets, tmp_path, server)
    assert all(h["Authorization"] == "Bearer sk-secret-value" for _, h, _ in server.requests)
    for path in tmp_path.rglob("*"):
        assert path.is_dir() or b"sk-secret" not in path.read_bytes()


@pytest.mark.parametrize("endpoint", ["ftp://x", "x", "http://u:p@h/v1", "https://h/v1?key=s"])
def test_a_wrong_endpoint(sets, tmp_path, endpoint):
    with pytest.raises(UserError):
        judge(*sets, endpoint=endpoint, model="m", out=tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_key_is_not_sent_in_clear_text(sets, tmp_path, monkeypatch):
    monkeypatch.setenv("FIGBENCH_JUDGE_API_KEY", "k")
    with pytest.raises(UserError, match="without encryption"):
        judge(*sets, endpoint="http://example.org/v1", model="m", out=tmp_path, **CHEAP)


@pytest.mark.parametrize("concurrency", [1, 8])
def test_the_budget_is_never_passed(sets, tmp_path, concurrency):
    price = (900 * 10 + 40 * 40) / 1e6
    with served(ScriptedJudge(), latency=0.01) as server:
        result = run(sets, tmp_path, server, budget=20 * price, concurrency=concurrency)
        assert 1 <= len(server.requests) and len(server.requests) * price <= 20 * price
        assert not result.complete
        count = len(server.requests)
        again = run(sets, tmp_path, server, budget=20 * price, concurrency=concurrency)
        assert len(server.requests) * price <= 20 * price
        assert again.document["budget"]["committed_usd"] <= 20 * price
        full = run(sets, tmp_path, server, budget=10.0, concurrency=concurrency)
    assert full.complete and count < len(server.requests)
    assert max(server.charged.values()) == 1


def test_requests_that_may_be_charged_count_against_the_budget(sets, tmp_path):
    def fault(handler, _number, _body):
        return _closes(handler)

    with served(ScriptedJudge(), fault) as server:
        result = run(sets, tmp_path, server, budget=0.2, attempts=5)
    committed = result.document["budget"]["committed_usd"]
    assert 0.1 < committed <= 0.2 and not result.complete


def test_concurrency_is_limited(sets, tmp_path):
    """The first three requests wait for one another: fewer than three at a time would hang."""
    barrier = threading.Barrier(3)

    def fault(_handler, number, _body):
        if number <= 3:
            barrier.wait(timeout=HANG_S)
        return False

    with served(ScriptedJudge(), fault) as server:
        run(sets, tmp_path, server, concurrency=3)
    assert server.most_in_flight == 3


def test_a_folder_belongs_to_one_judge(sets, tmp_path):
    with served(ScriptedJudge()) as server:
        run(sets, tmp_path, server)
        with pytest.raises(UserError, match="another judge run"):
            judge(*sets, endpoint=server.endpoint, model="other", out=tmp_path, **CHEAP)
