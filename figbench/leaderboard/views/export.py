"""The board's table as CSV, JSON, Markdown and LaTeX."""

from __future__ import annotations

import base64
import csv
import io
from collections.abc import Sequence

from figbench.io.json_files import dump_json
from figbench.leaderboard.entries import Board
from figbench.leaderboard.views.board_rows import BoardRow

LATEX = {
    "\\": r"\textbackslash{}", "&": r"\&", "%": r"\%", "$": r"\$", "#": r"\#", "_": r"\_",
    "{": r"\{", "}": r"\}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}",
}  # fmt: skip


def header(board: Board) -> list[str]:
    """Returns the column names of the exports."""
    columns = ["model", "organisation", "standing", "role", "n"]
    for metric_id in board.metrics:
        columns += [metric_id, f"{metric_id} low", f"{metric_id} high", f"{metric_id} rank"]
    return columns


def cells(row: BoardRow, board: Board) -> list[str | float | int | None]:
    """Returns one export line; numbers in full precision."""
    entry = row.named.entry
    used = entry.result.manifests.generated.n_figures if entry.result else None
    name, organisation = entry.model.name, entry.model.organisation
    line: list[str | float | int | None] = [name, organisation, entry.standing, entry.role, used]
    for metric_id in board.metrics:
        metric = row.metric(metric_id)
        interval = metric.interval if metric else None
        line += [
            metric.value if metric else None,
            interval.low if interval else None,
            interval.high if interval else None,
            row.ranks.get(metric_id),
        ]
    return line


def as_csv(board: Board, rows: Sequence[BoardRow]) -> str:
    """Returns CSV; text that a spreadsheet would run as a formula gets a leading quote."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(header(board))
    writer.writerows([[_inert(cell) for cell in cells(row, board)] for row in rows])
    return buffer.getvalue()


def as_json(board: Board, rows: Sequence[BoardRow]) -> str:
    """Returns a JSON list of objects."""
    names = header(board)
    return dump_json([dict(zip(names, cells(row, board), strict=True)) for row in rows])


def as_markdown(board: Board, rows: Sequence[BoardRow]) -> str:
    """Returns a Markdown table of values with intervals."""
    lines = [["model", "organisation", *board.metrics], ["---"] * (2 + len(board.metrics))]
    lines += [[_markdown(cell) for cell in _short_cells(row, board)] for row in rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def as_latex(board: Board, rows: Sequence[BoardRow]) -> str:
    """Returns a LaTeX tabular of values with intervals (booktabs)."""
    head = " & ".join(_latex(name) for name in ["model", "organisation", *board.metrics])
    body = [" & ".join(_latex(cell) for cell in _short_cells(row, board)) for row in rows]
    columns = "ll" + "r" * len(board.metrics)
    middle = "".join(f"{line} \\\\\n" for line in body)
    return (
        f"\\begin{{tabular}}{{{columns}}}\n\\toprule\n{head} \\\\\n\\midrule\n"
        f"{middle}\\bottomrule\n\\end{{tabular}}\n"
    )


def data_uri(text: str, mime: str) -> str:
    """Returns ``text`` as a link that a browser can save without a network."""
    return f"data:{mime};base64,{base64.b64encode(text.encode()).decode('ascii')}"


def _short_cells(row: BoardRow, board: Board) -> list[str]:
    texts = [row.named.entry.model.name or "", row.named.entry.model.organisation or ""]
    for metric_id in board.metrics:
        metric = row.metric(metric_id)
        if metric is None or metric.value is None:
            texts.append("")
            continue
        interval = metric.interval
        ends = f" [{interval.low:.4g}, {interval.high:.4g}]" if interval else ""
        texts.append(f"{metric.value:.4g}{ends}")
    return texts


def _inert(cell: str | float | int | None) -> str | float | int | None:
    return f"'{cell}" if isinstance(cell, str) and cell[:1] in "=+-@\t\r" and cell else cell


def _markdown(text: str) -> str:
    escaped = "".join(f"\\{c}" if c in "\\|`*_<>[]" else c for c in " ".join(text.split()))
    return escaped.replace("\\[", "[").replace("\\]", "]") if text[:1].isdigit() else escaped


def _latex(text: str) -> str:
    return "".join(LATEX.get(character, character) for character in " ".join(text.split()))
