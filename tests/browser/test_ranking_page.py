"""The ranking section with figures, opened from disk in a real browser."""

import pytest
from selenium.webdriver.common.by import By

from figbench.ranking import Vote, rank
from figbench.ranking.section import ranking_page, select_examples
from figbench.study.pictures import canvas, data_uri
from tests.browser.test_study_page import serious
from tests.ranking.simulate import simulate

EVIL = "<script>document.title='owned'</script>"


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    import numpy as np

    rng = np.random.default_rng(0)
    rename = {"m0": "figgen-large", "m1": "figgen-base", "m2": EVIL}
    votes = [
        Vote(v.prompt_id, v.paper_id, rename[v.first], rename[v.second], v.winner, v.rater)
        for v in simulate([1.0, 0.8, -0.8], 40, 2, rng, spread=0.5, tie=0.4)
    ]
    images = {
        (model, f"p{k}"): data_uri(canvas(rng.integers(0, 255, (60, 80, 3), dtype=np.uint8)))
        for model in list(rename.values())[:2]
        for k in range(40)
    }
    examples = select_examples(votes, images, {"p1": "A caption."}, per_outcome=2)
    path = tmp_path_factory.mktemp("ranking") / "rank.html"
    path.write_text(ranking_page(rank(votes), examples), encoding="utf-8")
    return path, votes, examples


@pytest.mark.parametrize("width", [1400, 390])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_section_is_accessible_and_inert(browser, axe_source, page, scheme, width):
    path, _, examples = page
    media = {"features": [{"name": "prefers-color-scheme", "value": scheme}]}
    screen = {"width": width, "height": 844, "deviceScaleFactor": 1, "mobile": width < 500}
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", media)
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", screen)
    try:
        browser.get("about:blank")
        browser.get_log("browser")
        browser.get(path.as_uri())
        assert browser.title == "figbench ranking"
        assert browser.execute_script("return document.documentElement.scrollWidth") <= width
        assert len(browser.find_elements(By.CSS_SELECTOR, ".match")) == len(examples)
        assert serious(browser, axe_source) == []
        assert browser.get_log("browser") == []
    finally:
        browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})


def test_examples_do_not_depend_on_the_order_of_votes(page):
    _, votes, examples = page
    assert examples == select_examples(
        votes[::-1], _images(examples), {"p1": "A caption."}, per_outcome=2
    )
    assert {one.outcome for one in examples} == {"win", "tie", "loss"}
    for one in examples:
        assert sum(one.votes) == 2


def _images(examples):
    return {
        (name, one.prompt_id): image
        for one in examples
        for name, image in zip((one.first, one.second), one.images, strict=True)
        if image
    }
