"""The report page, opened from disk in a real browser."""

import json

import numpy as np
import pytest
from PIL import Image

from figbench.evaluation import evaluate
from figbench.reports.build import build_report
from figbench.results.schema import ModelCard

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
