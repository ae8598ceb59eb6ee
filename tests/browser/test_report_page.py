"""The report page, opened from disk in a real browser."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from figbench.data.load import load_manifest
from figbench.evaluation import evaluate
from figbench.evaluation.artifacts.writer import GENERATED_NAME
from figbench.reports.build import build_report
from figbench.results.schema import ModelCard

ROOT = Path(__file__).parents[2]
OUTSIDE = """
const scrolls = (e) => e && e !== document.body && e !== document.documentElement
  && (getComputedStyle(e).overflowX !== "visible" || scrolls(e.parentElement));
return [...document.querySelectorAll("body *")]
  .filter((e) => e.getBoundingClientRect().right > 391 && !scrolls(e.parentElement))
  .map((e) => e.tagName + "." + e.className);
"""
"""Elements that pass the right edge of a phone and are in no box that scrolls."""


@pytest.fixture(scope="module")
def page(synthfig_root, tmp_path_factory):
    folder = tmp_path_factory.mktemp("report-page")
    (folder / "made").mkdir()
    for path in (synthfig_root / "figures").glob("*.png"):
        grey = np.asarray(Image.open(path).convert("L")) // 2 + 80
        Image.fromarray(grey).save(folder / "made" / path.name)
    card = ModelCard(name="<script>document.title='owned'</script>")
    evaluate(folder / "made", synthfig_root, metrics=["ssim"], output=folder / "run", model=card)
    return build_report([folder / "run"], folder / "report.html", figures=3)


@pytest.fixture(scope="module")
def judged_page(page):
    """Two runs with all metrics of the quality baseline, strata, and people's votes."""
    whole = json.loads((ROOT / "tests/quality/baseline/result.json").read_text())["metrics"]
    runs = []
    for name in ("a-model-with-a-long-name", "second-model"):
        folder = page.parent / name
        shutil.copytree(page.parent / "run", folder)
        result = json.loads((folder / "result.json").read_text())
        result["metrics"] = whole | result["metrics"]
        result["model"]["name"] = name
        (folder / "result.json").write_text(json.dumps(result))
        runs.append(folder)
    ids = [one.figure_id for one in load_manifest(runs[0] / GENERATED_NAME).figures]
    votes = [
        {"prompt_id": figure_id, "paper_id": figure_id, "first": runs[0].name,
         "second": runs[1].name, "rater": f"R{rater}",
         "winner": ("first", "second", "tie")[(number + rater) % 3]}
        for number, figure_id in enumerate(ids)
        for rater in range(3)
    ]  # fmt: skip
    cast = page.parent / "votes.jsonl"
    cast.write_text("\n".join(map(json.dumps, votes)))
    return build_report(runs, page.parent / "judged.html", votes=[cast])


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_report_opens_without_messages_network_or_serious_violations(
    browser, page, axe_source, scheme
):
    media = {"features": [{"name": "prefers-color-scheme", "value": scheme}]}
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", media)
    browser.get("about:blank")
    browser.get_log("performance"), browser.get_log("browser")
    browser.get(page.as_uri())
    assert browser.title == "<script>document.title='owned'</script>"
    events = [json.loads(one["message"])["message"] for one in browser.get_log("performance")]
    urls = [
        one["params"]["request"]["url"]
        for one in events
        if one["method"] == "Network.requestWillBeSent"
    ]
    assert any(url.startswith("file:") for url in urls)
    assert [url for url in urls if not url.startswith(("file:", "data:", "about:"))] == []
    assert browser.get_log("browser") == []
    browser.execute_script(axe_source)
    found = browser.execute_async_script("axe.run().then(arguments[0])")
    serious = [one["id"] for one in found["violations"] if one["impact"] in ("serious", "critical")]
    assert serious == []


def test_a_phone_stacks_the_table_and_turns_figures_into_strips(browser, page):
    screen = {"width": 390, "height": 844, "deviceScaleFactor": 1, "mobile": True}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", screen)
    try:
        browser.get("about:blank")
        browser.get(page.as_uri())
        root = "return document.documentElement"
        assert browser.execute_script(OUTSIDE) == []
        assert browser.execute_script(f"{root}.scrollHeight") < 6000
        strip = "return document.querySelector('.sheets')"
        wide = browser.execute_script(f"{strip}.scrollWidth > {strip[7:]}.clientWidth")
        assert wide
        title = "return document.querySelector('.stacked .whisker title').textContent"
        assert browser.execute_script(title).endswith("figures")
    finally:
        browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def test_two_judged_runs_fit_a_phone(browser, judged_page, axe_source):
    screen = {"width": 390, "height": 844, "deviceScaleFactor": 1, "mobile": True}
    opened = "return [...document.querySelectorAll('details.folded')].map((one) => one.open)"
    browser.get(judged_page.as_uri())
    assert set(browser.execute_script(opened)) == {True}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", screen)
    try:
        browser.get("about:blank")
        browser.get(judged_page.as_uri())
        assert browser.execute_script(OUTSIDE) == []
        assert set(browser.execute_script(opened)) == {False}
        height = "return document.documentElement.scrollHeight"
        assert browser.execute_script(height) < 6000
        browser.execute_script(axe_source)
        found = browser.execute_async_script("axe.run().then(arguments[0])")
        impacts = {one["id"]: one["impact"] for one in found["violations"]}
        assert not {"serious", "critical"} & set(impacts.values()), impacts
        browser.find_element("css selector", "details.folded > summary").click()
        assert browser.execute_script(opened)[0]
    finally:
        browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
