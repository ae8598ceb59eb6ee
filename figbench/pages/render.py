"""Rendering a template to one self-contained page."""

from __future__ import annotations

import base64
import hashlib
import re
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from figbench.errors import UserError
from figbench.pages.freshness import made_with

TEMPLATES = Path(__file__).parent / "templates"
EXPORT = re.compile(r"export\s*\{([^}]*)\}\s*;?")


def render(template: str, **values: Any) -> str:
    """Returns a page from a template with everything escaped and a policy that allows no network.

    The only script that may run is the page's own, named by its digest.
    """
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    script = table_script()
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode("ascii")
    styles = (TEMPLATES / "page.css").read_text(encoding="utf-8")
    policy = (
        f"default-src 'none'; script-src 'sha256-{digest}'; style-src 'unsafe-inline'; "
        "img-src data:; base-uri 'none'; form-action 'none'"
    )
    return environment.get_template(template).render(
        script=script,
        library_styles=_library("dt_bundle.css"),
        styles=styles,
        policy=policy,
        made_with=made_with(),
        **values,
    )


def table_script() -> str:
    """Returns DataTables (MIT, as packed by itables) followed by the page's few lines.

    The bundle is a module; its exports become plain constants, so that one inline script
    holds everything and its digest can stand in the page's policy.
    """
    bundle = _library("dt_bundle.js")
    names = EXPORT.search(bundle)
    if names is None:
        raise UserError("itables: its DataTables bundle has no exports.", remedy="Use itables 2.9.")
    exported = [one.partition(" as ") for one in names[1].split(",")]
    constants = f"const $={next(ours for ours, _, name in exported if name == 'jQuery')};"
    page = (TEMPLATES / "page.js").read_text(encoding="utf-8")
    return EXPORT.sub(lambda _: constants, bundle) + "\n/* figbench page */\n" + page


def _library(name: str) -> str:
    found = find_spec("itables")
    if found is None or not found.submodule_search_locations:
        raise UserError("itables is not installed.", remedy="Type: pip install itables")
    folder = Path(found.submodule_search_locations[0]) / "html"
    return (folder / name).read_text(encoding="utf-8")
