"""An SVG as the renderer can draw it whole: resolved where possible, else refused by name.

resvg draws SVG 1.1 and leaves out without a word: HTML in ``foreignObject``, CSS variables and
newer colours (black), ``background`` of the page, letters without a glyph.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from xml.etree import ElementTree  # nosec B405 # expat bounds entities and loads none

from figbench.images.limits import DecodeError
from figbench.images.svg.css_colours import UnresolvedError, parse_colour, resolve

_CUSTOM = re.compile(r"(--[\w-]+)\s*:\s*([^;}]+)")
_RULE = re.compile(r"([^{}]+)\{([^{}]*)\}")
_ROOTS = re.compile(r"(?:^|,)\s*(?::root|svg|\*|#[\w-]+)\s*(?:,|$)")
_FAMILY = re.compile(r"(font-family\s*:\s*)([^;}]+)")
_BACKGROUND = re.compile(r"(?:^|[;{\s])background(-color|-image)?\s*:\s*([^;}]+)")
_MONO = ("mono", "courier", "consolas", "menlo", "inconsolata", "typewriter", "cmtt", "source code")
_SERIF = (
    "times",
    "georgia",
    "garamond",
    "cambria",
    "palatino",
    "serif",
    "roman",
    "cmr",
    "minion",
    "baskerville",
    "bookman",
    "century",
    "didot",
    "charter",
)
_MISSING_SHARE = 0.05


@dataclass(frozen=True, slots=True)
class Resolved:
    """A document for the renderer.

    Attributes:
        text: The document.
        background: Colour of the page, as the document sets it; white where it does not.
        notes: What was substituted.
    """

    text: str
    background: str
    notes: tuple[str, ...]


def resolved(data: bytes, fonts: Path) -> Resolved:
    """Returns the document with files, variables, colours, families and background resolved.

    Args:
        data: The SVG.
        fonts: Folder of the fonts that it is lettered with.

    Raises:
        DecodeError: If a part of it would not be drawn, naming the part.
        ElementTree.ParseError: If it is not XML.
    """
    root = ElementTree.fromstring(data)  # nosec B314 # expat bounds entities; tested
    notes: list[str] = []
    _without_files(root, notes)
    _choose_switches(root)
    _check_html(root)
    try:
        background = _with_colours(root)
    except UnresolvedError as error:
        raise DecodeError("broken-svg", f"{error}; export the figure as PNG or PDF") from None
    _with_families(root, notes)
    _check_glyphs(root, fonts, notes)
    text = ElementTree.tostring(root, encoding="unicode")
    return Resolved(text, background, tuple(notes))


def for_browser(data: bytes) -> tuple[bytes, tuple[str, ...]]:
    """Returns the document without scripts and without references to files, and notes.

    Raises:
        ElementTree.ParseError: If it is not XML.
    """
    root = ElementTree.fromstring(data)  # nosec B314 # expat bounds entities; tested
    notes: list[str] = []
    _without_files(root, notes)
    for parent in list(root.iter()):
        for child in [element for element in parent if _local(element.tag) == "script"]:
            parent.remove(child)
    return ElementTree.tostring(root, encoding="utf-8"), tuple(dict.fromkeys(notes))


def _local(name: object) -> str:
    return str(name).rpartition("}")[2] if isinstance(name, str) else ""


def _without_files(root: ElementTree.Element, notes: list[str]) -> None:
    """Drops every reference to a file: a figure must not read what lies on this machine."""
    for element in root.iter():
        for name, value in list(element.attrib.items()):
            if _local(name) == "href" and not value.strip().startswith(("#", "data:")):
                del element.attrib[name]
                if _local(element.tag) in ("image", "use", "feImage"):
                    notes.append("files that the SVG names are not drawn")


def _choose_switches(root: ElementTree.Element) -> None:
    """Leaves the branch of each ``switch`` that a browser shows: the first without extensions."""
    for switch in [element for element in root.iter() if _local(element.tag) == "switch"]:
        branches = list(switch)
        branch = next(
            (element for element in branches if not element.get("requiredExtensions")), None
        )
        if branch is None:
            continue
        if _local(branch.tag) == "foreignObject":
            same = [
                element
                for element in branches
                if element is not branch and _words(element) == _words(branch)
            ]
            branch = same[0] if same else branch
        for element in branches:
            if element is not branch:
                switch.remove(element)
        for name in ("requiredFeatures", "systemLanguage"):
            branch.attrib.pop(name, None)


def _words(element: ElementTree.Element) -> str:
    return "".join("".join(element.itertext()).split())


def _check_html(root: ElementTree.Element) -> None:
    texts = [_words(element) for element in root.iter() if _local(element.tag) == "foreignObject"]
    lost = [text for text in texts if text]
    if lost:
        raise DecodeError(
            "broken-svg",
            f"{len(lost)} texts in foreignObject (HTML) cannot be drawn, for example "
            f"'{lost[0][:30]}'; export as PNG or PDF, or without HTML labels (htmlLabels: false), "
            "or draw them with FIGBENCH_SVG_ENGINE=chromium",
        )


def _styles(root: ElementTree.Element) -> Iterator[ElementTree.Element]:
    return (element for element in root.iter() if _local(element.tag) == "style")


def _with_colours(root: ElementTree.Element) -> str:
    variables: dict[str, str] = {}
    backgrounds: list[str] = []
    for style in _styles(root):
        for selector, body in _RULE.findall(_plain_css(style.text or "")):
            if _ROOTS.search(selector.strip()):
                variables |= {name: value.strip() for name, value in _CUSTOM.findall(body)}
                if not selector.strip().startswith("*"):
                    backgrounds.append(body)
    _resolve_tree(root, variables)
    for style in _styles(root):
        css = _plain_css(style.text or "")
        own = variables | {name: value.strip() for name, value in _CUSTOM.findall(css)}
        rules = _RULE.findall(css)
        style.text = "\n".join(_rule(selector, body, own) for selector, body in rules)
    return _page([*backgrounds, root.get("style", "")], variables)


def _plain_css(css: str) -> str:
    return re.sub(r"/\*.*?\*/", "", css, flags=re.DOTALL)


def _rule(selector: str, body: str, variables: Mapping[str, str]) -> str:
    plain = _CUSTOM.sub("", body)
    return f"{selector}{{{resolve(plain, variables)}}}"


def _resolve_tree(element: ElementTree.Element, variables: Mapping[str, str]) -> None:
    own = element.get("style", "")
    inherited = dict(variables)
    if "--" in own:
        inherited |= {name: value.strip() for name, value in _CUSTOM.findall(own)}
        element.set("style", _CUSTOM.sub("", own))
    for name, value in list(element.attrib.items()):
        if "(" in value and _local(name) not in ("d", "transform", "href", "points", "id", "class"):
            element.set(name, resolve(value, inherited))
    for child in element:
        _resolve_tree(child, inherited)


def _page(styles: list[str], variables: Mapping[str, str]) -> str:
    page = "white"
    for body in styles:
        for kind, value in _BACKGROUND.findall(_CUSTOM.sub("", body)):
            text = resolve(value.strip(), variables).removesuffix("!important").strip()
            if text in ("none", "transparent", "inherit", "initial", "unset"):
                continue
            if kind == "-image" or "gradient(" in text or "url(" in text:
                raise UnresolvedError(f"the page's background '{text[:50]}' cannot be drawn")
            red, green, blue, alpha = parse_colour(text)
            channels = (round(255 * (value * alpha + 1 - alpha)) for value in (red, green, blue))
            page = "#" + "".join(f"{channel:02x}" for channel in channels)
    return page


def _with_families(root: ElementTree.Element, notes: list[str]) -> None:
    replaced = False
    for element in root.iter():
        family = element.get("font-family")
        if family:
            element.set("font-family", _family(family))
            replaced = replaced or "DejaVu" not in family
        style = element.get("style", "")
        if "font-family" in style:
            element.set("style", _FAMILY.sub(lambda match: match[1] + _family(match[2]), style))
            replaced = True
    for style_element in _styles(root):
        css = style_element.text or ""
        if "font-family" in css:
            style_element.text = _FAMILY.sub(lambda match: match[1] + _family(match[2]), css)
            replaced = True
    if replaced:
        notes.append("fonts of the SVG substituted by DejaVu")


def _family(families: str) -> str:
    """Returns the DejaVu family for a list of families; the first name that tells decides."""
    for name in families.lower().replace('"', "").replace("'", "").split(","):
        if any(family in name for family in _MONO):
            return "DejaVu Sans Mono"
        if "sans" not in name and any(family in name for family in _SERIF):
            return "DejaVu Serif"
        if name.strip():
            return "DejaVu Sans"
    return "DejaVu Sans"


def _check_glyphs(root: ElementTree.Element, fonts: Path, notes: list[str]) -> None:
    texts = (element for element in root.iter() if _local(element.tag) == "text")
    text = "".join("".join(element.itertext()) for element in texts)
    letters = [char for char in text if not char.isspace() and char.isprintable()]
    if not letters or all(char < "\u0100" for char in letters):
        return
    have = _glyphs(str(fonts))
    missing = [char for char in letters if ord(char) not in have]
    if not missing:
        return
    said = f"{len(missing)} of {len(letters)} characters have no glyph in the pinned fonts"
    if len(missing) > _MISSING_SHARE * len(letters):
        examples = "".join(dict.fromkeys(missing))[:8]
        raise DecodeError(
            "broken-svg", f"{said} ({examples}); export the figure as PNG or as PDF with its fonts"
        )
    notes.append("some characters have no glyph in the pinned fonts")


@lru_cache(maxsize=1)
def _glyphs(folder: str) -> frozenset[int]:
    from fontTools.ttLib import TTFont

    characters: set[int] = set()
    for path in sorted(Path(folder).glob("DejaVu*.ttf")):
        with TTFont(path, lazy=True) as font:
            characters |= set(font.getBestCmap() or ())
    return frozenset(characters)
