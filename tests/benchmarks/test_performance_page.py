"""docs/performance.md against its JSON, and the tables of the scripts that measure CPU time."""

import pytest

from tests.benchmarks.side_by_side import large, page, readers, stages


def run(version, turn, total, ocr, **values):
    return {
        "version": version,
        "round": turn,
        "total": total,
        "stages": {"rapidocr": ocr, "scoring": total - ocr},
        "values": values or {"ssim": 0.5},
    }


def test_page_equals_its_json():
    text = page.PAGE.read_text(encoding="utf-8")
    names = [match["name"] for match in page.BLOCK.finditer(text)]
    assert sorted(names) == sorted(path.stem for path in page.RESULTS.glob("*.json"))
    assert text == page.rendered(text)


def test_stages_before_and_after():
    runs = [
        run("before", 0, 10.0, 8.0),
        run("after", 0, 4.0, 2.0, ssim=0.5005),
        run("before", 1, 12.0, 8.0),
        run("after", 1, 4.0, 2.0),
    ]
    [table] = stages.tables({"settings": {"n": 2}, "runs": runs})
    assert table.rows[0] == ["rapidocr", "4000.0", "1000.0", "4.00 (4.00 to 4.00)"]
    assert table.rows[-1] == ["in all", "5500.0", "2000.0", "2.75 (2.50 to 3.00)"]
    assert "1e-03" in table.note


def test_metric_that_a_version_lacks_is_no_equality():
    sides = {"before": [run("before", 0, 1.0, 0.5)], "after": [run("after", 0, 1.0, 0.5, fid=1.0)]}
    assert float("inf") in stages.deviations(sides).values()


def test_readers_count_every_difference():
    texts = [[["a", "b"], ["c"]], [["a", "b"], ["d"]]]
    made = readers.record("rapidocr", 1, [2.0, 0.5], texts)
    assert made["differences"] == [{"stock": ["c"], "figbench": ["d"]}]
    [table] = readers.tables({"runs": [made]})
    assert table.rows == [["RapidOCR, stock", "1000", "250", "4.00", "1 of 2", "3"]]


def test_large_sets_per_pair():
    runs = [
        {"n": n, "stages": {"planning": seconds}, "total": seconds, "peak_mib": 200.4}
        for n, seconds in ((1000, 1.0), (10_000, 11.0))
    ]
    [table] = large.tables({"runs": runs})
    assert table.rows[0] == ["planning", "1.00", "1.10"]
    assert table.rows[-1] == ["peak, MiB", "200", "200"]


def test_page_of_an_unknown_table():
    with pytest.raises(FileNotFoundError):
        page.rendered("<!-- nothing.json -->\n<!-- end -->")
