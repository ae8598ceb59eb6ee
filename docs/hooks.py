"""Parts of pages that are made from the code, and MkDocs' hook for the others.

The parts between ``<!-- metrics -->`` and ``<!-- /metrics -->`` and their like are committed, so
that the pages are whole wherever they are read. ``python docs/hooks.py`` writes them anew; a test
compares. The changelog and the notebook are put in when the site is built.
"""

import json
import re
from pathlib import Path
from typing import Any

from figbench.metrics import get_metric, metric_names
from figbench.protocol import Protocol, shipped_protocols
from figbench.results.schema import json_schema

DOCS = Path(__file__).parent
SECTIONS = ("Formula", "Reference", "Minimum n", "Known biases")
EXAMPLE = "efficientnet-lite0"


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Puts the changelog and the notebook into their pages."""
    if "<!-- changelog -->" in markdown:
        text = (DOCS.parent / "CHANGELOG.md").read_text(encoding="utf-8")
        markdown = markdown.replace("<!-- changelog -->", text)
    if "<!-- notebook -->" in markdown:
        markdown = markdown.replace("<!-- notebook -->", _notebook(DOCS / "tour.ipynb"))
    return markdown


def on_page_content(html: str, **_: Any) -> str:
    """Drops the role names that docstrings put before names of the code."""
    return re.sub(r":(?:class|func|meth|data|mod|attr):(?=<)", "", html)


def filled(markdown: str) -> str:
    """Returns a page with every generated part made anew."""
    for name, make in PARTS.items():
        pattern = re.compile(rf"(<!-- {name} -->\n).*?(<!-- /{name} -->)", re.S)
        markdown = pattern.sub(
            lambda match, make=make: f"{match[1]}\n{make()}\n{match[2]}", markdown
        )
    return markdown


def _notebook(path: Path) -> str:
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    texts = []
    for cell in cells:
        source = "".join(cell["source"])
        if not texts:
            # The page has a title of its own.
            source = re.sub(r"\A# .*\n+", "", source)
        texts.append(source if cell["cell_type"] == "markdown" else f"```python\n{source}\n```")
    return "\n\n".join(texts)


def _result_fields() -> str:
    schema = json_schema()
    parts = []
    models = {"RunResult": schema, **schema["$defs"]}
    for name, model in models.items():
        description = " ".join(model.get("description", "").split())
        parts.append(f"## {name}\n\n{description}\n")
        parts.append("| field | meaning |\n|---|---|")
        for field, facts in model.get("properties", {}).items():
            text = " ".join(str(facts.get("description", "")).split()).replace("|", "\\|")
            parts.append(f"| `{field}` | {text} |")
        parts.append("")
    return "\n".join(parts)


def _metrics() -> str:
    parts = []
    for name in metric_names():
        spec = get_metric(name.replace("EXTRACTOR", EXAMPLE)).spec
        parts.append(f"## {name}\n")
        parts.append("| output | title | better | range |\n|---|---|---|---|")
        for output in spec.outputs:
            better = "higher" if output.higher_is_better else "lower"
            identity = output.id.replace(EXAMPLE, "EXTRACTOR")
            parts.append(
                f"| `{identity}` | {output.title} | {better} | {output.low:g} to {output.high:g} |"
            )
        for heading in SECTIONS:
            text = spec.section(heading)
            if text:
                parts.append(f"\n**{heading}.** {' '.join(text.split())}")
        if spec.settings:
            settings = ", ".join(f"`{key}: {value}`" for key, value in spec.settings.items())
            parts.append(f"\n**Settings and defaults.** {settings}")
        parts.append("")
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


PARTS = {"metrics": _metrics, "protocols": _protocols, "result fields": _result_fields}

if __name__ == "__main__":
    for page in sorted(DOCS.glob("*.md")):
        text = page.read_text(encoding="utf-8")
        if filled(text) != text:
            page.write_text(filled(text), encoding="utf-8")
