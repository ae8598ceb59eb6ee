"""Anchors, fingerprints and drift."""

import base64
import hashlib
import json

import httpx
import numpy as np
import pytest
from typer.testing import CliRunner

from figbench.errors import IntegrityError, UserError
from figbench.judges import Fingerprint, JudgeProtocol, JudgeSettings, calibrate, require_same
from figbench.judges.anchors import FLAWS, make_anchors
from figbench.judges.calibrate import anchor_trials
from figbench.judges.images import ImageFolder
from figbench.judges.measures.fingerprint import drift, threshold
from tests.judges.scripted import ScriptedJudge, _Chunks, served

COUNT = 50
PROTOCOL = JudgeProtocol.load("pairwise-blind")
SMALL = PROTOCOL.from_document(
    {**PROTOCOL.model_dump(), "pictures": {"longest_side": 128}}, "small"
)


@pytest.fixture(scope="module")
def quality():
    """Minus the strength of the flaw, by digest of the encoded picture."""
    values = {}
    for trial in anchor_trials(SMALL, COUNT, ImageFolder(None))[0]:
        for system, picture in zip((trial.first, trial.second), trial.images, strict=True):
            values[picture.digest] = -trial.strength if system == "flawed" else 0.0
    return values


def measure(tmp_path, name, scripted):
    settings = JudgeSettings("http://localhost/v1", "m", transport=scripted.transport())
    return calibrate(settings, tmp_path / name, protocol=SMALL, anchors=COUNT).fingerprint


def test_anchors_do_not_depend_on_the_count_and_every_flaw_is_visible():
    few, many = make_anchors(7), make_anchors(25)
    for one, two in zip(few, many, strict=False):
        assert one.anchor_id == two.anchor_id and np.array_equal(one.flawed, two.flawed)
    assert {anchor.flaw for anchor in many} == set(FLAWS)
    assert len({(anchor.flaw, anchor.strength) for anchor in many}) == 25
    for anchor in many:
        assert anchor.flawed.shape == anchor.intact.shape
        assert (anchor.flawed != anchor.intact).any(), anchor.anchor_id


def test_a_lenient_judge_has_a_threshold(tmp_path, quality):
    strict = measure(tmp_path, "strict", ScriptedJudge(quality=quality))
    lenient = measure(tmp_path, "lenient", ScriptedJudge(quality=quality, leniency=0.5))
    assert strict.accuracy["value"] == 1.0 and lenient.accuracy["value"] == pytest.approx(0.8)
    assert strict.threshold == pytest.approx(0.1)
    assert lenient.threshold == pytest.approx(0.5)
    change = drift(strict, lenient)
    assert change["difference"] == pytest.approx(-0.2) and change["p_value"] < 0.05
    assert change["threshold_shift"] == pytest.approx(0.4)
    assert Fingerprint.load(tmp_path / "strict") == strict


def test_require_same(tmp_path, quality):
    first = measure(tmp_path, "a", ScriptedJudge(quality=quality, noise=0.2, seed=1))
    second = measure(tmp_path, "b", ScriptedJudge(quality=quality, noise=0.2, seed=1))
    require_same(first, second)
    moved = measure(tmp_path, "c", ScriptedJudge(quality=quality, leniency=0.5, fingerprint="fp-2"))
    with pytest.raises(IntegrityError, match=r"system fingerprints: fp-1 and fp-2.*points"):
        require_same(first, moved)


def test_false_alarms_and_power():
    rng = np.random.default_rng(5)
    flaws = {
        f"anchor-{scene:03d}-{flaw}-{strength}": (flaw, strength)
        for scene in range(20)
        for flaw, strength in (("a", 0.2), ("b", 0.4), ("c", 0.6), ("d", 0.8), ("e", 1.0))
    }

    def judged(lenient):
        right = {a: 0.5 + (0.45 if s > lenient else 0.0) for a, (_, s) in flaws.items()}
        points = {a: float(rng.random() < p) for a, p in right.items()}
        return Fingerprint(model="m", protocol="p", prompt_hash="h", points=points, flaws=flaws)

    same = [drift(judged(0.3), judged(0.3))["p_value"] < 0.05 for _ in range(200)]
    moved = [drift(judged(0.3), judged(0.9))["p_value"] < 0.05 for _ in range(50)]
    assert np.mean(same) <= 0.08
    assert np.mean(moved) >= 0.9


def test_a_checklist_is_calibrated_with_the_inventories_of_the_scenes(tmp_path):
    """A judge that reports one missing element where a flaw has strength 0.6 or more."""
    protocol = JudgeProtocol.load("sciforma")
    trials, _ = anchor_trials(protocol, 10, ImageFolder(None))
    assert {trial.aspect for trial in trials} == {"components", "arrows", "text_labels"}
    anchor = make_anchors(1)[0]
    assert anchor.inventory["components"] and anchor.inventory["arrows"]
    labels = [entry["text"] for entry in anchor.inventory["text_labels"]]
    assert f'"{labels[0]}"' in next(t for t in trials if t.aspect == "text_labels").prompt.user
    flawed = {t.images[1].digest: t.strength for t in trials if t.second == "flawed"}

    def handle(request):
        body = json.loads(request.content)
        images = [p for p in body["messages"][1]["content"] if p["type"] == "image_url"]
        data = base64.b64decode(images[1]["image_url"]["url"].partition("base64,")[2])
        seen = flawed.get(hashlib.sha256(data).hexdigest(), 0.0) >= 0.6
        errors = [{"type": "missing", "severity": "critical"}] if seen else []
        message = {"role": "assistant", "content": json.dumps({"errors": errors, "usable": True})}
        choices = [{"message": message, "finish_reason": "stop"}]
        answer = json.dumps({"model": "m", "choices": choices}).encode()
        return httpx.Response(200, stream=_Chunks(answer))

    settings = JudgeSettings("http://localhost/v1", "m", transport=httpx.MockTransport(handle))
    result = calibrate(settings, tmp_path, protocol=protocol, anchors=10)
    points = result.fingerprint.points
    assert len(points) == 10
    for name, value in points.items():
        assert value == (1.0 if result.fingerprint.flaws[name][1] >= 0.6 else 0.5), name


def test_threshold_of_a_judge_that_never_sees():
    flaws = {f"a{i}": ("x", i / 5) for i in range(1, 6)}
    assert threshold(dict.fromkeys(flaws, 0.5), flaws) is None
    assert threshold({}, {}) is None


def test_a_protocol_without_anchors(tmp_path):
    settings = JudgeSettings("http://localhost/v1", "m")
    with pytest.raises(UserError, match="no anchors"):
        calibrate(settings, tmp_path, protocol=JudgeProtocol.load("aibench"))


def test_cli(tmp_path):
    from figbench.cli.main import app

    runner = CliRunner()
    with served(ScriptedJudge()) as server:
        common = ["judge", "calibrate", "--endpoint", server.endpoint, "--model", "m"]
        common += ["--anchors", "5", "--json"]
        first = runner.invoke(app, [*common, "--out", str(tmp_path / "a")])
        assert first.exit_code == 0, first.output
        other = [*common, "--out", str(tmp_path / "b"), "--against", str(tmp_path / "a")]
        second = runner.invoke(app, other)
    document = json.loads(second.stdout)
    assert document["drift"]["difference"] == 0.0 and document["drift"]["identity"] == []
    assert "Drift: +0.0 points" in second.stderr
