"""The board as a reader meets it: opened from disk in a real browser."""

import csv
import json

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import Select, WebDriverWait

from figbench.leaderboard.views.page import build_board
from tests.leaderboard.factory import entry, gallery_board, write_board
from tests.waiting import HANG_S

VALUES = {"beta": 30.0, "alpha": 10.5, "gamma": 20.0}


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    evil = entry("</script><script>document.title='owned'</script>", 40.0)
    entries = [*(entry(name, value) for name, value in VALUES.items()), evil]
    return build_board(write_board(tmp_path_factory.mktemp("board"), entries))


@pytest.fixture
def opened(browser, page):
    browser.set_window_size(1300, 1000)
    browser.get("about:blank")
    browser.get_log("performance"), browser.get_log("browser")
    browser.get(page.as_uri())
    return browser


def _names(browser):
    cells = browser.find_elements(By.CSS_SELECTOR, "#board tbody tr td.model strong")
    return [cell.text for cell in cells]


def test_sorts_by_a_click_and_keeps_it_in_the_address(opened):
    heading = opened.find_elements(By.CSS_SELECTOR, "#board thead th")[2]
    heading.click()
    _until(opened, lambda names: names[:3] == ["alpha", "gamma", "beta"])
    heading.click()
    _until(opened, lambda names: names[1:] == ["beta", "gamma", "alpha"])
    assert "order=2" in opened.current_url


def _until(opened, shown):
    """The table redraws after the click returns."""
    WebDriverWait(opened, HANG_S).until(
        lambda _: shown(_names(opened)), message=str(_names(opened))
    )


def test_filters_and_the_address_restores_it(opened):
    opened.find_element(By.CSS_SELECTOR, ".dt-search input").send_keys("gamma")
    assert _names(opened) == ["gamma"]
    address = opened.current_url
    opened.get("about:blank")
    opened.get(address)
    assert _names(opened) == ["gamma"]


def _tagged(tmp_path):
    one, two = (
        entry("one", 10.0, tags=["gan", 'it\'s "odd"']),
        entry("two", 20.0, tags=["diffusion"]),
    )
    pinned = {**entry("pinned", 1.0, tags=["gan"]), "role": "baseline"}
    return build_board(write_board(tmp_path, [one, two, pinned]))


def test_tag_columns_and_drawer_are_kept_in_the_address(browser, tmp_path):
    browser.set_window_size(1300, 1000)
    browser.get(_tagged(tmp_path).as_uri())
    tag = Select(browser.find_element(By.CSS_SELECTOR, ".filters [name=tag]"))
    tag.select_by_visible_text("diffusion")
    browser.find_element(By.CSS_SELECTOR, ".columns summary").click()
    browser.find_elements(By.CSS_SELECTOR, ".columns input")[1].click()
    WebDriverWait(browser, HANG_S).until(lambda _: "hide=1" in browser.current_url)
    browser.find_element(By.CSS_SELECTOR, ".columns summary").click()
    browser.find_element(By.CSS_SELECTOR, "#board button.details").click()
    address = browser.current_url
    browser.get("about:blank")
    browser.get(address)
    assert _names(browser) == ["two"]
    assert not browser.find_element(By.XPATH, "//strong[text()='pinned']").is_displayed()
    heads = browser.find_elements(By.CSS_SELECTOR, "#board thead th")
    assert not any("Label F1" in one.text for one in heads)
    assert browser.find_element(By.CSS_SELECTOR, "#drawer").get_attribute("open")


def test_odd_tags(browser, tmp_path):
    page = _tagged(tmp_path)
    browser.get("about:blank")
    browser.get(page.as_uri())
    tag = Select(browser.find_element(By.CSS_SELECTOR, ".filters [name=tag]"))
    tag.select_by_visible_text('it\'s "odd"')
    assert _names(browser) == ["one"]
    tag.select_by_visible_text("all")
    assert _names(browser) == ["one", "two"]


def test_the_drawer_shows_provenance_without_brackets_and_closes(opened):
    opened.find_element(By.CSS_SELECTOR, "#board button.details").click()
    drawer = opened.find_element(By.CSS_SELECTOR, "#drawer")
    assert "figbench evaluate" in drawer.text
    assert "sampling 1" in drawer.text and "{" not in drawer.text
    assert "open=" in opened.current_url
    drawer.find_element(By.CSS_SELECTOR, ".close").click()
    WebDriverWait(opened, HANG_S).until(lambda _: "open=" not in opened.current_url)


def test_the_rank_follows_the_sorted_metric(opened):
    pills = [one.text for one in opened.find_elements(By.CSS_SELECTOR, "#board .pill")]
    assert pills[0] == "1" and pills != ["1-4"] * 4
    opened.find_elements(By.CSS_SELECTOR, "#board thead th")[3].click()
    WebDriverWait(opened, HANG_S).until(
        lambda _: (
            [one.text for one in opened.find_elements(By.CSS_SELECTOR, "#board .pill")]
            == ["1-4"] * 4
        )
    )


