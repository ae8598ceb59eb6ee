"""MkDocs hook: metric tables come from the metrics' own specs, so they cannot drift."""

from pathlib import Path
from typing import Any

from figbench.metrics import get_metric
from figbench.protocol import Protocol, shipped_protocols
from figbench.results.schema import json_schema

SECTIONS = ("Formula", "Reference", "Minimum n", "Known biases")


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Fills the two placeholders of metrics.md and protocols.md."""
    if "<!-- metrics -->" in markdown:
        markdown = markdown.replace("<!-- metrics -->", _metrics())
    if "<!-- protocols -->" in markdown:
        markdown = markdown.replace("<!-- protocols -->", _protocols())
    if "<!-- result fields -->" in markdown:
        markdown = markdown.replace("<!-- result fields -->", _result_fields())
    if "<!-- changelog -->" in markdown:
        path = Path(__file__).parent.parent / "CHANGELOG.md"
        text = path.read_text(encoding="utf-8")
        markdown = markdown.replace("<!-- changelog -->", text)
    return markdown


def _result_fields() -> str:
    schema = json_schema()
    parts = []
    models = {"RunResult": schema, **schema["$defs"]}
    for name, model in models.items():
        parts.append(f"## {name}\n\n{model.get('description', '')}\n")
        parts.append("| field | meaning |\n|---|---|")
        for field, facts in model.get("properties", {}).items():
            text = " ".join(str(facts.get("description", "")).split())
            parts.append(f"| `{field}` | {text} |")
        parts.append("")
    return "\n".join(parts)


def _metrics() -> str:
    requests = [request for name in shipped_protocols() for request in Protocol.load(name).metrics]
    parts, seen = [], set()
    for request in requests:
        spec = get_metric(request.metric).spec
        if spec.name in seen:
            continue
        seen.add(spec.name)
        parts.append(f"## {request.metric}\n")
        parts.append("| output | title | better | range |\n|---|---|---|---|")
        for output in spec.outputs:
            better = "higher" if output.higher_is_better else "lower"
            parts.append(
                f"| `{output.id}` | {output.title} | {better} | {output.low:g} to {output.high:g} |"
            )
        for heading in SECTIONS:
            text = spec.section(heading)
            if text:
                parts.append(f"\n**{heading}.** {' '.join(text.split())}\n")
    return "\n".join(parts)


def _protocols() -> str:
    parts = []
    for name in shipped_protocols():
        protocol = Protocol.load(name)
        metrics = ", ".join(f"`{request.metric}`" for request in protocol.metrics)
        reader = protocol.ocr.engine if protocol.ocr else "none"
        parts.append(
            f"## {name}\n\n{protocol.description}\n\n"
            f"| | |\n|---|---|\n| preprocess | `{protocol.preprocess}`, {protocol.resample} |\n"
            f"| metrics | {metrics} |\n| reader | {reader} |\n"
            f"| pixel encoding | {protocol.pixel_encoding} |\n"
        )
    return "\n".join(parts)
