"""Result tables as LaTeX (booktabs), Markdown and CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass

from figbench.metrics.names import ordered
from figbench.pages.numbers import factor_text, format_number
from figbench.results.schema import MetricValue, RunResult

_LATEX = {
    "\\": r"\textbackslash{}", "&": r"\&", "%": r"\%", "$": r"\$", "#": r"\#", "_": r"\_",
    "{": r"\{", "}": r"\}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Cell:
    """A text, with an interval in brackets; ``best`` is set in bold."""

    text: str
    interval: str = ""
    best: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """Headings, rows of cells, and a caption; the first cell of a row is its heading.

    Attributes:
        heads: Of every column.
        rows: Of cells.
        caption: One or two sentences.
        better: By row, True where higher is better, None where there is no direction.
        records: The same data as plain values for CSV, heading first.
    """

    heads: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    caption: str
    better: tuple[bool | None, ...]
    records: tuple[tuple[object, ...], ...]


def results_table(runs: Sequence[tuple[str, RunResult]]) -> Table:
    """Returns metrics down and runs across; the best value of a row is bold with two runs or more.

    Args:
        runs: (name, result) of one protocol.
    """
    names = ordered(dict.fromkeys(name for _, result in runs for name in result.metrics))
    rows, better = [], []
    records: list[tuple[object, ...]] = [
        ("metric", "run", "value", "low", "high", "higher_is_better", "n", "status")
    ]
    for name in names:
        metrics = [result.metrics.get(name) for _, result in runs]
        first = next(entry for entry in metrics if entry is not None)
        values = [entry.value for entry in metrics if entry is not None and entry.value is not None]
        top = (max if first.higher_is_better else min)(values, default=None)
        head = Cell(f"{name}{factor_text(first.display_scale)}")
        cells = [_cell(entry, top if len(runs) > 1 else None) for entry in metrics]
        rows.append((head, *cells))
        better.append(first.higher_is_better)
        for (run, _), entry in zip(runs, metrics, strict=True):
            if entry is not None:
                ends = entry.interval
                low, high = (ends.low, ends.high) if ends else ("", "")
                value = "" if entry.value is None else entry.value
                records.append(
                    (
                        name,
                        run,
                        value,
                        low,
                        high,
                        entry.higher_is_better,
                        entry.n_used,
                        entry.status,
                    )
                )
    heads = ("Metric", *(name for name, _ in runs))
    return Table(heads, tuple(rows), methods_sentence(runs[0][1]), tuple(better), tuple(records))


def _cell(metric: MetricValue | None, top: float | None) -> Cell:
    if metric is None or metric.value is None:
        return Cell("-")
    interval = ""
    if metric.interval:
        ends = (metric.interval.low, metric.interval.high)
        low, high = (format_number(end, metric.display_scale, digits=3) for end in ends)
        interval = f"[{low}, {high}]"
    text = format_number(metric.value, metric.display_scale, digits=3)
    return Cell(text, interval, top is not None and metric.value == top)


def methods_sentence(result: RunResult) -> str:
    """Returns a sentence for a paper's methods: tool, version, protocol, hash, n, intervals."""
    side = result.manifests.generated
    methods = sorted({value.interval.method for value in result.metrics.values() if value.interval})
    text = (
        f"Scored with figbench {result.provenance.figbench_version}, protocol "
        f"{result.protocol.id} (hash {result.protocol.hash[:12]}), on {side.n_figures} generated "
        f"figures of {side.n_prompts} prompts against "
        f"{result.manifests.reference.n_figures} reference figures."
    )
    return text + (f" Brackets are 95% intervals ({'; '.join(methods)})." if methods else "")


def as_markdown(table: Table) -> str:
    """Returns a Markdown table with its caption below."""
    lines = [_line(table.heads), _line(["---", *["---:"] * (len(table.heads) - 1)])]
    for row, better in zip(table.rows, table.better, strict=True):
        mark = "" if better is None else " ↑" if better else " ↓"
        cells = [f"{_markdown(row[0].text)}{mark}"]
        for cell in row[1:]:
            text = f"**{cell.text}**" if cell.best else _markdown(cell.text)
            cells.append(f"{text} {cell.interval}".rstrip())
        lines.append(_line(cells))
    return "\n".join([*lines, "", table.caption]) + "\n"


def as_latex(table: Table) -> str:
    """Returns a table in LaTeX; it needs the package booktabs."""
    columns = "l" + "r" * (len(table.heads) - 1)
    lines = [
        "% needs \\usepackage{booktabs}",
        "\\begin{table}",
        "\\centering",
        f"\\caption{{{_latex(table.caption)}}}",
        f"\\begin{{tabular}}{{{columns}}}",
        "\\toprule",
        " & ".join(_latex(head) for head in table.heads) + r" \\",
        "\\midrule",
    ]
    for row, better in zip(table.rows, table.better, strict=True):
        mark = "" if better is None else r" $\uparrow$" if better else r" $\downarrow$"
        cells = [_latex(row[0].text) + mark]
        for cell in row[1:]:
            text = f"\\textbf{{{_latex(cell.text)}}}" if cell.best else _latex(cell.text)
            small = f" {{\\scriptsize {_latex(cell.interval)}}}" if cell.interval else ""
            cells.append(text + small)
        lines.append(" & ".join(cells) + r" \\")
    return "\n".join([*lines, "\\bottomrule", "\\end{tabular}", "\\end{table}"]) + "\n"


def as_csv(table: Table) -> str:
    """Returns the table's records with unrounded, unscaled values."""
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\n").writerows(table.records)
    return buffer.getvalue()


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _markdown(text: str) -> str:
    return "".join(
        f"\\{letter}" if letter in "\\|`*_<>" else letter for letter in " ".join(text.split())
    )


def _latex(text: str) -> str:
    return "".join(_LATEX.get(character, character) for character in text)
