"""Every shipped protocol through a whole run, and the command line."""

import json

import httpx
import pytest
from typer.testing import CliRunner

from figbench.cli.main import app
from figbench.judges import JudgeSettings, judge
from figbench.judges.calls.execute import CallSettings
from tests.judges.scripted import ScriptedJudge, _Chunks, served


def transport(answer):
    """A server whose answer is a function of the request's text and labels."""

    def handle(request):
        body = json.loads(request.content)
        parts = [part["text"] for part in body["messages"][1]["content"] if "text" in part]
        text = json.dumps(answer(parts[0], parts[1:]))
        message = {"message": {"content": text}, "finish_reason": "stop"}
        return httpx.Response(200, stream=_Chunks(json.dumps({"choices": [message]}).encode()))

    return httpx.MockTransport(handle)


def run(sets, out, protocol, answer, **more):
    settings = JudgeSettings("", "", calls=CallSettings(8), transport=transport(answer))
    options = {"controls": 1, "anchors": 5, **more}
    return judge(
        *sets, endpoint="http://localhost/v1", model="m", out=out, protocol=protocol,
        settings=settings, **options,
    )  # fmt: skip


def test_paperbanana_names_the_systems_and_keeps_the_published_order(sets, tmp_path):
    names = []

    def answer(_text, labels):
        names.append(tuple(labels))
        model = {"winner": "Model"}
        first = {"winner": labels[0].rstrip(":")} if labels else {"winner": "Both are bad"}
        good = {"winner": "Both are good", "reason": "x"}
        return {
            "faithfulness": model,
            "readability": good,
            "conciseness": first,
            "aesthetics": first,
        }

    result = run(sets, tmp_path, "paperbanana", answer)
    assert set(names) == {("Human:", "Model:"), ("Model:", "Human:"), ()}
    assert result.card["failures"] == {}
    assert result.document["scores"]["published"] == 100.0
    assert result.document["scores"]["win_rate"]["value"] == 1.0
    assert result.card["known_order"]["value"] == 0.0


def test_paperbanana_uses_the_order_with_the_reference_first(sets, tmp_path):
    def answer(_text, labels):
        first = {"winner": labels[0].rstrip(":") if labels else "Both are bad"}
        return dict.fromkeys(("faithfulness", "readability", "conciseness", "aesthetics"), first)

    result = run(sets, tmp_path, "paperbanana", answer)
    assert result.document["scores"]["published"] == 0.0
    assert result.document["scores"]["win_rate"]["value"] == 0.5
    assert result.document["scores"]["win_rate"]["flips"] == 12
    assert result.card["position_bias"]["value"] == 1.0
    assert result.card["flip_rate"]["value"] == 1.0


def test_figurebench_pairwise(sets, tmp_path):
    result = run(sets, tmp_path, "figurebench-pairwise", lambda *_: {"winner": "both_bad"})
    published = result.document["scores"]["published"]
    assert published["both_bad"] == 1.0 and published["win_rate"] == 0.0
    assert result.document["scores"]["win_rate"]["ties"] == 12


@pytest.mark.parametrize("protocol", ["figurebench", "craftbench"])
def test_pointwise(sets, tmp_path, protocol):
    from figbench.judges import JudgeProtocol

    ids = [aspect.id for aspect in JudgeProtocol.load(protocol).aspects]
    result = run(sets, tmp_path, protocol, lambda *_: {"scores": dict.fromkeys(ids, 7.5)})
    assert result.card["failures"] == {}
    assert result.document["scores"]["published"] == (7.5 if protocol == "figurebench" else 50.0)
    assert result.document["scores"]["win_rate"]["ties"] == 12
    assert result.card["position_bias"]["value"] is None
    assert result.card["controls"]["blank_page"]["value"] == 1.0


def spec(sets, path):
    records = []
    for line in (sets[1] / "metadata.jsonl").read_text().splitlines():
        figure_id = json.loads(line)["file_name"].removesuffix(".png")
        question = {
            "id": 1, "level": "detail", "question": "Which?", "correct_option": "b",
            "options": {"A": "x", "B": "y"},
        }  # fmt: skip
        inventory = {"components": [{"name": "box"}] * 4, "arrows": [],
                     "text_labels": [{"text": "in"}] * 2}  # fmt: skip
        records.append({"id": figure_id, "checklist": [question], "stage1_abstraction": inventory})
    path.write_text(json.dumps({"entries": records}))
    return path


def test_aibench(sets, tmp_path):
    def answer(text, labels):
        return {"answer": "B" if labels else "A"}

    file = spec(sets, tmp_path / "spec.json")
    result = run(sets, tmp_path / "out", "aibench", answer, spec=file)
    assert result.document["scores"]["published"] == {"detail": 100.0, "overall": 100.0}
    assert result.card["controls"]["text_only"]["value"] == 0.0
    assert result.card["controls"]["blank_page"]["value"] == 1.0


def test_sciforma(sets, tmp_path):
    def answer(text, _labels):
        kind = "missing" if "components" in text or "connections" in text else "wrong"
        return {"errors": [{"type": kind, "severity": "critical"}], "usable": True}

    file = spec(sets, tmp_path / "spec.json")
    result = run(sets, tmp_path / "out", "sciforma", answer, spec=file)
    assert result.card["failures"] == {}
    assert result.document["scores"]["published"] == pytest.approx(100 * (0.75 + 1.0) / 2)


def invoke(*arguments):
    return CliRunner().invoke(app, ["judge", *map(str, arguments)])


def test_the_command_of_the_docs(sets, tmp_path):
    with served(ScriptedJudge()) as server:
        common = ("run", sets[0], "--reference", sets[1], "--protocol", "pairwise-blind",
                  "--endpoint", server.endpoint, "--model", "Qwen/Qwen2.5-VL-7B-Instruct",
                  "--out", tmp_path / "out", "--price-input", 0, "--price-output", 0,
                  "--anchors", 5)  # fmt: skip
        dry = invoke(*common, "--dry-run", "--json")
        assert dry.exit_code == 0 and server.requests == [] and not (tmp_path / "out").exists()
        result = invoke(*common)
        assert result.exit_code == 0, result.output
        assert len(server.requests) == json.loads(dry.stdout)["calls"]
    card = json.loads(invoke("card", tmp_path / "out", "--json").stdout)
    assert card["position_bias"]["value"] == 0.0
    assert {"value", "interval"} <= set(card["flip_rate"])
    assert "position bias" in invoke("card", tmp_path / "out").stdout


def test_an_exhausted_budget_is_exit_code_2(sets, tmp_path):
    with served(ScriptedJudge()) as server:
        result = invoke(
            "run", sets[0], "--reference", sets[1], "--endpoint", server.endpoint, "--model", "m",
            "--out", tmp_path, "--budget-usd", 0.001,
        )  # fmt: skip
    assert server.requests == []
    assert result.exception.exit_code == 2 and "0.001 USD" in result.exception.message
    assert json.loads((tmp_path / "judge.json").read_text())["complete"] is False


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (("--protocol", "aibench"), "--spec"),
        (("--protocol", "nope"), "Unknown judge protocol"),
        (("--price-input", "1"), "--price-output"),
        (("--structured", "xml"), "structured"),
    ],
)
def test_wrong_options(sets, tmp_path, more, message):
    result = invoke(
        "run", sets[0], "--reference", sets[1], "--endpoint", "http://localhost:9/v1", "--model",
        "m", "--out", tmp_path / "out", *more,
    )  # fmt: skip
    assert message in str(result.exception)
    assert not (tmp_path / "out").exists()
