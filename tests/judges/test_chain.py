"""From a judge's votes to rank, correlate, a board and a report, with the commands as typed."""

import json
import shutil

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from figbench.cli.main import app
from figbench.errors import FigbenchError
from figbench.evaluation import evaluate
from figbench.results.schema import ModelCard
from tests.judges.scripted import ScriptedJudge, served, write_sets


def figbench(*arguments):
    return CliRunner().invoke(app, [str(one) for one in arguments])


def done(*arguments):
    result = figbench(*arguments)
    assert result.exit_code == 0, (result.output, result.exception)
    return result.stdout


def judged(server, generated, reference, out, name, against="reference"):
    done(
        "judge", "run", generated, "--reference", reference, "--endpoint", server.endpoint,
        "--model", "scripted", "--out", out, "--name", name, "--reference-name", against,
        "--controls", 2, "--anchors", 5, "--price-input", 0, "--price-output", 0,
    )  # fmt: skip
    return out


def make_distinct(folder, rng):
    """Draws noise over the upper third, so that no figure is a copy; its grey stays."""
    for path in sorted(folder.glob("*.png")):
        pixels = np.array(Image.open(path))
        third = len(pixels) // 3
        pixels[:third] = rng.integers(0, 256, pixels[:third].shape, np.uint8)
        Image.fromarray(pixels).save(path)


@pytest.fixture(scope="module")
def chain(tmp_path_factory):
    """Two models of unequal quality, evaluated and judged over HTTP."""
    root = tmp_path_factory.mktemp("chain")
    alpha, reference = write_sets(root / "alpha", papers=8, better=0.6)
    beta, _ = write_sets(root / "beta", papers=8, better=0.2)
    shutil.copy(reference / "metadata.jsonl", beta)
    for seed, folder in enumerate((alpha, beta, reference)):
        make_distinct(folder, np.random.default_rng(seed))
    for name, folder in (("alpha", alpha), ("beta", beta)):
        evaluate(folder, reference, metrics=["ssim"], output=root / "runs" / name,
                 model=ModelCard(name=name))  # fmt: skip
    with served(ScriptedJudge()) as server:
        judged(server, alpha, reference, root / "judged-alpha", "alpha")
        judged(server, beta, reference, root / "judged-beta", "beta")
        judged(server, alpha, beta, root / "judged-both", "alpha", "beta")
    with served(ScriptedJudge(fingerprint="fp-2")) as server:
        judged(server, beta, reference, root / "judged-later", "beta")
    return root


def document(folder):
    return json.loads((folder / "judge.json").read_text())


def test_votes_of_judge_runs_are_ranked(chain):
    votes = [chain / f"judged-{name}" / "votes.jsonl" for name in ("alpha", "beta")]
    ranking = json.loads(done("rank", votes[0], "--resamples", 200, "--json"))
    (first,) = [one for one in ranking["models"] if one["model"] == "alpha"]
    expected = document(chain / "judged-alpha")["scores"]["win_rate"]["value"]
    assert first["win_rate"]["value"] == pytest.approx(expected)
    both = json.loads(done("rank", *votes, "--resamples", 200, "--json"))
    assert {one["model"] for one in both["models"]} == {"alpha", "beta", "reference"}
    table = done("rank", *votes, "--resamples", 200)
    lines = [line for line in table.splitlines() if "[" in line and "rate" not in line]
    assert len(lines) >= 5 and max(map(len, lines)) <= 80


def test_a_judge_is_correlated_with_people(chain, tmp_path):
    lines = (chain / "judged-both" / "votes.jsonl").read_text().splitlines()
    votes = tmp_path / "people.jsonl"
    people = [{**json.loads(one), "rater": f"R{k % 3}"} for k, one in enumerate(lines)]
    votes.write_text("".join(json.dumps(one) + "\n" for one in people))
    runs = [part for name in ("alpha", "beta") for part in ("--run", f"{name}={chain}/runs/{name}")]
    text = done("study", "correlate", votes, *runs, "--judge",
                f"vlm={chain}/judged-both/votes.jsonl", "--json")  # fmt: skip
    instruments = {one["name"]: one for one in json.loads(text)["instruments"]}
    assert instruments["vlm"]["kind"] == "judge"
    assert instruments["vlm"]["accuracy"]["value"] == 1.0
    assert "ssim" in instruments


