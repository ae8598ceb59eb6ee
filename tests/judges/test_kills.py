"""A run that is killed at any moment pays for no answer twice and ends with the same verdicts."""

import os
import random
import subprocess
import sys

import pyarrow.parquet as pq
import pytest

from figbench.judges.calls.ledger import Ledger, Reply
from tests.judges.scripted import ScriptedJudge, served
from tests.waiting import pause, wait_until

COLUMNS = ["key", "purpose", "prompt_id", "repeat", "status", "position", "winner", "raw"]


def start(sets, out, endpoint):
    command = [
        sys.executable, "-m", "figbench", "judge", "run", str(sets[0]), "--reference", str(sets[1]),
        "--endpoint", endpoint, "--model", "m", "--out", str(out), "--controls", "2",
        "--anchors", "0",
    ]  # fmt: skip
    return subprocess.Popen(
        command,
        env={**os.environ, "COLUMNS": "200"},
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )


def verdicts(out):
    return pq.read_table(out / "verdicts.parquet", columns=COLUMNS).to_pylist()


def kill_and_resume(sets, tmp_path, points, seed):
    rng = random.Random(seed)
    judge = ScriptedJudge(bias=0.1, noise=0.3, malformed=0.1)
    with served(judge, latency=0.05) as server:
        whole = start(sets, tmp_path / "whole", server.endpoint)
        whole.communicate()
        expected = verdicts(tmp_path / "whole")
        calls = len(server.charged)
        assert calls == len({row["key"] for row in expected})
        for point in range(points):
            out = tmp_path / f"killed{point}"
            server.charged.clear()
            server.requests.clear()
            process = start(sets, out, server.endpoint)
            after = rng.randrange(1, calls)
            wait_until(lambda: len(server.requests) >= after or process.poll() is not None)  # noqa: B023
            pause(rng.random() * 0.05)
            process.kill()
            process.communicate()
            log = out / "ledger.log"
            before = Ledger.read(log)
            answered = set(before.replies)
            in_flight = before.in_doubt
            sent = len(server.requests)
            resumed = start(sets, out, server.endpoint)
            _, errors = resumed.communicate()
            assert resumed.returncode == 0, errors.decode()
            again = [key for key, _, _ in server.requests[sent:]]
            assert not answered & set(again)
            assert len(server.requests) - calls <= in_flight
            assert max(server.charged.values()) == 1 and len(server.charged) == calls
            assert verdicts(out) == expected


def test_a_kill_repeats_no_paid_call(sets, tmp_path):
    kill_and_resume(sets, tmp_path, 2, seed=0)


@pytest.mark.slow
@pytest.mark.timeout(2400)
def test_thirty_kills(sets, tmp_path):
    kill_and_resume(sets, tmp_path, 30, seed=1)


def test_a_log_cut_at_any_byte_is_read(tmp_path):
    path = tmp_path / "whole"
    with Ledger(path, durable=False) as ledger:
        for name in ("a", "b", "c"):
            ledger.sent(name, 0.5)
            ledger.answered(name, Reply(text=name + "\n", usd=0.1))
        ledger.sent("d", 0.5)
    data = path.read_bytes()
    for length in range(len(data) + 1):
        cut = tmp_path / "cut"
        cut.write_bytes(data[:length])
        with Ledger(cut, durable=False) as ledger:
            assert list(ledger.replies) == ["a", "b", "c"][: len(ledger.replies)]
            assert ledger.committed_usd <= 0.8 + 1e-9
            count = len(ledger.replies)
            ledger.sent("e", 0.5)
            ledger.answered("e", Reply(text="e"))
        assert len(Ledger.read(cut).replies) == count + 1


def test_a_damaged_line_is_counted(tmp_path):
    path = tmp_path / "log"
    with Ledger(path, durable=False) as ledger:
        ledger.answered("a", Reply(text="a"))
        ledger.answered("b", Reply(text="b"))
    path.write_bytes(path.read_bytes().replace(b'"key":"a"', b'"key":"z"'))
    read = Ledger.read(path)
    assert list(read.replies) == ["b"] and read.damaged_lines == 1
