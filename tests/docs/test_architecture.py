"""The architecture page names every package of figbench."""

from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs/architecture.md").read_text(encoding="utf-8")
PACKAGES = sorted(path.parent.name for path in (ROOT / "figbench").glob("*/__init__.py"))


@pytest.mark.parametrize("name", PACKAGES)
def test_every_package_is_on_the_page(name):
    assert f"`figbench.{name}`" in PAGE


@pytest.mark.parametrize("name", PACKAGES)
def test_every_package_says_what_it_contains(name):
    first = (ROOT / "figbench" / name / "__init__.py").read_text(encoding="utf-8")
    assert (first.startswith('"""') and first[3].isupper()) or first[3] == "`"