def test_a_board_takes_the_win_rates_and_refuses_the_later_judge(chain, tmp_path):
    board = tmp_path / "board"
    done("leaderboard", "init", board, "--run", chain / "runs/alpha", "--no-pictures")
    done("leaderboard", "judged", board, "--judge", chain / "judged-alpha")
    for name in ("alpha", "beta"):
        entry = tmp_path / f"lab__{name}__2026-11-27.json"
        done(
            "leaderboard", "enter", chain / "runs" / name, "--organisation", "lab",
            "--board", board, "--judge", chain / f"judged-{name}", "--no-pictures",
            "--output", entry,
        )  # fmt: skip
        done("leaderboard", "add", board, entry)
    done("leaderboard", "build", board)
    done("leaderboard", "build", board, "--check")
    state = json.loads((board / "board.json").read_text())["current"]
    values = {one["model"]: one["values"]["win_rate"] for one in state.values()}
    for name, value in values.items():
        rate = document(chain / f"judged-{name}")["scores"]["win_rate"]["value"]
        assert value == pytest.approx(rate, rel=1e-4)
    assert "paired permutation by paper" in (board / "index.html").read_text()
    late = tmp_path / "lab__beta__2026-11-28.json"
    result = figbench("leaderboard", "enter", chain / "runs/beta", "--organisation", "lab",
                      "--board", board, "--judge", chain / "judged-later", "--no-pictures",
                      "--output", late)  # fmt: skip
    assert isinstance(result.exception, FigbenchError) and not late.exists()
    assert "fp-1 and fp-2" in str(result.exception) and "5 anchors" in str(result.exception)
    other = figbench("leaderboard", "enter", chain / "runs/alpha", "--organisation", "lab",
                     "--judge", chain / "judged-beta", "--output", late)  # fmt: skip
    assert "judged other generated figures" in str(other.exception)


def test_the_report_of_two_runs_shows_who_won_with_the_figures(chain, tmp_path):
    runs = chain / "runs/alpha", chain / "runs/beta"
    options = ("--judge", chain / "judged-both", "--judge", chain / "judged-alpha")
    done("report", *runs, "--figures", 0, *options, "--output", tmp_path / "r.html")
    page = (tmp_path / "r.html").read_text()
    for words in ("Judged by scripted", "alpha won against beta", "Ties of alpha and beta",
                  "alpha lost against reference", "Position bias", "Server fingerprint",
                  "Win rate with failures as losses, as wins", "preferred"):  # fmt: skip
        assert words in page
    assert page.count('class="match"') > 6 and "no figure" not in page
    assert page.count("data:image/webp") == 2 * page.count('class="match"')
    done("report", runs[0], "--figures", 0, *options[:2], "--output", tmp_path / "r.md")
    rate = document(chain / "judged-both")["scores"]["win_rate"]["value"]
    assert f" | {rate:.3f} [" in (tmp_path / "r.md").read_text()


def test_gate_and_compare_on_the_command_line(chain):
    text = done("compare", chain / "judged-beta", chain / "judged-alpha")
    assert "win_rate" in text
    refused = figbench("compare", chain / "judged-alpha", chain / "judged-later")
    assert "fp-1 and fp-2" in str(refused.exception) and refused.exception.exit_code == 3
    text = done("compare", chain / "judged-alpha", chain / "judged-later", "--allow-drift")
    assert "fp-1 and fp-2" in " ".join(text.split())
    gate = ("gate", chain / "judged-beta", "--baseline", chain / "judged-alpha", "--rule")
    assert figbench(*gate, "win_rate:-0.02").exit_code == 1
