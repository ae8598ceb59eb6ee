"""Output for CI systems: a step summary in Markdown, and JUnit XML."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from xml.etree import ElementTree  # nosec B405 # writes XML, parses none

from figbench.comparison.differences import Comparison
from figbench.gate.decision import Decision
from figbench.gate.verdicts import Verdict
from figbench.io.atomic import write_text_atomic
from figbench.pages.numbers import arrow, factor_text, format_number


def number(value: float | None, scale: float = 1.0) -> str:
    """Returns four significant digits, or a dash."""
    return "–" if value is None else format_number(value, scale)


def decision_markdown(decision: Decision) -> str:
    """Returns the gate's outcome as a Markdown table."""
    title = "passed" if decision.exit_code == 0 else "failed"
    lines = [f"### figbench gate {title}", ""]
    if decision.verdicts:
        lines += [
            "| rule | verdict | baseline | run | limit | p | smallest visible difference |",
            "|---|---|---|---|---|---|---|",
        ]
    for verdict in decision.verdicts:
        cells = [
            _code(verdict.rule),
            f"{verdict.state}: {verdict.reason}",
            number(verdict.baseline),
        ]
        cells += [number(verdict.value), number(verdict.limit), number(verdict.p_value)]
        lines.append("| " + " | ".join([*cells, number(verdict.minimum_detectable)]) + " |")
    if decision.improved:
        lines += ["", f"Significantly better: {', '.join(decision.improved)}."]
    if decision.update_required:
        lines += ["", "**The baseline must be updated** (`--require-update`)."]
    lines += [f"\n{note}" for note in decision.notes]
    return "\n".join(lines) + "\n"


def comparison_markdown(comparison: Comparison, scales: Mapping[str, float] | None = None) -> str:
    """Returns a comparison as a Markdown table.

    Args:
        comparison: Of two runs.
        scales: Display factor by metric id; named in the row's heading where it is not 1.
    """
    first, second = _cell(comparison.first), _cell(comparison.second)
    lines = [
        f"### {first} against {second} (protocol {comparison.protocol})",
        "",
        f"| metric | {first} | {second} | difference | p (Holm) | smallest visible | "
        "wins/losses/ties |",
        "|---|---|---|---|---|---|---|",
    ]
    for item in comparison.differences:
        scale = (scales or {}).get(item.metric, 1.0)
        counts = "" if item.wins is None else f"{item.wins}/{item.losses}/{item.ties}"
        mark = arrow(item.higher_is_better) + factor_text(scale)
        cells = [f"{_code(item.metric)} {mark}", number(item.first, scale)]
        cells += [number(item.second, scale), number(item.difference, scale), number(item.p_holm)]
        cells += [number(item.minimum_detectable, scale)]
        lines.append("| " + " | ".join([*cells, counts]) + " |")
    lines += [f"\n{note}" for note in comparison.notes]
    return "\n".join(lines) + "\n"


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def _code(text: str) -> str:
    return "`" + text.replace("`", "'").replace("|", "\\|") + "`"


def write_step_summary(markdown: str) -> bool:
    """Appends to ``$GITHUB_STEP_SUMMARY`` when it is set; returns whether it was."""
    target = os.environ.get("GITHUB_STEP_SUMMARY")
    if not target:
        return False
    with Path(target).open("a", encoding="utf-8") as summary:
        summary.write(markdown)
    return True


def _properties(verdict: Verdict) -> dict[str, str]:
    """Returns the numbers behind a verdict, unrounded, by property name."""
    values = {
        "value": verdict.value,
        "baseline": verdict.baseline,
        "limit": verdict.limit,
        "p_value": verdict.p_value,
        "smallest_visible_difference": verdict.minimum_detectable,
    }
    numbers = {name: repr(value) for name, value in values.items() if value is not None}
    return {**numbers, "method": verdict.method, "reason": verdict.reason}


def write_junit(decision: Decision, target: Path) -> None:
    """Writes one JUnit test case per rule, atomically."""
    failed = [verdict for verdict in decision.verdicts if verdict.state != "pass"]
    suite = ElementTree.Element(
        "testsuite",
        name="figbench gate",
        tests=str(len(decision.verdicts) + decision.update_required),
        failures=str(len(failed) + decision.update_required),
    )
    for verdict in decision.verdicts:
        case = ElementTree.SubElement(
            suite, "testcase", classname="figbench.gate", name=verdict.rule
        )
        properties = ElementTree.SubElement(case, "properties")
        for name, value in _properties(verdict).items():
            ElementTree.SubElement(properties, "property", name=name, value=value)
        if verdict.state != "pass":
            before = "" if verdict.baseline is None else f"baseline {verdict.baseline:.6g}, "
            message = (
                f"{verdict.reason}: {before}run {verdict.value:.6g}, limit {verdict.limit:.6g}"
            )
            ElementTree.SubElement(case, "failure", message=message)
    if decision.update_required:
        case = ElementTree.SubElement(
            suite, "testcase", classname="figbench.gate", name="require-update"
        )
        message = f"better than the baseline: {', '.join(decision.improved)}"
        ElementTree.SubElement(case, "failure", message=message)
    text = ElementTree.tostring(suite, encoding="unicode", xml_declaration=True)
    write_text_atomic(target, text + "\n")
