"""Rendering a template to one self-contained page."""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path
from typing import Any

from figbench._version import __version__
from figbench.errors import IntegrityError
from figbench.pages.freshness import made_with

TEMPLATES = Path(__file__).parent / "templates"
VENDOR = Path(__file__).parent / "vendor"

TABLE_LIBRARY = "dataTables-3.1.5.min.js"
"""DataTables 3.1.5 (MIT, see LICENSE-dataTables.txt), as its npm package ships it."""
TABLE_LIBRARY_SHA256 = "38017a5586acd9c6eb6bbfe8b6938e1a25bdc717c5acfcb07e0c9d663282c59d"


def render(template: str, *, sortable: bool = True, **values: Any) -> str:
    """Returns a page from a template with everything escaped and a policy that allows no network.

    The only script that may run is the page's own, named by its digest.

    Args:
        template: File name in ``templates``.
        sortable: Whether the page has a table that readers sort, which takes the table library.
        values: Of the template.

    Raises:
        IntegrityError: If the table library is not the file that was vendored.
    """
    script = page_script(sortable=sortable)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode("ascii")
    styles = (TEMPLATES / "page.css").read_text(encoding="utf-8")
    policy = (
        f"default-src 'none'; script-src 'sha256-{digest}'; style-src 'unsafe-inline'; "
        "img-src data:; base-uri 'none'; form-action 'none'"
    )
    text = render_fragment(
        template,
        script=script,
        styles=styles,
        policy=policy,
        made_with=made_with(),
        figbench_version=__version__,
        **values,
    )
    return text.lstrip()


def render_fragment(template: str, **values: Any) -> str:
    """Returns a template with every value escaped.

    Args:
        template: File name in ``templates``.
        values: Of the template.
    """
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template(template).render(**values)


def page_script(*, sortable: bool) -> str:
    """Returns the page's own lines, after the table library where a table can be sorted.

    Raises:
        IntegrityError: If the library's digest is not the pinned one.
    """
    page = (TEMPLATES / "page.js").read_text(encoding="utf-8")
    if not sortable:
        return page
    library = (VENDOR / TABLE_LIBRARY).read_bytes()
    if hashlib.sha256(library).hexdigest() != TABLE_LIBRARY_SHA256:
        raise IntegrityError(
            f"{VENDOR / TABLE_LIBRARY}: not the file that figbench ships.",
            remedy="Install figbench again.",
        )
    return f"{library.decode('utf-8')}\n{page}"
