"""How a browser is provided where there is none, with a fake apt that records its calls."""

import os
import sys

import pytest

from tests.browser import provide
from tests.browser.conftest import require_browser, require_program

FAKE_APT = """#!{python}
import os, pathlib, sys
folder = pathlib.Path({folder!r})
with (folder / "calls").open("a") as calls:
    calls.write(" ".join(sys.argv[1:]) + "\\n")
if {code}:
    sys.exit("E: Unable to locate package chromium")
if "install" in sys.argv and "--download-only" not in sys.argv:
    for name in ("chromium", "chromedriver"):
        (folder / name).write_text("#!/bin/sh\\n")
        (folder / name).chmod(0o755)
"""


@pytest.fixture
def bare(tmp_path, monkeypatch):
    """A machine without a browser: its PATH holds one folder, its home is empty."""
    programs = tmp_path / "bin"
    programs.mkdir()
    monkeypatch.setenv("PATH", str(programs))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("SE_CACHE_PATH", str(tmp_path / "selenium"))
    monkeypatch.setenv("SE_OFFLINE", "true")
    return programs


def write_apt(programs, *, code=0):
    script = FAKE_APT.format(python=sys.executable, folder=str(programs), code=code)
    (programs / "apt-get").write_text(script)
    (programs / "apt-get").chmod(0o755)


def test_root_installs_debians_packages(bare, monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 0, raising=False)
    write_apt(bare)
    browser, driver = require_browser()
    assert (browser, driver) == (str(bare / "chromium"), str(bare / "chromedriver"))
    assert (bare / "calls").read_text().splitlines() == [
        "update -qq",
        "install -y -qq --no-install-recommends chromium chromium-driver",
    ]


def test_a_user_with_sudo_uses_it_without_a_password():
    commands = provide.install_commands(root=False, sudo=True, apt=True)
    assert [command[:3] for command in commands] == [["sudo", "-n", "apt-get"]] * 2
    assert provide.install_commands(root=False, sudo=False, apt=True) == []
    assert provide.install_commands(root=True, sudo=True, apt=False) == []


def test_without_any_way_the_skip_is_loud(bare, monkeypatch):
    monkeypatch.setenv("FIGBENCH_BROWSER", "install")
    with pytest.raises(pytest.skip.Exception) as skipped:
        require_browser()
    text = str(skipped.value)
    assert text.startswith("THE PAGES ARE NOT TESTED: no Chromium here")
    assert "no apt-get" in text and "apt-get install -y chromium chromium-driver" in text


def test_the_whole_check_fails_on_such_a_skip(bare, monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 0, raising=False)
    write_apt(bare, code=1)
    monkeypatch.setenv("FIGBENCH_BROWSER", "require")
    with pytest.raises(pytest.fail.Exception, match="Unable to locate package chromium"):
        require_browser()
    script = (provide.Path(__file__).parents[2] / ".ci" / "run").read_text(encoding="utf-8")
    assert "export FIGBENCH_BROWSER=require" in script


def test_never_installs_nothing(bare, monkeypatch):
    write_apt(bare)
    monkeypatch.setenv("FIGBENCH_BROWSER", "never")
    with pytest.raises(pytest.skip.Exception, match="FIGBENCH_BROWSER=never"):
        require_browser()
    assert not (bare / "calls").exists()


def test_programs_of_unpacked_packages_find_their_libraries(bare, tmp_path):
    root = tmp_path / "root"
    for path in ("usr/lib/x/libone.so.1", "usr/lib/x/deep/libtwo.so", "usr/lib/chromium/chromium",
                 "usr/bin/chromedriver", "etc/fonts/fonts.conf"):  # fmt: skip
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text("")
    assert provide._write_wrappers(root, tmp_path / "cache/figbench-test-browser/bin") == ""
    browser, driver = provide.find_browser()
    text = provide.Path(browser).read_text()
    assert f"{root}/usr/lib/x:{root}/usr/lib/x/deep" in text and "FONTCONFIG_PATH" in text
    assert f'exec "{root}/usr/bin/chromedriver"' in provide.Path(driver).read_text()


def test_a_program_of_a_package_is_installed_or_its_absence_is_loud(bare, monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 0, raising=False)
    monkeypatch.setenv("FIGBENCH_BROWSER", "install")
    with pytest.raises(pytest.skip.Exception, match="NOT TESTED: no chromium here"):
        require_program("chromium", "chromium")
    monkeypatch.setenv("FIGBENCH_BROWSER", "require")
    with pytest.raises(pytest.fail.Exception, match="apt-get install -y chromium"):
        require_program("chromium", "chromium")
    write_apt(bare)
    assert require_program("chromium", "chromium") == str(bare / "chromium")
    assert (bare / "calls").read_text().endswith("--no-install-recommends chromium\n")
