"""The study page as raters use it: keyboard alone, touch at phone width, axe, resumption."""

import json

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from figbench.study import import_study
from figbench.study.questions import parse_questions
from tests.study.factory import make_study, page_data, rng
from tests.waiting import wait_until

PHONE = {"width": 390, "height": 844, "deviceScaleFactor": 1, "mobile": True}


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    return make_study(
        tmp_path_factory.mktemp("study-page"), prompts=4, raters=2, votes_per_item=1, gold=1
    )


@pytest.fixture(scope="module")
def questions(tmp_path_factory):
    return make_study(
        tmp_path_factory.mktemp("questions"),
        prompts=2,
        names=("a", "b"),
        raters=1,
        votes_per_item=1,
        gold=1,
        repeats=0,
        questions=parse_questions(["paperbanana"], likert=False),
    )


@pytest.fixture(scope="module")
def likert(tmp_path_factory):
    return make_study(
        tmp_path_factory.mktemp("likert"), mode="likert", prompts=2, raters=2, votes_per_item=1
    )


@pytest.fixture
def tab(browser):
    browser.set_window_size(1400, 900)
    browser.get("about:blank")
    browser.get_log("performance"), browser.get_log("browser")
    yield browser
    browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})


def visit(browser, exported, rater=None, *, clear=True):
    browser.get("about:blank")
    browser.get(exported.page.as_uri() + (f"#rater={rater}" if rater else ""))
    if clear:
        browser.execute_script("localStorage.clear()")
        browser.refresh()


def press(browser, *keys):
    for key in keys:
        browser.switch_to.active_element.send_keys(key)


def heading(browser):
    return browser.find_element(By.ID, "trial-heading").text


def downloaded(browser, exported, rater):
    path = browser.downloads / f"answers-{exported.key.study[:8]}-{rater}.jsonl"
    wait_until(lambda: path.exists() and path.stat().st_size)
    return path


def expected_lines(exported, rater, answers, *, whole=True):
    """(trial, question, answer) in the order of the session."""
    names = [question.id for question in exported.key.questions]
    slots = [(trial, name) for trial in exported.key.sessions[rater] for name in names]
    return [(*slot, answer) for slot, answer in zip(slots, answers, strict=whole)]


def saved_lines(path):
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    return [(row["trial"], row["question"], row["answer"]) for row in rows]


def serious(browser, axe_source):
    browser.execute_script(axe_source)
    result = browser.execute_async_script("axe.run().then(arguments[0])")
    return [
        (one["id"], one["nodes"][0]["html"][:200])
        for one in result["violations"]
        if one["impact"] in ("serious", "critical")
    ]


def test_a_whole_study_by_keyboard_alone_imports_as_answered(tab, study):
    visit(tab, study)
    press(tab, Keys.TAB, "R", Keys.TAB, Keys.ENTER)
    assert tab.find_element(By.ID, "rater").get_property("value") == "R01"
    total = len(study.key.sessions["R01"])
    generator, answers = rng(1), []
    for number in range(total):
        assert heading(tab) == f"Comparison {number + 1} of {total}"
        choice = int(generator.integers(3))
        answers.append(("left", "tie", "right")[choice])
        press(tab, str(choice + 1), Keys.ENTER)
    assert tab.find_element(By.ID, "end").is_displayed()
    press(tab, Keys.TAB, Keys.TAB, Keys.ENTER)
    path = downloaded(tab, study, "R01")
    assert saved_lines(path) == expected_lines(study, "R01", answers)
    imported = import_study(study.key_path, [path])
    side = {"left": "first", "right": "second", "tie": "tie"}
    wanted = [
        (trial.prompt_id, *trial.models, side[answer])
        for (name, _, answer) in expected_lines(study, "R01", answers)
        if (trial := study.key.trials[name]).kind == "judge"
    ]
    votes = [(v.prompt_id, v.first, v.second, v.winner) for v in imported.votes]
    assert votes == wanted
    assert tab.get_log("browser") == []


def test_the_images_of_a_trial_are_those_of_its_answers(tab, study):
    """The left figure on the screen is the image that the key calls left."""
    visit(tab, study, "R01")
    tab.find_element(By.ID, "begin").click()
    name = study.key.sessions["R01"][0]
    data = page_data(study.page)
    shown = [one.get_attribute("src") for one in tab.find_elements(By.CSS_SELECTOR, ".figures img")]
    assert shown == [data["images"][one] for one in data["trials"][name]["images"]]


def test_a_whole_study_by_touch_at_phone_width(tab, study):
    tab.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", PHONE)
    visit(tab, study, "R02")
    wide = "return document.documentElement.scrollWidth"
    assert tab.execute_script(wide) <= 390
    tab.find_element(By.ID, "begin").click()
    answers = []
    for number in range(len(study.key.sessions["R02"])):
        index = number % 3
        answers.append(("left", "tie", "right")[index])
        option = tab.find_elements(By.CSS_SELECTOR, ".option input")[index]
        assert option.rect["height"] >= 44 and option.rect["width"] >= 44
        tab.execute_script("arguments[0].scrollIntoView({block: 'center'})", option)
        option.click()
        assert tab.execute_script(wide) <= 390
        tab.find_element(By.ID, "next").click()
    tab.find_element(By.ID, "download").click()
    path = downloaded(tab, study, "R02")
    assert saved_lines(path) == expected_lines(study, "R02", answers)


