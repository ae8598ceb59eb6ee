"""``figbench lint``: legibility and layout of figures at print size."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape
from rich.table import Table

from figbench.cli.output.console import print_json, result_console
from figbench.errors import EXIT_REGRESSION, UserError

if TYPE_CHECKING:
    from figbench.lint import LintReport

_STYLES = {"error": "red", "warning": "yellow", "note": "dim"}


def lint(
    figures: Annotated[list[Path], typer.Argument(help="SVG (exact), PDF or images.")],
    width_mm: Annotated[
        float, typer.Option("--width-mm", help="Width in print: 88 a column, 180 a page.")
    ] = 88.0,
    min_pt: Annotated[float, typer.Option("--min-pt", help="Text below is an error.")] = 5.0,
    small_pt: Annotated[float, typer.Option("--small-pt", help="Text below is a warning.")] = 6.0,
    contrast: Annotated[float, typer.Option(help="Least contrast ratio of text.")] = 4.5,
    ignore: Annotated[
        list[str] | None, typer.Option("--ignore", help="Rule that is not run; may be repeated.")
    ] = None,
    fail_on: Annotated[
        str,
        typer.Option("--fail-on", help="Exit 1 from this severity: error, warning, note, never."),
    ] = "error",
    overlay: Annotated[
        Path | None,
        typer.Option(help="Picture of the findings (.svg, .png); a folder for several figures."),
    ] = None,
    sarif_file: Annotated[
        Path | None, typer.Option("--sarif", help="Write SARIF 2.1.0 here, for code hosts.")
    ] = None,
    json_output: Annotated[bool, typer.Option("--json", help="JSON on stdout.")] = False,
) -> None:
    """Check legibility and layout of figures at print size, without a reference.

    Reports text that is too small, contrast below WCAG 2.2, clipped text, overlaps, arrows that
    reach no node, crossing lines, colours that look alike under colour-vision deficiency, and empty
    margins. Exit 0 when nothing reaches --fail-on, 1 when something does, 2 on wrong use.
    """
    from figbench.io.atomic import write_text_atomic
    from figbench.io.json_files import dump_json
    from figbench.lint import lint_figure
    from figbench.lint.output import sarif, write_overlay
    from figbench.lint.page import SEVERITIES, Limits

    levels: list[str] = [*SEVERITIES, "never"]
    if fail_on not in levels:
        raise UserError(f"--fail-on {fail_on}: unknown.", remedy=f"Choose {', '.join(levels)}.")
    limits = Limits(min_pt=min_pt, small_pt=max(small_pt, min_pt), contrast=contrast)
    reports = [
        lint_figure(path, width_mm=width_mm, limits=limits, ignore=ignore or ()) for path in figures
    ]
    if overlay is not None:
        for report in reports:
            several = len(reports) > 1 or overlay.is_dir()
            write_overlay(report, overlay / f"{report.path.stem}.lint.svg" if several else overlay)
    if sarif_file is not None:
        write_text_atomic(sarif_file, dump_json(sarif(reports)))
    if json_output:
        print_json({"figures": [report.to_json() for report in reports]})
    else:
        for report in reports:
            _show(report)
    worst = min(
        (levels.index(severity) for report in reports if (severity := report.worst())),
        default=len(levels),
    )
    if fail_on != "never" and worst <= levels.index(fail_on):
        raise typer.Exit(EXIT_REGRESSION)


def _show(report: LintReport) -> None:
    console = result_console()
    source = "the document" if report.exact else "pixels (estimates)"
    title = f"{report.path}: {len(report.findings)} findings, read from {source}"
    table = Table(title=escape(title), title_justify="left")
    for heading in ("severity", "rule", "finding"):
        table.add_column(heading)
    for finding in report.findings:
        style = _STYLES[finding.severity]
        table.add_row(f"[{style}]{finding.severity}[/]", finding.rule, escape(finding.message))
    if report.findings:
        console.print(table)
    else:
        console.print(escape(title))
    numbers = ", ".join(
        f"{name.replace('_', ' ')} {value:g}"
        for name, value in report.measures.items()
        if value is not None
    )
    console.print(escape(numbers), soft_wrap=True)
    if report.not_run:
        console.print(f"Not run on pixels: {', '.join(report.not_run)}.", soft_wrap=True)


def register(app: typer.Typer) -> None:
    """Adds the verb."""
    app.command("lint")(lint)
