"""Findings as SARIF 2.1.0 for code hosts, and as a picture over the figure."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape  # nosec B406 # escapes text that is written

from figbench._version import __version__
from figbench.errors import UserError
from figbench.io.atomic import atomic_path
from figbench.lint.check import LintReport
from figbench.lint.rules import RULES

COLOURS = {"error": "#c62828", "warning": "#ef6c00", "note": "#1565c0"}


def sarif(reports: Sequence[LintReport]) -> dict[str, Any]:
    """Returns the findings of several figures as one SARIF document.

    SARIF has no regions of pictures: the box of a finding, as shares of the page, stands in its
    ``properties``.
    """
    names = [rule.name for rule in RULES]
    return {
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [
            {
                "tool": {
                    "driver": {
                        "name": "figbench lint",
                        "version": __version__,
                        "rules": [
                            {"id": rule.name, "shortDescription": {"text": rule.description}}
                            for rule in RULES
                        ],
                    }
                },
                "results": [
                    {
                        "ruleId": finding.rule,
                        "ruleIndex": names.index(finding.rule),
                        "level": finding.severity,
                        "message": {"text": finding.message},
                        "locations": [
                            {
                                "physicalLocation": {
                                    "artifactLocation": {"uri": report.path.as_posix()}
                                }
                            }
                        ],
                        "properties": {
                            "box": list(finding.box) if finding.box else None,
                            "value": finding.value,
                            "limit": finding.limit,
                        },
                    }
                    for report in reports
                    for finding in report.findings
                ],
            }
        ],
    }


def write_overlay(report: LintReport, out: Path) -> None:
    """Writes the findings as coloured boxes over the figure: red, orange, blue by severity.

    Args:
        report: Of one figure.
        out: ``.svg`` or ``.png``.

    Raises:
        UserError: When the suffix is another one, or resvg is not installed.
    """
    if out.suffix.lower() not in (".svg", ".png"):
        raise UserError(f"{out}: overlays are written as .svg or .png.")
    document = _overlay(report)
    if out.suffix.lower() == ".png":
        try:
            import resvg_py
        except ImportError:
            raise UserError(
                "Writing a .png overlay needs resvg-py, which is not installed.",
                remedy='pip install "figbench[vector]", or write .svg.',
            ) from None
        data = bytes(resvg_py.svg_to_bytes(svg_string=document, dpi=96.0))
    else:
        data = document.encode()
    with atomic_path(out) as temporary:
        temporary.write_bytes(data)


def _overlay(report: LintReport) -> str:
    from PIL import Image

    from figbench.lint.read_page import page_image

    image = Image.fromarray(page_image(report.path.read_bytes(), 1200))
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    wide, high = image.size
    data = base64.b64encode(buffer.getvalue()).decode()
    elements = [
        f'<image width="{wide}" height="{high}" opacity="0.55" '
        f'href="data:image/png;base64,{data}"/>'
    ]
    for finding in reversed(report.findings):
        if finding.box is None:
            continue
        x0, y0, x1, y1 = finding.box
        elements.append(
            f'<rect x="{x0 * wide - 2:.1f}" y="{y0 * high - 2:.1f}" '
            f'width="{(x1 - x0) * wide + 4:.1f}" height="{(y1 - y0) * high + 4:.1f}" fill="none" '
            f'stroke="{COLOURS[finding.severity]}" stroke-width="3">'
            f"<title>{escape(f'{finding.rule}: {finding.message}')}</title></rect>"
        )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{wide}" height="{high}">'
        f'<rect width="{wide}" height="{high}" fill="#ffffff"/>{"".join(elements)}</svg>\n'
    )
