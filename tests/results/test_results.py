"""A result is whole, finite and readable, or it is refused with the place of the fault."""

import json

import jsonschema
import pytest

from figbench.errors import UserError
from figbench.io.atomic import write_text_atomic
from figbench.io.json_files import read_json
from figbench.results.files import load_result, write_result
from figbench.results.schema import MetricValue, RunResult, json_schema
from tests.results.factory import make_result


def test_round_trip_and_schema(tmp_path):
    result = make_result()
    path = write_result(result, tmp_path)
    assert load_result(path) == result == load_result(tmp_path)
    jsonschema.Draft202012Validator(json_schema()).validate(json.loads(path.read_text()))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda d: d["metrics"]["fid"].update(value=None), "value must be present"),
        (lambda d: d["metrics"]["fid"].update(status="failed"), "value must be present"),
        (lambda d: d.update(schema_version=99), "schema_version 99"),
        (lambda d: d.update(surprise=1), "surprise"),
        (lambda d: d["metrics"]["fid"].update(value="NaN"), "metrics.fid.value"),
        (lambda d: d.pop("protocol"), "protocol"),
    ],
)
def test_broken_results_are_refused_with_the_place(tmp_path, change, message):
    document = make_result().model_dump(mode="json")
    change(document)
    path = tmp_path / "result.json"
    path.write_text(json.dumps(document))
    with pytest.raises(UserError, match=message):
        load_result(path)


@pytest.mark.parametrize("text", ["", "{", "[1, NaN]", '{"a": Infinity}', "\x00", "[" * 100_000])
def test_what_is_not_json_is_a_user_error(tmp_path, text):
    path = tmp_path / "result.json"
    path.write_text(text)
    with pytest.raises(UserError, match="not valid JSON"):
        read_json(path)


def test_size_limit(tmp_path):
    path = tmp_path / "big.json"
    path.write_text('"' + "x" * 5000 + '"')
    with pytest.raises(UserError, match="limit of 1,000"):
        read_json(path, limit=1000)


def test_failed_write_leaves_the_old_file(tmp_path):
    target = tmp_path / "result.json"
    write_text_atomic(target, "old")
    with pytest.raises(UnicodeEncodeError):
        write_text_atomic(target, "\ud800")
    assert target.read_text() == "old"
    assert list(tmp_path.iterdir()) == [target]


def test_a_failure_is_never_a_number():
    with pytest.raises(ValueError, match="finite"):
        MetricValue(value=float("nan"), status="ok", higher_is_better=False, n_used=1, n_expected=1)
    result = make_result()
    assert isinstance(result, RunResult)
    with pytest.raises(KeyError, match="no weights"):
        result.value("kid")
    assert result.value("fid") == 12.5