def test_progress_survives_a_closed_page_and_raters_are_separate(tab, study):
    visit(tab, study, "R01")
    tab.find_element(By.ID, "begin").click()
    press(tab, "1", Keys.ENTER, "3", Keys.ENTER)
    visit(tab, study, clear=False)
    assert tab.find_element(By.ID, "rater").get_property("value") == "R01"
    assert tab.find_element(By.ID, "begin").text == "Continue"
    assert tab.find_element(By.ID, "resume").text.startswith("2 of")
    tab.find_element(By.ID, "begin").click()
    assert heading(tab).startswith("Comparison 3 of")
    press(tab, "b")
    assert tab.find_element(By.CSS_SELECTOR, "input:checked").get_property("value") == "right"
    visit(tab, study, "R02", clear=False)
    assert tab.find_element(By.ID, "begin").text == "Start"


def test_answers_can_be_saved_before_the_end(tab, study):
    visit(tab, study, "R02")
    for old in tab.downloads.glob(f"*{study.key.study[:8]}-R02*"):
        old.unlink()
    tab.find_element(By.ID, "begin").click()
    press(tab, "3", Keys.ENTER, "2")
    tab.find_element(By.ID, "save").click()
    lines = saved_lines(downloaded(tab, study, "R02"))
    assert lines == expected_lines(study, "R02", ["right", "tie"], whole=False)


def test_next_needs_an_answer_and_says_so(tab, study):
    visit(tab, study, "R01")
    tab.find_element(By.ID, "begin").click()
    press(tab, Keys.ENTER)
    assert tab.find_element(By.ID, "missing").text == "Please choose an answer."
    assert heading(tab).startswith("Comparison 1 of")
    assert tab.switch_to.active_element.get_attribute("type") == "radio"


def test_a_figure_is_enlarged_and_closed_by_keyboard(tab, study):
    visit(tab, study, "R01")
    tab.find_element(By.ID, "begin").click()
    press(tab, "x")
    assert tab.find_element(By.ID, "zoom").get_property("open")
    assert tab.find_element(By.ID, "zoom-image").get_attribute("alt") == "Figure B"
    press(tab, Keys.ESCAPE)
    assert not tab.find_element(By.ID, "zoom").get_property("open")


def test_four_questions_by_keyboard(tab, questions):
    visit(tab, questions, "R01")
    tab.find_element(By.ID, "begin").click()
    total = len(questions.key.sessions["R01"])
    for _ in range(total):
        press(tab, "1", "2", "3", "1", Keys.ENTER)
    tab.find_element(By.ID, "download").click()
    lines = saved_lines(downloaded(tab, questions, "R01"))
    assert lines == expected_lines(questions, "R01", ["left", "tie", "right", "left"] * total)


def test_a_likert_study_by_keyboard(tab, likert):
    visit(tab, likert, "R01")
    tab.find_element(By.ID, "begin").click()
    values = [k % 5 + 1 for k in range(len(likert.key.sessions["R01"]))]
    for value in values:
        press(tab, str(value), Keys.ENTER)
    tab.find_element(By.ID, "download").click()
    path = downloaded(tab, likert, "R01")
    assert saved_lines(path) == expected_lines(likert, "R01", values)
    assert import_study(likert.key, [path]).n_answers == len(values)


def test_storage_that_is_refused_is_said_and_the_study_works(tab, study):
    script = "Object.defineProperty(window, 'localStorage', {get() { throw new Error('no') }})"
    added = tab.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": script})
    try:
        visit(tab, study, "R01", clear=False)
        assert tab.find_element(By.ID, "storage-warning").is_displayed()
        tab.find_element(By.ID, "begin").click()
        press(tab, "1", Keys.ENTER)
        assert heading(tab).startswith("Comparison 2 of")
    finally:
        tab.execute_cdp_cmd("Page.removeScriptToEvaluateOnNewDocument", added)


@pytest.mark.parametrize("width", [1400, 390])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious(tab, axe_source, study, likert, scheme, width):
    media = {"features": [{"name": "prefers-color-scheme", "value": scheme}]}
    tab.execute_cdp_cmd("Emulation.setEmulatedMedia", media)
    screen = {"width": width, "height": 844, "deviceScaleFactor": 1, "mobile": width < 500}
    tab.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", screen)
    for exported in (study, likert):
        visit(tab, exported, "R01")
        assert serious(tab, axe_source) == []
        tab.find_element(By.ID, "begin").click()
        assert serious(tab, axe_source) == []
        for _ in exported.key.sessions["R01"]:
            press(tab, "1")
            checked = tab.find_elements(By.CSS_SELECTOR, "input:checked")
            assert len(checked) == 1
            press(tab, Keys.ENTER)
        assert tab.find_element(By.ID, "end").is_displayed()
        assert serious(tab, axe_source) == []


def test_no_network_and_no_console_message(tab, study):
    visit(tab, study, "R01")
    tab.find_element(By.ID, "begin").click()
    press(tab, "1", Keys.ENTER)
    events = [json.loads(one["message"])["message"] for one in tab.get_log("performance")]
    urls = [
        one["params"]["request"]["url"]
        for one in events
        if one["method"] == "Network.requestWillBeSent"
    ]
    assert [url for url in urls if not url.startswith(("file:", "data:", "about:"))] == []
    assert tab.get_log("browser") == []
