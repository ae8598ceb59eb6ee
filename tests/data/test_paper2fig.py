"""Paper2Fig100k's JSON: both generations, every quirk, and anything at all."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from figbench.data.layouts.paper2fig import MAX_TEXT_LINES, parse_box, parse_ocr
from figbench.data.load import load_manifest
from figbench.data.types import TextLine
from figbench.errors import UserError
from tests.data.pictures import drawing, encoded

BOX = ((71.0, 18.0), (134.0, 18.0), (134.0, 44.0), (71.0, 44.0))
LINE = {"text": "Encoder", "bbox": str([[71, 18], [134, 18], [134, 44], [71, 44]])}


def write_root(root, records, split="test"):
    (root / "figures").mkdir(parents=True, exist_ok=True)
    for index, record in enumerate(records.values() if isinstance(records, dict) else records):
        if isinstance(record, dict) and "figure_id" in record:
            name = f"{record['figure_id']}.png"
            (root / "figures" / name).write_bytes(encoded(drawing(seed=index)))
    (root / f"paper2fig_{split}.json").write_text(json.dumps(records))
    return root


def record(figure_id="2010.16417v1-Figure2-1", **changes):
    nested = {"figure_id": figure_id, "ocr_result": [{**LINE, "confidence": "0.98"}]}
    return {
        "figure_id": figure_id,
        "captions": ["Figure 2: An encoder.", "As Figure 2 shows, ..."],
        "captions_norm": ["figure number-tk : an encoder ."],
        "ocr_result": nested,
        "aspect": 1.33,
    } | changes


BOXES = {
    "list": [[71, 18], [134, 18], [134, 44], [71, 44]],
    "string": "[[71, 18], [134, 18], [134, 44], [71, 44]]",
    "numpy 2": "[[np.int32(71), np.int32(18)], [np.int32(134), np.int32(18)], "
    "[np.int32(134), np.int32(44)], [np.int32(71), np.int32(44)]]",
    "numpy floats": "[[np.float64(71.0), np.float64(18.0)], [134.0, 18.0], [134., 44], [71, 44]]",
    "no spaces": "[[71,18],[134,18],[134,44],[71,44]]",
}


@pytest.mark.parametrize("form", BOXES)
def test_box_forms(form):
    assert parse_box(BOXES[form]) == BOX


def test_rotated_text_has_negative_and_fractional_corners():
    stored = "[[-3.5, 18], [134, -0.25], [134, 44], [1e2, 44]]"
    assert parse_box(stored) == ((-3.5, 18.0), (134.0, -0.25), (134.0, 44.0), (100.0, 44.0))


@pytest.mark.parametrize(
    "stored",
    [
        "",
        "error",
        "[[1, 2]]",
        "[[1, 2], [3, 4], [5, 6], [7, nan]]",
        "[[1e999, 1], [1, 1], [1, 1], [1, 1]]",
        "__import__('os')",
        None,
        7,
        {},
        [[1, 2]],
        [[1, 2], [3, 4], [5, 6], "78"],
        [[1, 2], [3, 4], [5, 6], [7, 10**400]],
        [[1, 2], [3, 4], [5, 6], [7, 8], [9, 10]],
    ],
)
def test_unreadable_boxes_are_empty(stored):
    assert parse_box(stored) == ()


def test_a_box_is_never_evaluated(tmp_path):
    parse_box(f"open('{tmp_path / 'x'}', 'w') [[71, 18], [134, 18], [134, 44], [71, 44]]")
    assert not (tmp_path / "x").exists()


def test_both_generations_of_ocr():
    line = {**LINE, "confidence": 0.98}
    expected = (TextLine("Encoder", BOX, 0.98),)
    assert parse_ocr({"figure_id": "a", "ocr_result": [line]}) == expected
    assert parse_ocr([line]) == expected
    assert parse_ocr([{**line, "confidence": "0.98"}]) == expected
    assert parse_ocr({"figure_id": "a", "ocr_result": "error"}) is None
    assert parse_ocr("error") is None
    assert parse_ocr(None) is None
    assert parse_ocr([]) == ()


@pytest.mark.parametrize(
    "stored", ["nan", "Infinity", float("nan"), None, "high", 10**400, [], True]
)
def test_confidence_is_always_a_probability(stored):
    (line,) = parse_ocr([{**LINE, "confidence": stored}])
    assert 0 <= line.confidence <= 1


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30),
    lambda inner: (
        st.lists(inner, max_size=5)
        | st.dictionaries(
            st.sampled_from(["ocr_result", "text", "bbox", "confidence", "figure_id"]) | st.text(),
            inner,
            max_size=5,
        )
    ),
    max_leaves=20,
)


@settings(max_examples=300, deadline=None)
@given(anything)
def test_anything_in_ocr_result_parses_or_is_none(stored):
    lines = parse_ocr(stored)
    for line in lines or ():
        assert isinstance(line.text, str)
        assert len(line.box) in (0, 4)
        assert 0 <= line.confidence <= 1
        assert np.isfinite(np.array(line.box)).all()
        line.text.encode("utf-8")


@settings(max_examples=300, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.integers(-9999, 9999) | st.floats(-1e4, 1e4).map(lambda x: round(x, 3)),
            st.integers(-9999, 9999),
        ),
        min_size=4,
        max_size=4,
    ),
    st.booleans(),
)
def test_printed_boxes_come_back(corners, numpy_2):
    def show(value):
        kind = "int32" if isinstance(value, int) else "float64"
        return f"np.{kind}({value})" if numpy_2 else str(value)

    stored = f"[{', '.join(f'[{show(x)}, {show(y)}]' for x, y in corners)}]"
    assert parse_box(stored) == tuple((float(x), float(y)) for x, y in corners)


def test_broken_escapes_in_text_can_be_stored():
    (line,) = parse_ocr(json.loads('[{"text": "a\\ud800b"}]'))
    assert line.text == "a?b"


def test_ocr_is_bounded():
    assert len(parse_ocr([{**LINE}] * (MAX_TEXT_LINES + 10))) == MAX_TEXT_LINES


def test_root_with_prompts_labels_and_papers(tmp_path):
    other = record("1001.1968v1-Figure1-1", ocr_result=[], captions="A plain string.")
    manifest = load_manifest(write_root(tmp_path, [record(), other]))
    assert manifest.layout == "paper2fig100k"
    assert [one.figure_id for one in manifest.figures] == [
        "2010.16417v1-Figure2-1",
        "1001.1968v1-Figure1-1",
    ]
    assert [one.prompt for one in manifest.figures] == ["Figure 2: An encoder.", "A plain string."]
    assert [one.paper_id for one in manifest.figures] == ["2010.16417v1", "1001.1968v1"]
    assert manifest.labels["2010.16417v1-Figure2-1"] == (TextLine("Encoder", BOX, 0.98),)
    assert manifest.labels["1001.1968v1-Figure1-1"] == ()


def test_top_level_dict_and_json_path(tmp_path):
    root = write_root(
        tmp_path, {one["figure_id"]: one for one in [record(), record("b-Figure1-1")]}
    )
    whole = load_manifest(root / "paper2fig_test.json")
    assert whole.figures == load_manifest(root).figures
    assert len(whole.figures) == 2


def test_splits_and_caption_fields(tmp_path):
    write_root(tmp_path, [record("train-Figure1-1")], "train")
    assert load_manifest(tmp_path).figures[0].figure_id == "train-Figure1-1"
    write_root(tmp_path, [record("test-Figure1-1")])
    assert load_manifest(tmp_path).figures[0].figure_id == "test-Figure1-1"
    assert load_manifest(tmp_path, split="train").figures[0].paper_id == "train"
    norm = load_manifest(tmp_path, caption="captions_norm").figures[0].prompt
    assert norm == "figure number-tk : an encoder ."
    with pytest.raises(UserError, match="captions_galai") as caught:
        load_manifest(tmp_path, caption="captions_galai")
    assert "captions_norm" in caught.value.remedy
    (tmp_path / "paper2fig_train.json").unlink()
    with pytest.raises(UserError, match=r"paper2fig_train\.json"):
        load_manifest(tmp_path, split="train")


def test_damaged_records_are_rejected_by_number(tmp_path):
    records = [record(), {"captions": ["no id"]}, "text", record("../../etc/passwd"), record("b\n")]
    (tmp_path / "paper2fig_test.json").write_text(json.dumps(records))
    (tmp_path / "figures").mkdir()
    (tmp_path / "figures" / "2010.16417v1-Figure2-1.png").write_bytes(encoded(drawing()))
    manifest = load_manifest(tmp_path)
    assert len(manifest.figures) == 1
    assert [one.code for one in manifest.rejects] == ["bad-record"] * 3 + ["bad-name"]
    assert manifest.rejects[0].path == "paper2fig_test.json#record 2"


def test_missing_file_failed_ocr_and_nan_are_named_not_fatal(tmp_path):
    root = write_root(tmp_path, [record("a-Figure1-1"), record("b-Figure1-1", ocr_result="error")])
    (root / "figures" / "a-Figure1-1.png").unlink()
    path = root / "paper2fig_test.json"
    path.write_text(path.read_text().replace("1.33", "NaN").replace('"0.98"', "Infinity"))
    manifest = load_manifest(root)
    assert [(one.figure_id, one.code) for one in manifest.rejects] == [
        ("a-Figure1-1", "missing-file")
    ]
    assert "1 figures have no stored labels (missing or 'error')" in manifest.notes
    assert manifest.labels["a-Figure1-1"][0].confidence == 0


def test_repeated_records_count_once(tmp_path):
    manifest = load_manifest(write_root(tmp_path, [record(), record()]))
    assert len(manifest.figures) == 1
    assert any("repeated rows" in note for note in manifest.notes)
