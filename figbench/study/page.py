"""The study page: template, style and script in one file that needs no network."""

from __future__ import annotations

import base64
import hashlib
import json
from pathlib import Path
from typing import Any

TEMPLATES = Path(__file__).parent / "templates"


def study_page(payload: dict[str, Any], title: str) -> str:
    """Returns the page.

    Its policy allows the one script and the one style by digest, images from the page itself, and
    nothing else.

    Args:
        payload: Content of the study, JSON-ready.
        title: Of the document.
    """
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    script = (TEMPLATES / "study.js").read_text(encoding="utf-8")
    style = (TEMPLATES / "study.css").read_text(encoding="utf-8")
    policy = (
        f"default-src 'none'; script-src '{_digest(script)}'; style-src '{_digest(style)}'; "
        "img-src data:; base-uri 'none'; form-action 'none'"
    )
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined
    )
    return environment.get_template("study.html.j2").render(
        title=title, policy=policy, style=style, script=script, data=_embedded(payload)
    )


def _digest(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode("ascii")


def _embedded(payload: dict[str, Any]) -> str:
    """Returns JSON that cannot end its script element or open a comment."""
    text = json.dumps(payload, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text
