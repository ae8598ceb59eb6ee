"""CSS values with variables and functions are resolved in place."""

import pytest

from figbench.images.svg.css_colours import UnresolvedError, resolve


@pytest.mark.parametrize(
    ("value", "resolved"),
    [
        ("1px solid var(--a)", "1px solid red"),
        ("var(--a) 2px", "red 2px"),
        ("1px var(--a) var(--b)", "1px red blue"),
        ("x var(--none, green) y", "x green y"),
        ("x var(--c) y", "x red y"),
        ("light-dark(white, black) 3px", "white 3px"),
    ],
)
def test_the_text_around_a_function_stays(value, resolved):
    assert resolve(value, {"--a": "red", "--b": "blue", "--c": "var(--a)"}) == resolved


@pytest.mark.parametrize("value", ["var(--none)", "var(--loop)", "var(--a"])
def test_a_value_without_a_meaning_is_named(value):
    with pytest.raises(UnresolvedError):
        resolve(value, {"--a": "red", "--loop": "var(--loop)"})
