"""What a CI system shows: a step summary in Markdown, and JUnit XML."""

from __future__ import annotations

import os
from pathlib import Path
from xml.etree import ElementTree  # nosec B405 # writes XML, parses none

from figbench.comparison.comparison import Comparison
from figbench.gate.decision import Decision
from figbench.io.atomic import write_text_atomic


def number(value: float | None) -> str:
    """Returns four significant digits, or a dash."""
    return "–" if value is None else f"{value:.4g}"


def decision_markdown(decision: Decision) -> str:
    """Returns the gate's outcome as a Markdown table."""
    title = "passed" if decision.exit_code == 0 else "failed"
    lines = [f"### figbench gate {title}", ""]
    if decision.verdicts:
        lines += [
            "| rule | verdict | baseline | run | limit | p | smallest visible difference |",
            "|---|---|---|---|---|---|---|",
        ]
    for one in decision.verdicts:
        cells = [_code(one.rule), f"{one.state}: {one.reason}", number(one.baseline)]
        cells += [number(one.value), number(one.limit), number(one.p_value)]
        lines.append("| " + " | ".join([*cells, number(one.minimum_detectable)]) + " |")
    if decision.improved:
        lines += ["", f"Significantly better: {', '.join(decision.improved)}."]
    if decision.update_required:
        lines += ["", "**The baseline must be updated** (`--require-update`)."]
    lines += [f"\n{note}" for note in decision.notes]
    return "\n".join(lines) + "\n"


def comparison_markdown(comparison: Comparison) -> str:
    """Returns a comparison as a Markdown table."""
    lines = [
        f"### {comparison.first} against {comparison.second} (protocol {comparison.protocol})",
        "",
        "| metric | first | second | difference | p (Holm) | smallest visible | wins/losses/ties |",
        "|---|---|---|---|---|---|---|",
    ]
    for one in comparison.differences:
        arrow = "↑" if one.higher_is_better else "↓"
        counts = "" if one.wins is None else f"{one.wins}/{one.losses}/{one.ties}"
        cells = [f"{_code(one.metric)} {arrow}", number(one.first), number(one.second)]
        cells += [number(one.difference), number(one.p_holm), number(one.minimum_detectable)]
        lines.append("| " + " | ".join([*cells, counts]) + " |")
    lines += [f"\n{note}" for note in comparison.notes]
    return "\n".join(lines) + "\n"


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


def write_junit(decision: Decision, target: Path) -> None:
    """Writes one JUnit test case per rule, atomically."""
    failed = [one for one in decision.verdicts if one.state != "pass"]
    suite = ElementTree.Element(
        "testsuite",
        name="figbench gate",
        tests=str(len(decision.verdicts) + decision.update_required),
        failures=str(len(failed) + decision.update_required),
    )
    for one in decision.verdicts:
        case = ElementTree.SubElement(suite, "testcase", classname="figbench.gate", name=one.rule)
        if one.state != "pass":
            message = f"{one.reason}: baseline {one.baseline:.6g}, run {one.value:.6g}"
            ElementTree.SubElement(case, "failure", message=message)
    if decision.update_required:
        case = ElementTree.SubElement(
            suite, "testcase", classname="figbench.gate", name="require-update"
        )
        message = f"better than the baseline: {', '.join(decision.improved)}"
        ElementTree.SubElement(case, "failure", message=message)
    text = ElementTree.tostring(suite, encoding="unicode", xml_declaration=True)
    write_text_atomic(target, text + "\n")
