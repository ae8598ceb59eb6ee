import os
import shutil
from pathlib import Path

import pytest

FLAGS = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run "
    "--disable-background-networking --disable-component-update --disable-sync "
    "--force-device-scale-factor=1"
).split()


def open_browser(profile, downloads):
    """Headless Chromium; its absence is a failure, since the pages would go untested."""
    chromium, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if not chromium or not driver:
        pytest.fail("chromium is missing: apt-get install -y chromium chromium-driver")
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service

    options = webdriver.ChromeOptions()
    options.binary_location = chromium
    for flag in (*FLAGS, f"--user-data-dir={profile}"):
        options.add_argument(flag)
    options.add_experimental_option("prefs", {"download.default_directory": str(downloads)})
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    os.environ["SE_OFFLINE"] = "true"
    opened = webdriver.Chrome(options=options, service=Service(driver))
    opened.downloads = downloads
    return opened


@pytest.fixture(scope="session")
def browser(tmp_path_factory):
    """One browser for the session."""
    opened = open_browser(tmp_path_factory.mktemp("profile"), tmp_path_factory.mktemp("downloads"))
    yield opened
    opened.quit()


@pytest.fixture(scope="session")
def axe_source():
    import axe_selenium_python

    folder = Path(axe_selenium_python.__file__).parent
    return (folder / "node_modules/axe-core/axe.min.js").read_text(encoding="utf-8")
