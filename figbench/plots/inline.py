"""A matplotlib figure as SVG inside a page: values on hover, inks that follow the page's scheme."""

from __future__ import annotations

import hashlib
import io
import re
from collections.abc import Mapping
from html import escape
from typing import Any

from figbench.plots.style import GRID, INK, PALETTE, QUIET

DARK = {INK: "#e8ecf1", QUIET: "#a8b3c0", GRID: "#313a45", PALETTE[0]: "#6fb6e8"}
"""Colours of a plot where the reader's system is dark: same drawing, other inks."""

_ID = re.compile(r'(id="|url\(#|href="#)')
_SIZE = re.compile(r' (?:width|height)="[^"]*"')
_HEAD = re.compile(r"^.*?(?=<svg)", re.S)
_METADATA = re.compile(r"\s*<metadata>.*?</metadata>", re.S)


def inline_svg(figure: Any, label: str, hover: Mapping[str, str]) -> str:
    """Returns a figure as an ``svg`` element for a page.

    Args:
        figure: A matplotlib figure, drawn under :func:`figbench.plots.style.figbench_style` with
            transparent faces.
        label: Text for screen readers.
        hover: Text that a browser displays over an artist, by the artist's gid.
    """
    buffer = io.StringIO()
    figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
    text = _METADATA.sub("", _HEAD.sub("", buffer.getvalue(), count=1), count=1)
    # Two plots of one page must not share ids, which matplotlib counts from 1 in each.
    prefix = "p" + hashlib.sha256(text.encode()).hexdigest()[:8]
    for gid, words in hover.items():
        text = text.replace(f'<g id="{gid}">', f'<g id="{gid}"><title>{escape(words)}</title>', 1)
    text = _ID.sub(rf"\g<1>{prefix}-", text)
    end = text.index(">", text.index("<svg"))
    head = _SIZE.sub("", text[:end])
    name = escape(label, quote=True)
    return f'{head} class="plot" role="img" aria-label="{name}">{dark_style()}{text[end + 1 :]}'


def dark_style() -> str:
    """Returns the style element that swaps inks where the reader's system is dark."""
    rules = []
    for light, dark in DARK.items():
        rules.append(f'[style*="fill: {light.lower()}"]{{fill:{dark}!important}}')
        rules.append(f'[style*="stroke: {light.lower()}"]{{stroke:{dark}!important}}')
    return f"<style>@media screen and (prefers-color-scheme: dark){{{''.join(rules)}}}</style>"
