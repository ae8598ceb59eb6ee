"""A real browser for the page tests; installed on Debian where none is there.

``FIGBENCH_BROWSER=require`` (set by ``.ci/run``) turns its absence into a failure, ``never``
installs nothing.
"""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

FLAGS = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run "
    "--disable-background-networking --disable-component-update --disable-sync "
    "--force-device-scale-factor=1"
).split()


PACKAGES = ("chromium", "chromium-driver")


def find_browser():
    """Returns (browser, driver), None where one is missing."""
    browser = shutil.which("chromium") or shutil.which("chromium-browser")
    driver = shutil.which("chromedriver")
    return (browser, driver) if browser and driver else None


def install_commands(*, root, sudo, apt):
    """Returns the commands that install a browser here, none where that is not possible."""
    if not apt or not (root or sudo):
        return []
    prefix = [] if root else ["sudo", "-n"]
    install = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", *PACKAGES]
    return [[*prefix, "apt-get", "update", "-qq"], [*prefix, *install]]


def provide_browser():
    """Installs Debian's Chromium where root or sudo without a password is at hand."""
    commands = install_commands(
        root=hasattr(os, "geteuid") and os.geteuid() == 0,
        sudo=bool(shutil.which("sudo")),
        apt=bool(shutil.which("apt-get")),
    )
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in commands:
        done = subprocess.run(command, env=environment, capture_output=True, text=True)
        if done.returncode:
            return f"{' '.join(command)} failed: {done.stderr.strip()[-300:]}"
    return "" if commands else "neither root nor sudo, or no apt-get"


def require_browser():
    """Returns (browser, driver), installing them if need be; skips or fails loudly without."""
    from filelock import FileLock

    wish = os.environ.get("FIGBENCH_BROWSER", "install")
    reason = "FIGBENCH_BROWSER=never"
    if find_browser() is None and wish != "never":
        with FileLock(Path(os.environ.get("TMPDIR", "/tmp")) / "figbench-browser.lock"):
            if find_browser() is None:
                reason = provide_browser()
    found = find_browser()
    if found is None:
        text = (
            f"THE PAGES ARE NOT TESTED: no Chromium here ({reason}). "
            "Install it: apt-get install -y chromium chromium-driver"
        )
        (pytest.fail if wish == "require" else pytest.skip)(text)
    return found


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
