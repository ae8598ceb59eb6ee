"""A score does not depend on order, names, batch size, threads, or which copy of a folder is read.

The whole path runs, from files to ``RunResult``, with a store of its own per run so that nothing is
taken from an earlier one. Means of float64 in another order may differ in the last digit; what
batches of a network add up to may differ in the last digits of float32.
"""

import json
import shutil

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from PIL import Image

import figbench
from figbench.data.load import load_manifest
from figbench.data.types import TextLine
from figbench.errors import UserError
from figbench.evaluation import Options
from figbench.evaluation.distributed import run as networks
from figbench.evaluation.inference import writers
from figbench.evaluation.inference.parallelism import Parallelism
from figbench.features.networks.efficientnet_lite import EfficientNetLite0
from figbench.gate.rules import parse_rule
from figbench.metrics.numerics.label_matching import Label, compare_labels
from figbench.store import decode_lines, encode_lines

BOUNDED = settings(
    max_examples=5,
    deadline=None,
    derandomize=True,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
PROTOCOL = figbench.Protocol.from_document(
    {
        "id": "invariance",
        "preprocess": "none",
        "metrics": [
            {"metric": "ssim"},
            {"metric": "validity"},
            {"metric": "fd@efficientnet-lite0"},
        ],
    },
    "test",
)


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    from figbench.synthfig import blur, iter_synthfig

    root = tmp_path_factory.mktemp("invariance")
    for name in ("ref", "gen"):
        (root / name).mkdir()
    for one in iter_synthfig(14, 4):
        image = np.asarray(Image.fromarray(one.image).resize((64, 64)))
        Image.fromarray(image).save(root / "ref" / f"{one.figure_id}.png")
        Image.fromarray(blur(image, 0.8)).save(root / "gen" / f"{one.figure_id}.png")
    return root


def run(generated, reference, store, workers=0):
    options = Options(device="cpu", workers=workers)
    result = figbench.evaluate(generated, reference, PROTOCOL, store=store, options=options)
    return {name: metric.value for name, metric in result.metrics.items()}


@pytest.fixture(scope="module")
def usual(world, tmp_path_factory):
    return run(world / "gen", world / "ref", tmp_path_factory.mktemp("store"))


def same(ours, theirs):
    assert ours.keys() == theirs.keys()
    for name, value in ours.items():
        near = {"rel": 1e-4, "abs": 1e-7} if name.startswith("fd@") else {"rel": 1e-14}
        assert value == pytest.approx(theirs[name], **near), name


def test_the_scores_can_tell_a_difference(world, usual, tmp_path):
    """So that the tests below are about something: another picture moves them."""
    shutil.copytree(world / "gen", tmp_path / "gen")
    first = sorted((tmp_path / "gen").iterdir())[0]
    Image.new("RGB", (64, 64), "white").save(first)
    other = run(tmp_path / "gen", world / "ref", tmp_path / "store")
    assert other["ssim"] != usual["ssim"]
    assert other["blank_rate"] > usual["blank_rate"]
    assert other["fd@efficientnet-lite0"] != pytest.approx(usual["fd@efficientnet-lite0"], rel=1e-4)


@BOUNDED
@given(shuffle=st.randoms(use_true_random=False))
def test_order(world, usual, tmp_path_factory, shuffle):
    folder = tmp_path_factory.mktemp("order")
    sides = []
    for side in ("gen", "ref"):
        paths = sorted((world / side).iterdir())
        shuffle.shuffle(paths)
        rows = [json.dumps({"image": str(path), "figure_id": path.stem}) for path in paths]
        (folder / f"{side}.jsonl").write_text("\n".join(rows))
        sides.append(folder / f"{side}.jsonl")
    same(run(*sides, folder / "store"), usual)


@BOUNDED
@given(
    batch=st.integers(1, 40),
    parallelism=st.builds(Parallelism, chunk=st.integers(1, 9), max_prepared=st.integers(1, 40)),
    rows=st.integers(1, 40),
)
def test_batch_part_and_segment_sizes(world, usual, tmp_path_factory, batch, parallelism, rows):
    from dataclasses import replace

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(networks, "parallelism_of", lambda *_: parallelism)
        patch.setattr(writers, "FLUSH_RECORDS", rows)
        info = replace(EfficientNetLite0.info, batch_size=batch)
        patch.setattr(EfficientNetLite0, "info", info)
        same(run(world / "gen", world / "ref", tmp_path_factory.mktemp("s")), usual)


@pytest.mark.parametrize("workers", [1, 2, 5])
def test_threads(world, usual, tmp_path, workers):
    same(run(world / "gen", world / "ref", tmp_path, workers), usual)


def test_copy_of_a_folder(world, usual, tmp_path):
    shutil.copytree(world / "gen", tmp_path / "another name")
    assert load_manifest(tmp_path / "another name").digest == load_manifest(world / "gen").digest
    same(run(tmp_path / "another name", world / "ref", tmp_path / "store"), usual)


def test_a_set_against_itself(world, tmp_path):
    found = run(world / "ref", world / "ref", tmp_path)
    assert found["ssim"] == pytest.approx(1, abs=1e-12)
    assert found["fd@efficientnet-lite0"] == pytest.approx(0, abs=1e-6)


words = st.text("abcde ", min_size=1, max_size=6)
labels = st.lists(words.map(Label), min_size=1, max_size=6)


@settings(max_examples=100, deadline=None, derandomize=True)
@given(labels, labels, st.randoms(use_true_random=False))
def test_labels_are_bounded_symmetric_and_unordered(ours, theirs, shuffle):
    found = compare_labels(ours, theirs)
    for value in (found.precision, found.recall, found.f1, found.similarity, found.word_f1):
        assert 0 <= value <= 1
    swapped = compare_labels(theirs, ours)
    assert (swapped.precision, swapped.recall) == (found.recall, found.precision)
    assert swapped.f1 == pytest.approx(found.f1)
    assert swapped.similarity == pytest.approx(found.similarity)
    mixed = [shuffle.sample(side, len(side)) for side in (ours, theirs)]
    again = compare_labels(*mixed)
    assert again.f1 == pytest.approx(found.f1)
    assert again.similarity == pytest.approx(found.similarity)
    assert again.word_f1 == pytest.approx(found.word_f1)


amounts = st.decimals(0, 1000, places=3).map(str)
spaces = st.sampled_from(["", " ", "  "])


@settings(max_examples=100, deadline=None, derandomize=True)
@given(
    metric=st.sampled_from(["fid", "fd@efficientnet-lite0", "label_f1"]),
    sign=st.sampled_from("+-"),
    amount=amounts,
    percent=st.booleans(),
    alpha=st.none() | st.sampled_from(["0.05", ".01", "0.5"]),
    space=spaces,
    baseline=st.floats(-1e6, 1e6),
)
def test_rules_mean_what_they_say(metric, sign, amount, percent, alpha, space, baseline):
    text = f"{space}{metric}{space}:{space}{sign}{amount}{'%' if percent else ''}"
    text += f"{space}&{space}p{space}<{space}{alpha}" if alpha else ""
    rule = parse_rule(text)
    size = float(amount) / (100 if percent else 1)
    assert rule.metric == metric
    assert rule.alpha == (float(alpha) if alpha else None)
    moved = rule.limit(baseline) - baseline
    wanted = (1 if sign == "+" else -1) * size * (abs(baseline) if percent else 1)
    assert moved == pytest.approx(wanted, rel=1e-6, abs=1e-6)


protocols = st.fixed_dictionaries(
    {
        "id": st.from_regex(r"[a-z][a-z0-9-]{0,10}", fullmatch=True),
        "metrics": st.lists(
            st.sampled_from([{"metric": "ssim"}, {"metric": "validity"}, {"metric": "fid"}]),
            min_size=1,
            max_size=3,
            unique_by=lambda one: one["metric"],
        ),
    },
    optional={
        "preprocess": st.sampled_from(["pad512", "pad256", "none"]),
        "resample": st.sampled_from(["bicubic", "lanczos", "bilinear"]),
    },
)


@settings(max_examples=100, deadline=None, derandomize=True)
@given(first=protocols, second=protocols, shuffle=st.randoms(use_true_random=False))
def test_protocol_hashes_follow_the_content(first, second, shuffle):
    one = figbench.Protocol.from_document(first, "test")
    keys = shuffle.sample(sorted(first), len(first))
    assert figbench.Protocol.from_document({key: first[key] for key in keys}, "t").hash == one.hash
    assert figbench.Protocol.from_document(one.model_dump(), "t").hash == one.hash
    other = figbench.Protocol.from_document(second, "test")
    assert (one.hash == other.hash) == (one.definition() == other.definition())
    with pytest.raises(UserError, match="not a valid protocol"):
        figbench.Protocol.from_document({**first, "unknown": 1}, "test")


boxes = st.just(()) | st.lists(
    st.tuples(st.floats(-1e6, 1e6), st.floats(-1e6, 1e6)), min_size=4, max_size=4
).map(tuple)


@settings(max_examples=100, deadline=None, derandomize=True)
@given(st.lists(st.builds(TextLine, st.text(max_size=9), boxes, st.sampled_from([0.0, 0.5, 1.0]))))
def test_readings_come_back_whole(lines):
    assert decode_lines(encode_lines(lines)) == tuple(lines)
