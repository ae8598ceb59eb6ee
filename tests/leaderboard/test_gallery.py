"""Pictures beside each other: who chooses them, what is refused, what the page says of them."""

import base64
import io
import json
import re

import numpy as np
import pytest
from PIL import Image

from figbench.errors import UserError
from figbench.evaluation import evaluate
from figbench.leaderboard.attachments import (
    Attachment,
    Pictured,
    attachment_path,
    load_attachment,
    save_attachment,
)
from figbench.leaderboard.collect import collect
from figbench.leaderboard.entries import load_board, load_entries
from figbench.leaderboard.thumbnails import MOST_THUMBNAILS, gallery_ids, thumbnail
from figbench.leaderboard.views.board_rows import board_rows
from figbench.leaderboard.views.gallery import board_gallery
from figbench.leaderboard.views.page import build_board
from figbench.pages.label_differences import difference
from tests.leaderboard.factory import IDS, N, flat, gallery_board


@pytest.fixture
def board(tmp_path):
    """Models alpha, whose scores rise with the id, and beta, whose scores fall."""
    return gallery_board(tmp_path)


def _gallery(folder):
    rules, reference = load_board(folder), load_attachment(folder / "reference.safetensors")
    return board_gallery(board_rows(rules, load_entries(folder), reference).inside, reference)


def test_prompts_do_not_depend_on_order_and_are_spread_over_the_set():
    chosen = gallery_ids(IDS)
    assert len(chosen) == MOST_THUMBNAILS
    assert gallery_ids(reversed(IDS)) == chosen
    assert chosen != sorted(chosen)
    assert gallery_ids([*IDS, *IDS]) == chosen


def test_models_stand_beside_the_reference_with_their_labels_compared(board):
    first = _gallery(board).prompts[0]
    second = _gallery(board).prompts[1]
    assert [one.model for one in second.models] == ["alpha", "beta"]
    assert second.caption == f"about {second.figure_id}"
    assert second.models[0].labels == difference(["input", "encodr"], ["input", "decoder"])
    assert second.models[0].labels.missed == ("decoder",)
    assert second.models[1].labels.matched == ("decoder", "input")
    assert first.models[1].image == "" and first.models[0].image
    shown = Image.open(io.BytesIO(base64.b64decode(second.reference.partition(",")[2])))
    colour = np.asarray(shown.convert("RGB")).mean()
    assert colour == pytest.approx(4 * IDS.index(second.figure_id), abs=3)


def test_extremes_are_the_ends_and_the_middle_by_the_metric(board):
    shown = dict(_gallery(board).extremes)
    order = sorted(gallery_ids(IDS))
    middle = order[len(order) // 2]
    assert [one.figure_id for one in shown["alpha"]] == [order[0], middle, order[-1]]
    assert [one.title.split()[0] for one in shown["alpha"]] == ["worst", "median", "best"]
    assert shown["beta"][0].figure_id == order[-1]


def test_the_page_holds_the_gallery_and_is_the_same_twice(board):
    page = build_board(board).read_text()
    assert "<h2>Gallery</h2>" in page
    assert page.count('class="exhibit"') == 6 + 2 * 3
    assert "no figure" in page
    assert '<dt class="missed">Missed</dt><dd>decoder</dd>' in page
    assert build_board(board).read_text() == page


def _spoilt(board, tmp_path, content, pictures=None):
    path = board / "entries/org__m000__2026-01-01.safetensors"
    attachment = load_attachment(path)
    row = attachment.header.pictures[0].row
    drawn = {**attachment.thumbnails, row: content}
    header = attachment.header
    if pictures is not None:
        header = header.model_copy(update={"pictures": pictures})
    save_attachment(
        path, Attachment(header, attachment.hashes, attachment.values, attachment.features, drawn)
    )


def _encoded(image, kind, **options):
    buffer = io.BytesIO()
    image.save(buffer, format=kind, **options)
    return buffer.getvalue()


SMALL, LARGE = Image.new("RGB", (30, 30), "red"), Image.new("RGB", (300, 20))


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"<svg onload='alert(1)'/>", "not a WebP picture"),
        (_encoded(SMALL, "PNG"), "not a WebP picture"),
        (_encoded(LARGE, "WEBP"), "300 x 20 pixels"),
        (thumbnail(flat(9))[:-20], "not a WebP picture"),
        (b"RIFF" + b"0" * 2**18, "the limit is"),
        (
            _encoded(
                SMALL, "WEBP", save_all=True, append_images=[Image.new("RGB", (30, 30), "blue")]
            ),
            "animated",
        ),
    ],
    ids=["svg", "png", "large", "cut", "heavy", "animated"],
)
def test_what_is_no_thumbnail_is_refused(board, tmp_path, content, words):
    _spoilt(board, tmp_path, content)
    with pytest.raises(UserError, match=re.escape(words)):
        build_board(board)


@pytest.mark.parametrize("rows", [[0, 0], [N], []], ids=["twice", "no such row", "unlisted"])
def test_a_list_of_pictures_that_does_not_fit_is_refused(board, tmp_path, rows):
    _spoilt(board, tmp_path, thumbnail(flat(9)), [Pictured(row=row) for row in rows])
    with pytest.raises(UserError):
        build_board(board)


def test_texts_beside_pictures_are_escaped(board):
    path = board / "entries/org__m000__2026-01-01.safetensors"
    attachment = load_attachment(path)
    hostile = [
        one.model_copy(update={"labels": ["<img src=x onerror=alert(1)>"]})
        for one in attachment.header.pictures
    ]
    header = attachment.header.model_copy(update={"pictures": hostile})
    save_attachment(
        path,
        Attachment(
            header, attachment.hashes, attachment.values, attachment.features, attachment.thumbnails
        ),
    )
    page = build_board(board).read_text()
    assert "<img src=x" not in page and "&lt;img src=x" in page


def test_a_run_brings_its_pictures(synthfig_root, tmp_path):
    """What ``enter --board`` attaches comes back as it was drawn, and can be left out."""
    run = tmp_path / "run"
    evaluate(synthfig_root / "figures", synthfig_root, metrics=["ssim"], output=run)
    ours, theirs = collect(run, ["ssim"])
    assert sorted(theirs.thumbnails) == sorted(one.row for one in theirs.header.pictures)
    assert len(theirs.thumbnails) == min(MOST_THUMBNAILS, len(theirs.header.figure_ids))
    row = theirs.header.pictures[0].row
    figure_id = theirs.header.figure_ids[row]
    original = Image.open(next((synthfig_root / "figures").glob(f"{figure_id}.*"))).convert("RGB")
    original.thumbnail((256, 256))
    shown = Image.open(io.BytesIO(theirs.thumbnails[row])).convert("RGB")
    assert shown.size == original.size
    apart = np.abs(np.asarray(shown, float) - np.asarray(original, float)).mean()
    assert apart < 8
    assert theirs.header.pictures[0].caption
    path = attachment_path(tmp_path / "x.json")
    save_attachment(path, ours)
    assert load_attachment(path).thumbnails == ours.thumbnails
    assert not any(side.thumbnails for side in collect(run, ["ssim"], with_images=False))
    assert json.dumps(ours.header.model_dump())