def test_a_phone_shows_rank_and_the_picked_metric(opened):
    opened.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride",
        {"width": 390, "height": 844, "deviceScaleFactor": 1, "mobile": True},
    )
    try:
        row = opened.find_element(By.CSS_SELECTOR, "#board tbody tr")
        assert row.find_element(By.CSS_SELECTOR, ".pill").is_displayed()
        shown = [one for one in row.find_elements(By.CSS_SELECTOR, ".metric") if one.is_displayed()]
        assert [one.get_attribute("data-metric") for one in shown] == ["0"]
        metric = Select(opened.find_element(By.CSS_SELECTOR, ".filters [name=metric]"))
        metric.select_by_index(1)
        row = opened.find_element(By.CSS_SELECTOR, "#board tbody tr")
        shown = [one for one in row.find_elements(By.CSS_SELECTOR, ".metric") if one.is_displayed()]
        assert [one.get_attribute("data-metric") for one in shown] == ["1"]
    finally:
        opened.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def test_the_saved_csv_holds_the_data(opened):
    opened.find_element(By.CSS_SELECTOR, "a[download='board.csv']").click()
    target = opened.downloads / "board.csv"
    WebDriverWait(opened, HANG_S).until(lambda _: target.exists())
    rows = list(csv.DictReader(target.read_text().splitlines()))
    found = {row["model"]: float(row["fd@efficientnet-lite0"]) for row in rows}
    assert {name: found[name] for name in VALUES} == VALUES


def test_a_narrow_screen_has_no_sideways_page(opened):
    opened.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride",
        {"width": 380, "height": 800, "deviceScaleFactor": 1, "mobile": True},
    )
    try:
        width = opened.execute_script("return document.documentElement.scrollWidth")
    finally:
        opened.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
    assert width <= 380


def test_print_shows_the_whole_table_and_no_controls(opened):
    """A landscape A4 page between its margins is 1032 CSS pixels wide."""
    screen = {"width": 1032, "height": 700, "deviceScaleFactor": 1, "mobile": False}
    opened.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", screen)
    opened.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    try:
        table = opened.find_element(By.CSS_SELECTOR, "#board").rect
        shown = [
            opened.find_element(By.CSS_SELECTOR, one).is_displayed()
            for one in (".filters", ".dt-search", "button.details")
        ]
    finally:
        opened.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})
        opened.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
    assert table["x"] >= 0 and table["x"] + table["width"] <= 1032
    assert shown == [False, False, False]


def test_hostile_text_is_shown_and_not_run(opened):
    assert opened.title == "Test board"
    assert any("</script>" in name for name in _names(opened))


def test_no_network_and_no_console_message(opened):
    events = [json.loads(one["message"])["message"] for one in opened.get_log("performance")]
    asked = [
        one["params"]["request"]["url"]
        for one in events
        if one["method"] == "Network.requestWillBeSent"
    ]
    assert any(url.startswith("file:") for url in asked)
    assert [url for url in asked if not url.startswith(("file:", "data:", "about:"))] == []
    assert opened.get_log("browser") == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious(opened, axe_source, scheme):
    media = {"features": [{"name": "prefers-color-scheme", "value": scheme}]}
    opened.execute_cdp_cmd("Emulation.setEmulatedMedia", media)
    assert _serious(opened, axe_source) == []


def _serious(browser, axe_source):
    browser.execute_script(axe_source)
    found = browser.execute_async_script("axe.run().then(arguments[0])")
    return [
        (one["id"], one["nodes"][0]["html"][:200])
        for one in found["violations"]
        if one["impact"] in ("serious", "critical")
    ]


def test_the_gallery_shows_every_picture_and_fits_a_phone(browser, axe_source, tmp_path):
    browser.set_window_size(500, 900)
    browser.get("about:blank")
    browser.get_log("performance"), browser.get_log("browser")
    browser.get(build_board(gallery_board(tmp_path)).as_uri())
    script = "document.querySelectorAll('.extremes').forEach((d) => d.open = true);"
    browser.execute_script(script + "document.querySelector('.extremes').scrollIntoView();")
    pictures = browser.find_elements(By.CSS_SELECTOR, ".wall img")
    assert len(pictures) == 6 * 3 - 1 + 2 * 3 * 2
    for one in pictures:
        browser.execute_script("arguments[0].loading = 'eager'; arguments[0].scrollIntoView()", one)
        WebDriverWait(browser, HANG_S).until(
            lambda _, one=one: int(one.get_property("naturalWidth"))
        )
    wide = "return document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert browser.execute_script(wide) <= 0
    assert _serious(browser, axe_source) == []
    assert not [one for one in browser.get_log("browser") if one["level"] == "SEVERE"]


def test_the_lightbox_moves_along_the_row_by_keys(browser, tmp_path):
    browser.set_window_size(1300, 1000)
    browser.get("about:blank")
    browser.get(build_board(gallery_board(tmp_path)).as_uri())
    zoom = browser.find_elements(By.CSS_SELECTOR, ".wall button.zoom")[0]
    browser.execute_script("arguments[0].scrollIntoView(); arguments[0].click()", zoom)
    title = browser.find_element(By.CSS_SELECTOR, "#lightbox-title")
    assert title.text == "Reference"
    browser.switch_to.active_element.send_keys(Keys.ARROW_RIGHT)
    WebDriverWait(browser, HANG_S).until(lambda _: title.text == "alpha")
    assert "Matched" in browser.find_element(By.CSS_SELECTOR, "#lightbox").text
    browser.switch_to.active_element.send_keys(Keys.ESCAPE)
    WebDriverWait(browser, HANG_S).until(lambda _: not title.is_displayed())


def test_500_entries_sort(browser, tmp_path):
    """The order counts; how long sorting takes is not measured here."""
    entries = [entry(f"model {i:03d}", 10 + (i * 37) % 500) for i in range(500)]
    browser.get(build_board(write_board(tmp_path, entries)).as_uri())
    browser.find_elements(By.CSS_SELECTOR, "#board thead th")[2].click()
    script = (
        "return [...document.querySelectorAll('#board td.model strong')].map((e) => e.textContent)"
    )
    WebDriverWait(browser, HANG_S).until(
        lambda _: browser.execute_script(script)[:2] == ["model 000", "model 473"]
    )
