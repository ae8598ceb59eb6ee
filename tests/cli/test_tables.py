"""Names, tables and exports of the command line on finished runs; no network runs here."""

import csv
import io
import subprocess
import sys

import numpy as np
import pytest
from rich.console import Console

from figbench.cli.output.console import plain_table, print_table
from figbench.cli.output.tables import show_result
from figbench.errors import UserError
from figbench.evaluation.progress import PlainProgress
from figbench.metrics import get_metric
from figbench.metrics.names import expand, output_names, request_of
from figbench.pages.numbers import format_number
from figbench.pages.tables import as_csv, as_latex, results_table
from figbench.results.files import load_result
from tests.gate.factory import write_run

RNG = np.random.default_rng(0)


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs")
    f1 = RNG.uniform(0.6, 0.8, 40)
    write_run(folder / "good", {"label_f1": f1, "ssim": f1}, name="good")
    write_run(folder / "bad", {"label_f1": f1 - 0.3, "ssim": f1}, name="bad")
    return folder


def figbench(*arguments, **environment):
    import os

    return subprocess.run(
        [sys.executable, "-m", "figbench", *map(str, arguments)],
        capture_output=True,
        text=True,
        env={**os.environ, **environment},
    )


@pytest.mark.parametrize(
    ("name", "request_name"),
    [
        ("label_f1", "label_fidelity"),
        ("coverage@x", "prdc@x"),
        ("valid_rate", "validity"),
        ("fid", "fid"),
        ("is_full@x", "is@x"),
    ],
)
def test_an_output_names_its_request(name, request_name):
    assert request_of(name) == request_name


def test_every_output_resolves_and_a_typo_is_answered():
    for name in output_names():
        outputs = [one.id for one in get_metric(request_of(name)).spec.outputs]
        assert name in outputs and expand([name]) == [name]
    with pytest.raises(UserError, match="Did you mean 'label_f1'"):
        request_of("lable_f1")
    with pytest.raises(UserError, match="needs the extractor"):
        request_of("coverage")


@pytest.mark.parametrize(
    ("value", "scale", "text"),
    [(-2.8e-14, 1, "0"), (None, 1, "-"), (-0.0059, 1000, "-5.9"), (12345.6, 1, "12346")],
)
def test_numbers_have_no_dust(value, scale, text):
    assert format_number(value, scale) == text


def test_a_table_keeps_every_number_whole_at_any_width():
    for width in (20, 40, 80):
        stream = io.StringIO()
        table = plain_table(("metric", "left"), ("value", "right"))
        table.add_row("coverage@efficientnet-lite0 (x1000)", "0.123456")
        print_table(Console(file=stream, width=width), table)
        assert "coverage@efficientnet-lite0 (x1000)  0.123456\n" in stream.getvalue()


def test_a_result_fits_80_columns_and_says_each_reason_once(runs):
    result = load_result(runs / "good")
    skipped = {
        "value": None, "status": "skipped", "reason": "no weights", "higher_is_better": False,
        "n_used": 0, "n_expected": 40,
    }  # fmt: skip
    document = result.model_dump()
    document["metrics"] |= {"fid": skipped, "kid": skipped}
    stream = io.StringIO()
    show_result(Console(file=stream, width=80), type(result).model_validate(document))
    text = stream.getvalue()
    assert text.count("no weights") == 1 and "Skipped fid, kid:" in text
    assert "Labels" in text and "n: 40 of 40" in text
    table = text.partition("n: 40")[0]
    assert max(map(len, table.splitlines())) <= 80


def test_compare_writes_names_and_a_verdict_to_stdout_and_ascii_on_request(runs):
    done = figbench("compare", runs / "good", runs / "bad")
    assert done.returncode == 0, done.stderr
    assert "good" in done.stdout and "worse in label_f1" in done.stdout
    assert max(map(len, done.stdout.splitlines()[:5])) <= 80
    plain = figbench("compare", runs / "good", runs / "bad", PYTHONIOENCODING="ascii")
    assert plain.returncode == 0, plain.stderr
    assert "label_f1 ^" in plain.stdout and plain.stdout.isascii()


def test_a_table_for_latex_and_csv_marks_the_best_and_keeps_full_precision(runs):
    results = [(name, load_result(runs / name)) for name in ("good", "bad")]
    table = results_table(results)
    assert r"label\_f1 $\uparrow$ & \textbf{" in as_latex(table)
    rows = list(csv.DictReader(io.StringIO(as_csv(table))))
    values = {(one["metric"], one["run"]): float(one["value"]) for one in rows}
    assert values["label_f1", "bad"] == results[1][1].value("label_f1")


def test_plots_are_the_same_twice_and_refuse_other_suffixes(runs, tmp_path):
    from figbench.reports.figures_for_papers import draw_runs

    paths = [runs / "good", runs / "bad"]
    for kind in ("intervals", "scatter"):
        one = draw_runs(paths, tmp_path / "a.pdf", kind=kind, metrics=["label_f1", "ssim"])
        data = one.read_bytes()
        draw_runs(paths, tmp_path / "a.pdf", kind=kind, metrics=["label_f1", "ssim"])
        assert data.startswith(b"%PDF") and one.read_bytes() == data
    with pytest.raises(UserError, match=r"not \.pdf"):
        draw_runs(paths, tmp_path / "a.doc", kind="intervals", metrics=None)


def test_a_pipe_gets_a_line_every_ten_seconds_of_the_clock():
    now, lines = [0.0], []
    progress = PlainProgress(lines.append, clock=lambda: now[0])
    with progress.tasks({"network": 100}) as advance:
        for second in range(1, 51):
            now[0] = float(second)
            advance("network", 2)
    assert [line.partition(",")[0] for line in lines] == [
        f"network: {count} of 100" for count in (20, 40, 60, 80, 100)
    ]
    assert "about 40 s left" in lines[0]
