"""Attached rows: what they prove, what they refuse, and the ranks they allow."""

import hashlib
import json

import numpy as np
import pytest
from safetensors.numpy import save_file

from figbench.errors import IntegrityError, UserError
from figbench.leaderboard.attachments import (
    Attachment,
    Header,
    attachment_path,
    load_attachment,
    save_attachment,
)
from figbench.leaderboard.entries import Entry, NamedEntry, load_board, load_entry
from figbench.leaderboard.pairs import FALLBACK
from figbench.leaderboard.ranking import rank_all
from figbench.leaderboard.validation import check_entry, incomplete
from figbench.leaderboard.views.page import build_board, require_fresh
from figbench.results.schema import MetricValue
from tests.leaderboard.factory import entry, metric, write_board

METRIC = "fd@efficientnet-lite0"
N = 50


def _evidence(features, label_f1, digest, salt, hashes=None):
    n = len(label_f1)
    header = Header(
        digest=digest,
        figure_ids=[f"f{i:03d}" for i in range(n)],
        samples=[0] * n,
        papers=[f"p{i // 2:03d}" for i in range(n)],
        sha256=[hashlib.sha256(f"{salt}{i}".encode()).hexdigest() for i in range(n)],
        spaces={METRIC: "x"},
    )
    if hashes is None:
        hashes = np.random.default_rng(list(salt.encode())).integers(1, 256, (n, 8), np.uint8)
    return Attachment(header, hashes, {"label_f1": label_f1}, {"x": features.astype(np.float32)})


def _distance(ours, theirs):
    """The Frechet distance by scipy's matrix square root: another route than figbench's."""
    from scipy.linalg import sqrtm

    shift = ours.mean(0) - theirs.mean(0)
    s1, s2 = (np.cov(one.astype(np.float64), rowvar=False) for one in (ours, theirs))
    return float(shift @ shift + np.trace(s1 + s2 - 2 * sqrtm(s1 @ s2).real))


@pytest.fixture
def case(rng):
    """(document, attachment, reference) that agree."""
    ours, theirs = rng.normal(size=(2, N, 3)).astype(np.float32)
    labels = rng.random(N)
    document = entry("alpha", _distance(ours, theirs))
    mean = float(labels.mean())
    document["result"]["metrics"]["label_f1"] = metric(mean, 0.1, higher=True)
    reference = _evidence(theirs, np.zeros(N), "r", "reference")
    return document, _evidence(ours, labels, "g-alpha", "alpha"), reference


def _problems(tmp_path, document, attachment, reference):
    board = load_board(write_board(tmp_path / "board", []))
    path = tmp_path / "org__m__2026-01-01.json"
    path.write_text(json.dumps(document))
    save_attachment(attachment_path(path), attachment)
    named = load_entry(path)
    return check_entry(named, board, reference), incomplete(named, board, reference)


def test_agreeing_rows_are_accepted_and_ranked(tmp_path, case):
    assert _problems(tmp_path, *case) == ([], None)


def test_a_value_that_the_features_do_not_give_is_refused(tmp_path, case):
    document, attachment, reference = case
    document["result"]["metrics"][METRIC] = metric(
        document["result"]["metrics"][METRIC]["value"] * 0.99
    )
    problems, _ = _problems(tmp_path, document, attachment, reference)
    assert any(f"{METRIC}: the entry says" in one for one in problems)


def test_a_mean_that_the_rows_do_not_give_is_refused(tmp_path, case):
    document, attachment, reference = case
    document["result"]["metrics"]["label_f1"] = metric(0.9, 0.05, higher=True)
    problems, _ = _problems(tmp_path, document, attachment, reference)
    assert any("label_f1: the entry says 0.9" in one for one in problems)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"figure_ids": ["f001"] + [f"f{i:03d}" for i in range(1, N)]}, "1 figures stand twice"),
        ({"figure_ids": ["other"] + [f"f{i:03d}" for i in range(1, N)]}, "have no row (f000#0)"),
        ({"digest": "elsewhere"}, "belongs to other figures"),
        ({"sha256": [None] + ["0" * 64] * (N - 1)}, f"{N - 1} figures, the entry counts {N}"),
    ],
)
def test_rows_that_are_not_the_test_set_are_refused(tmp_path, case, change, words):
    document, attachment, reference = case
    header = attachment.header.model_copy(update=change)
    features = {"x": attachment.features["x"][-sum(one is not None for one in header.sha256) :]}
    changed = Attachment(header, attachment.hashes, attachment.values, features)
    problems, _ = _problems(tmp_path, document, changed, reference)
    assert any(words in one for one in problems), problems


def test_reference_files_handed_in_are_refused(tmp_path, case):
    document, attachment, reference = case
    digests = [reference.header.sha256[7], *attachment.header.sha256[1:]]
    header = attachment.header.model_copy(update={"sha256": digests})
    changed = Attachment(header, attachment.hashes, attachment.values, attachment.features)
    problems, _ = _problems(tmp_path, document, changed, reference)
    assert any("1 figures are reference files (f000#0)" in one for one in problems)


def test_near_copies_stand_apart(tmp_path, case):
    document, attachment, reference = case
    hashes = reference.hashes.copy()
    hashes[:, 0] ^= 0b11
    changed = Attachment(attachment.header, hashes, attachment.values, attachment.features)
    problems, why = _problems(tmp_path, document, changed, reference)
    assert problems == [] and why == "50 of 50 figures are near copies of reference figures"


