"""A real browser for the page tests; installed or downloaded where there is none.

``FIGBENCH_BROWSER=require`` (set by ``.ci/run``) turns its absence into a failure, ``never``
installs nothing.
"""

import getpass
import os
import shutil
import tempfile
from pathlib import Path

import pytest

from tests.browser.provide import find_browser, provide_browser, provide_program

FLAGS = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run "
    "--disable-background-networking --disable-component-update --disable-sync "
    "--force-device-scale-factor=1"
).split()


def require_browser():
    """Returns (browser, driver), installing them if need be; skips or fails loudly without."""
    from filelock import FileLock

    wish = os.environ.get("FIGBENCH_BROWSER", "install")
    paths, reasons = find_browser(), ["FIGBENCH_BROWSER=never"]
    if paths is None and wish != "never":
        with FileLock(Path(tempfile.gettempdir()) / f"figbench-browser-{getpass.getuser()}.lock"):
            paths = find_browser()
            if paths is None:
                paths, reasons = provide_browser()
    if paths is None:
        text = (
            f"THE PAGES ARE NOT TESTED: no Chromium here ({'; '.join(reasons)}). "
            "Install it: apt-get install -y chromium chromium-driver"
        )
        (pytest.fail if wish == "require" else pytest.skip)(text)
    return paths


def require_program(name, package):
    """Returns a program's path, installing Debian's package if need be; skips or fails without."""
    wish = os.environ.get("FIGBENCH_BROWSER", "install")
    path, reason = shutil.which(name), "FIGBENCH_BROWSER=never"
    if path is None and wish != "never":
        path, reason = provide_program(name, package)
    if path is None:
        text = f"NOT TESTED: no {name} here ({reason}). Install it: apt-get install -y {package}"
        (pytest.fail if wish == "require" else pytest.skip)(text)
    return path


def open_browser(profile, downloads):
    """Opens headless Chromium."""
    chromium, driver = require_browser()
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
