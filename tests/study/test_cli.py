"""The verbs rank and study, from figures to correlation, as a user types them."""

import json
import os
import subprocess
import sys

from tests.study.factory import rng, simulated_answers, write_lines, write_models


def run(*arguments, code=0):
    done = subprocess.run(
        [sys.executable, "-m", "figbench", *map(str, arguments)],
        capture_output=True,
        text=True,
        env={**os.environ, "COLUMNS": "160"},
    )
    assert done.returncode == code, done.stderr
    return done


def test_from_figures_to_correlation(tmp_path):
    folders = write_models(tmp_path / "figures", ("alpha", "beta"), 8)
    models = [f"--model={name}={folder}" for name, folder in folders.items()]
    page, key = tmp_path / "study.html", tmp_path / "key.json"
    files = ["--out", page, "--key", key]
    done = run("study", "export", *models, *files, "--raters=3", "--json")
    assert set(json.loads(done.stdout)["sessions"]) == {"R01", "R02", "R03"}
    from figbench.study import load_key

    known, generator = load_key(key), rng(2)
    answers = [
        write_lines(tmp_path / f"{rater}.jsonl", simulated_answers(known, rater, 0.1, generator))
        for rater in known.sessions
    ]
    votes = tmp_path / "votes.jsonl"
    done = run("study", "import", key, *answers, "--out", votes, "--json")
    document = json.loads(done.stdout)
    assert document["n_votes"] == 24 and "Krippendorff" in done.stderr
    page = tmp_path / "rank.html"
    done = run("rank", votes, "--json", "--html", page)
    document = json.loads(done.stdout)
    assert document["models"][0]["model"] == "alpha" and document["target"]["win_rate"] == 0.55
    assert "alpha" in page.read_text() and "http:" not in page.read_text()
    done = run("study", "correlate", votes, f"--judge=self={votes}", "--json")
    [instrument] = json.loads(done.stdout)["instruments"]
    assert instrument["accuracy"]["value"] > 0.8


def test_wrong_use_names_the_remedy(tmp_path):
    assert "NAME=PATH" in run("study", "export", "--model=x", code=2).stderr
    bad = write_lines(tmp_path / "votes.jsonl", [{"prompt_id": "x"}])
    assert "line 1" in run("rank", bad, code=2).stderr
    assert "--target" in run("rank", bad, "--target=0.4", code=2).stderr
    assert "no such file" in run("study", "import", tmp_path / "k.json", bad, code=2).stderr