def test_a_board_may_rank_near_copies(tmp_path, case):
    """Where the caption determines the figure, a good model draws the reference anew."""
    document, attachment, reference = case
    changed = Attachment(
        attachment.header, reference.hashes, attachment.values, attachment.features
    )
    board = load_board(write_board(tmp_path / "board", []))
    named = NamedEntry("org__m__2026-01-01", Entry.model_validate(document), changed)
    for share, ranked in ((0.05, False), (0.98, False), (1.0, True)):
        allowed = board.model_copy(update={"most_near_copies": share})
        assert (incomplete(named, allowed, reference) is None) == ranked


def test_hashes_of_two_versions_are_not_compared(tmp_path, case):
    document, attachment, reference = case
    header = attachment.header.model_copy(update={"hash_version": 2})
    changed = Attachment(header, attachment.hashes, attachment.values, attachment.features)
    problems, _ = _problems(tmp_path, document, changed, reference)
    assert any("hashes of version 2, the board's are of version 1" in one for one in problems)


def test_pairs_tell_apart_what_intervals_cannot(rng):
    """Both models vary far more between prompts than between each other."""
    difficulty = rng.random(N)
    flat = rng.normal(size=(N, 3))
    attachment = {
        "a": _evidence(flat, difficulty, "", "a"),
        "b": _evidence(flat, difficulty + 0.02 + 0.01 * rng.random(N), "", "b"),
    }
    metrics = {
        name: MetricValue(**metric(float(one.values["label_f1"].mean()), 0.1, higher=True))
        for name, one in attachment.items()
    }
    alone = rank_all("label_f1", metrics)
    assert {str(one) for one in alone.ranks.values()} == {"1-2"}
    assert list(alone.methods) == [FALLBACK]
    paired = rank_all("label_f1", metrics, attachment)
    assert {name: str(one) for name, one in paired.ranks.items()} == {"a": "2", "b": "1"}
    assert "paired permutation by paper" in next(iter(paired.methods))


@pytest.mark.parametrize("kind", [METRIC, "kd@efficientnet-lite0"])
@pytest.mark.parametrize("entries", [2, 12])
def test_distances_are_tested_by_pairs(rng, kind, entries):
    theirs = rng.normal(size=(N, 3))
    reference = _evidence(theirs, np.zeros(N), "r", "reference")
    reference.header.spaces[kind] = "x"
    attachment = {}
    for place in range(entries):
        off = 0.0 if place else 2.0
        attachment[f"m{place:02d}"] = _evidence(
            rng.normal(size=(N, 3)) + off, np.zeros(N), "", f"m{place}"
        )
        attachment[f"m{place:02d}"].header.spaces[kind] = "x"
    values = {
        name: MetricValue(**metric(12.0 if name == "m00" else 0.1, 100.0)) for name in attachment
    }
    found = rank_all(kind, values, attachment, reference)
    assert str(found.ranks["m00"]) == str(entries)
    assert all("paired" in method and "unpaired" not in method for method in found.methods)


def test_identical_rows_tie(rng):
    labels = rng.random(N)
    both = {name: _evidence(rng.normal(size=(N, 3)), labels, "", name) for name in "ab"}
    values = {name: MetricValue(**metric(0.5, 0.001, higher=True)) for name in both}
    assert {str(one) for one in rank_all("label_f1", values, both).ranks.values()} == {"1-2"}


@pytest.mark.parametrize(
    "break_it",
    [
        lambda path: path.write_bytes(b"\x80\x04pickle"),
        lambda path: path.write_bytes(b"\xff" * 64),
        lambda path: path.write_bytes(path.read_bytes()[:-40]),
        lambda path: save_file({"hashes": np.zeros((1, 8), np.uint8)}, path),
        lambda path: save_file({}, path, metadata={"figbench": "[" * 100_000}),
        lambda path: save_file({}, path, metadata={"figbench": '{"digest": 1}'}),
    ],
)
def test_hostile_attachments_are_user_errors(tmp_path, case, break_it):
    path = tmp_path / "a.safetensors"
    save_attachment(path, case[1])
    break_it(path)
    with pytest.raises(UserError):
        load_attachment(path)


def test_features_that_are_no_numbers_are_refused(tmp_path, case):
    features = case[1].features["x"].copy()
    features[3, 1] = np.nan
    broken = Attachment(case[1].header, case[1].hashes, {}, {"x": features})
    save_attachment(tmp_path / "a.safetensors", broken)
    with pytest.raises(UserError, match="finite"):
        load_attachment(tmp_path / "a.safetensors")


def test_a_linked_attachment_is_not_followed(tmp_path, case):
    save_attachment(tmp_path / "secret", case[1])
    (tmp_path / "a.safetensors").symlink_to(tmp_path / "secret")
    with pytest.raises(UserError, match="is a link"):
        load_attachment(tmp_path / "a.safetensors")


def test_a_page_that_lags_behind_its_entries_is_reported(tmp_path):
    folder = write_board(tmp_path, [entry("a")])
    with pytest.raises(IntegrityError, match="not what the entries build"):
        require_fresh(folder)
    page = build_board(folder)
    require_fresh(folder)
    write_board(tmp_path, [entry("a", 11.0)])
    with pytest.raises(IntegrityError, match=r"index\.html"):
        require_fresh(folder)
    assert page.is_file()
