"""Provides Chromium and its driver for the page tests.

In this order: the browser of the system; Debian's packages, installed as root or with sudo; the
same packages, downloaded by apt as an ordinary user and unpacked into the user's cache folder; a
download by Selenium Manager, on systems without apt.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

PACKAGES = ("chromium", "chromium-driver")
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
WRAPPER = """#!/bin/sh
export LD_LIBRARY_PATH="{libraries}:$LD_LIBRARY_PATH"
{fonts}exec "{program}" "$@"
"""
FONTS = 'export FONTCONFIG_PATH="{root}/etc/fonts" XDG_DATA_HOME="{root}/usr/share"\n'


def cache_folder():
    """The folder of a browser of the user's own."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "figbench-test-browser"


def find_browser():
    """Returns (browser, driver), None where one is missing."""
    own = cache_folder() / "bin"
    path = f"{os.environ.get('PATH', '')}{os.pathsep}{own}"
    browser = next(filter(None, (shutil.which(name, path=path) for name in BROWSERS)), None)
    driver = shutil.which("chromedriver", path=path)
    return (browser, driver) if browser and driver else None


def install_commands(*, root, sudo, apt, packages=PACKAGES):
    """Returns the commands that install packages for everyone, none where that is impossible."""
    if not apt or not (root or sudo):
        return []
    prefix = [] if root else ["sudo", "-n"]
    install = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", *packages]
    return [[*prefix, "apt-get", "update", "-qq"], [*prefix, *install]]


def provide_browser():
    """Installs or downloads a browser; returns the (browser, driver), or the reasons why not."""
    reasons = []
    for way in (_install, _unpack, _download):
        reason = way()
        paths = find_browser()
        if paths:
            return paths, []
        reasons.append(reason or f"{way.__name__} left no chromedriver beside a browser")
    return None, reasons


def _run(command):
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    if done.returncode:
        return f"{' '.join(map(str, command))} failed: {done.stderr.strip()[-300:]}"
    return ""


def provide_program(name, package):
    """Returns the path of a program, whose package is installed if need be, or the reason why not.

    Args:
        name: Of the program.
        package: Debian's package.

    Returns:
        (path, ""), or (None, reason).
    """
    if shutil.which(name) is None:
        reason = _install((package,))
        if reason:
            return None, reason
    return shutil.which(name), ""


def _install(packages=PACKAGES):
    commands = install_commands(
        root=hasattr(os, "geteuid") and os.geteuid() == 0,
        sudo=bool(shutil.which("sudo")),
        apt=bool(shutil.which("apt-get")),
        packages=packages,
    )
    for command in commands:
        reason = _run(command)
        if reason:
            return reason
    return "" if commands else "no root and no sudo, or no apt-get"


def _unpack():
    """Downloads the packages with apt's state in a folder of the user, and unpacks them there."""
    if not (shutil.which("apt-get") and shutil.which("dpkg-deb")):
        return "no apt-get with dpkg-deb"
    folder = cache_folder()
    state = folder / "apt"
    for name in ("lists/partial", "archives/partial"):
        (state / name).mkdir(parents=True, exist_ok=True)
    options = {
        "Dir::State": state, "Dir::State::lists": state / "lists", "Dir::Cache": state,
        "Dir::Cache::archives": state / "archives", "Dir::State::status": "/var/lib/dpkg/status",
        "Debug::NoLocking": "1",
    }  # fmt: skip
    apt = ["apt-get", "-qq", "-y", *(f"-o{name}={value}" for name, value in options.items())]
    install = ["--no-install-recommends", "--download-only", "install", *PACKAGES]
    for command in ([*apt, "update"], [*apt, *install]):
        reason = _run(command)
        if reason:
            return reason
    root = folder / "root"
    for package in sorted((state / "archives").glob("*.deb")):
        reason = _run(["dpkg-deb", "-x", package, root])
        if reason:
            return reason
    shutil.rmtree(state)
    return _write_wrappers(root, folder / "bin")


def _write_wrappers(root, programs):
    """Programs that find the unpacked libraries and fonts."""
    folders = sorted({str(path.parent) for path in root.glob("usr/lib/**/*.so*")})
    fonts = FONTS.format(root=root) if (root / "etc/fonts").is_dir() else ""
    for name in ("chromium", "chromedriver"):
        found = [root / "usr/lib/chromium" / name, root / "usr/bin" / name]
        program = next((path for path in found if path.is_file()), None)
        if program is None:
            return f"the packages hold no {name}"
        wrapper = programs / name
        programs.mkdir(parents=True, exist_ok=True)
        wrapper.write_text(
            WRAPPER.format(libraries=":".join(folders), fonts=fonts, program=program)
        )
        wrapper.chmod(0o755)
    return ""


def _download():
    """Lets Selenium Manager, part of selenium, download Chrome for Testing and its driver."""
    from selenium.common.exceptions import WebDriverException
    from selenium.webdriver.common.selenium_manager import SeleniumManager

    try:
        paths = SeleniumManager().binary_paths(["--browser", "chrome"])
    except (WebDriverException, OSError) as error:
        return f"Selenium Manager: {str(error).strip()[-200:]}"
    programs = cache_folder() / "bin"
    programs.mkdir(parents=True, exist_ok=True)
    for name, key in (("chrome", "browser_path"), ("chromedriver", "driver_path")):
        link = programs / (name + (".exe" if sys.platform == "win32" else ""))
        link.unlink(missing_ok=True)
        try:
            link.symlink_to(paths[key])
        except OSError as error:
            return f"{link}: {error}"
    return ""
