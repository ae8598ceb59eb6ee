"""Protocols: everything that changes a number changes the hash, and nothing else does."""

import pytest

from figbench.errors import UserError
from figbench.protocol import Protocol, definition_hash, shipped_protocols


def test_shipped_protocols_load_and_differ():
    hashes = {Protocol.load(name).hash for name in shipped_protocols()}
    assert shipped_protocols() == ["editability", "figgen", "figgen-script-2023", "offline",
                                   "structure", "validation"]  # fmt: skip
    assert len(hashes) == 6


@pytest.mark.parametrize(
    "change",
    [
        {"preprocess": "pad384"},
        {"resample": "lanczos"},
        {"seed": 1},
        {"precision": "bfloat16"},
        {"samples_per_prompt": 4},
        {"weights": {"inception-v3": "0" * 64}},
        {"ocr": {"engine": "easyocr"}},
        {"metrics": [{"metric": "ssim"}]},
        {"dataset": {"name": "any", "split": "test"}},
    ],
)
def test_hash_follows_what_changes_a_number(change):
    base = Protocol.load("offline")
    assert base.replace(**change).hash != base.hash


def test_the_hash_follows_metric_versions_from_2_on():
    base = Protocol.load("offline")
    fixed = {"weights": {}, "ocr_version": None, "decoder_version": 1}
    plain = base.resolved(**fixed)
    assert base.resolved(**fixed, metric_versions={"ssim": 1}).hash == plain.hash
    assert "metric_versions" not in plain.definition()
    later = base.resolved(**fixed, metric_versions={"ssim": 1, "kd@efficientnet-lite0": 2})
    assert later.definition()["metric_versions"] == {"kd@efficientnet-lite0": 2}
    assert later.hash != plain.hash
    assert Protocol.from_document(later.definition(), "a result").hash == later.hash


def test_a_run_states_the_versions_of_its_metrics():
    from figbench.evaluation.planning.execution import DEFAULT
    from figbench.evaluation.planning.plan import make_plan

    plan = make_plan(
        Protocol.load("offline"), ["ssim"], n_generated=9, paired=True, skip_unavailable=False,
        allow_unpaired=False, execution=DEFAULT,
    )  # fmt: skip
    assert plan.protocol.metric_versions == {"kd@efficientnet-lite0": 2}


def test_hash_ignores_words_and_key_order():
    base = Protocol.load("offline")
    assert base.replace(title="Another title", description="").hash == base.hash
    shuffled = dict(reversed(list(base.definition().items())))
    assert definition_hash(shuffled) == base.hash


def test_user_yaml_round_trip(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text("id: mine\npreprocess: crop384\nmetrics: [{metric: ocr_sim}]\n")
    protocol = Protocol.load(path)
    assert (protocol.id, protocol.preprocess) == ("mine", "crop384")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("id: mine\nmetrics: []\n", "metrics"),
        ("id: mine\nmetrics: [{metric: fid}]\nresample: nearest\n", "resample"),
        ("id: mine\nmetrics: [{metric: fid}]\ncolour: red\n", "colour"),
        ("- a list", "a protocol is a YAML mapping"),
        ("id: [", "not valid YAML"),
        ("id: Bad Name\nmetrics: [{metric: fid}]\n", "id"),
    ],
)
def test_wrong_yaml_names_the_place(tmp_path, text, message):
    path = tmp_path / "mine.yaml"
    path.write_text(text)
    with pytest.raises(UserError, match=message):
        Protocol.load(path)


def test_unknown_name_suggests():
    with pytest.raises(UserError, match="Did you mean 'figgen'"):
        Protocol.load("figen")
