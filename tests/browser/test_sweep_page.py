"""The page of a sweep, opened from disk in a real browser."""

import pytest
from selenium.webdriver.common.by import By

from figbench.sweeps.axes import GUIDANCE
from figbench.sweeps.page import write_page
from figbench.sweeps.run import sweep_document
from tests.browser.test_study_page import serious
from tests.leaderboard.test_sweep import _result


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    results = {1.0: _result(10, 1, 0.2), 5.0: _result(10.5, 1, 0.6), 9.0: _result(30, 1, 0.9)}
    return write_page(
        results, sweep_document(results, GUIDANCE), tmp_path_factory.mktemp("sweep"), GUIDANCE
    )


@pytest.mark.parametrize(("scheme", "width"), [("light", 1400), ("dark", 1400), ("dark", 390)])
def test_a_sweep_opens_without_messages_or_serious_violations(
    browser, axe_source, page, scheme, width
):
    media = {"features": [{"name": "prefers-color-scheme", "value": scheme}]}
    screen = {"width": width, "height": 844, "deviceScaleFactor": 1, "mobile": width < 500}
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", media)
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", screen)
    try:
        browser.get("about:blank")
        browser.get_log("browser")
        browser.get(page.as_uri())
        assert browser.title == "Sweep of the guidance scale"
        assert browser.execute_script("return document.documentElement.scrollWidth") <= width
        assert len(browser.find_elements(By.CSS_SELECTOR, "svg.plot g > title")) == 9
        tick = browser.find_element(By.CSS_SELECTOR, "svg.plot text")
        ink = tick.value_of_css_property("fill")
        assert ink == ("rgb(168, 179, 192)" if scheme == "dark" else "rgb(82, 96, 109)")
        assert serious(browser, axe_source) == []
        assert browser.get_log("browser") == []
    finally:
        browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})
