"""Runs the rules over a figure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from figbench.errors import UserError
from figbench.lint.lines import crossing_points
from figbench.lint.page import SEVERITIES, Finding, Limits, Page, Severity
from figbench.lint.read_page import read_page
from figbench.lint.rules import RULES, empty_margins
from figbench.registry import suggest

DEFAULTS = Limits()


@dataclass(frozen=True, slots=True)
class LintReport:
    """Findings and measures of one figure.

    Attributes:
        path: Of the figure.
        findings: By severity, then by rule.
        measures: Numbers of the whole figure, None where there is nothing to measure.
        exact: Whether text sizes and positions come from the document.
        not_run: Rules that need a document.
    """

    path: Path
    findings: tuple[Finding, ...]
    measures: dict[str, float | int | None]
    exact: bool
    not_run: tuple[str, ...]

    def worst(self) -> Severity | None:
        """Returns the severity of the worst finding, None without any."""
        return self.findings[0].severity if self.findings else None

    def to_json(self) -> dict[str, Any]:
        """Returns the JSON document."""
        return {
            "file": str(self.path),
            "read_from": "document" if self.exact else "pixels",
            "measures": self.measures,
            "rules_not_run": list(self.not_run),
            "findings": [
                {
                    "rule": finding.rule,
                    "severity": finding.severity,
                    "message": finding.message,
                    "box": list(finding.box) if finding.box else None,
                    "value": finding.value,
                    "limit": finding.limit,
                }
                for finding in self.findings
            ],
        }


def lint_figure(
    path: str | Path,
    *,
    width_mm: float = 88.0,
    limits: Limits = DEFAULTS,
    ignore: Sequence[str] = (),
) -> LintReport:
    """Checks legibility and layout of a figure at its width in print.

    Args:
        path: An SVG (exact), PDF or image.
        width_mm: Width in print, millimetres; 88 is a column and 180 a page of many journals.
        limits: Thresholds.
        ignore: Names of rules that are not run.

    Raises:
        UserError: When the file cannot be read, the width is not positive, or a rule is unknown.
    """
    if not 0 < width_mm < 10_000:
        raise UserError(f"width {width_mm:g} mm: expected a positive width.")
    names = [rule.name for rule in RULES]
    for name in ignore:
        if name not in names:
            raise UserError(
                f"Unknown rule '{name}'.{suggest(name, names)}",
                remedy=f"Rules: {', '.join(names)}.",
            )
    page = read_page(Path(path), width_mm)
    runnable = [r for r in RULES if r.name not in ignore and (page.exact or not r.vector)]
    findings = [finding for rule in runnable for finding in rule.check(page, limits)]
    findings.sort(
        key=lambda finding: (SEVERITIES.index(finding.severity), names.index(finding.rule))
    )
    not_run = tuple(r.name for r in RULES if r.vector and not page.exact and r.name not in ignore)
    return LintReport(Path(path), tuple(findings), _measures(page), page.exact, not_run)


def _measures(page: Page) -> dict[str, float | int | None]:
    sizes = np.array([label.size for label in page.labels]) * page.points_per_pixel
    edges = len(page.graph.edges) if page.graph else 0
    some = len(sizes) > 0
    return {
        "labels": len(sizes),
        "width_mm": page.width_mm,
        "min_text_pt": round(float(sizes.min()), 2) if some else None,
        "text_pt_5th_percentile": round(float(np.percentile(sizes, 5)), 2) if some else None,
        "share_under_5_pt": round(float((sizes < 5).mean()), 4) if some else None,
        "share_under_6_pt": round(float((sizes < 6).mean()), 4) if some else None,
        "crossings_per_edge": round(len(crossing_points(page)) / edges, 4) if edges else None,
        "largest_margin": round(max(empty_margins(page).values()), 4),
    }
