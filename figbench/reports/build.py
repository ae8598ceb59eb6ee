"""Builds the report from finished runs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from figbench.errors import IntegrityError, UserError
from figbench.io.atomic import write_text_atomic
from figbench.pages.render import render
from figbench.reports.figures import Shown, extremes
from figbench.reports.strata import StrataTable, strata_table
from figbench.results.files import PER_FIGURE_NAME, load_result
from figbench.results.integrity import check_folder
from figbench.results.schema import MetricValue, RunResult

MOST_SHOWN = 20


@dataclass(frozen=True, slots=True)
class Reported:
    """One run with its worst and best figures under ``ordered_by``."""

    name: str
    result: RunResult
    ordered_by: str
    worst: list[Shown]
    best: list[Shown]
    strata: StrataTable | None


def build_report(results: Sequence[Path], out: Path, *, figures: int = MOST_SHOWN) -> Path:
    """Writes a report, Markdown when ``out`` ends in ``.md``, HTML otherwise.

    Args:
        results: ``result.json`` files or the folders that hold them.
        out: File to write.
        figures: Worst and best figures shown per run; Markdown names them without pictures.

    Raises:
        UserError: If there is no result to report.
        IntegrityError: If the runs followed different protocols.
    """
    if not results:
        raise UserError("No result given.", remedy="Type: figbench report RUN --out report.html")
    loaded = [(path, load_result(path)) for path in results]
    for path, result in loaded:
        folder = Path(path) if Path(path).is_dir() else Path(path).parent
        check_folder(folder, result, PER_FIGURE_NAME)
    if len({result.protocol.hash for _, result in loaded}) > 1:
        raise IntegrityError(
            "The runs followed different protocols, so one table cannot hold them.",
            remedy="Report them one by one.",
        )
    markdown = out.suffix == ".md"
    runs = [_reported(path, result, figures, pictures=not markdown) for path, result in loaded]
    names = list(dict.fromkeys(name for run in runs for name in run.result.metrics))
    text = _markdown(runs, names) if markdown else _html(runs, names)
    write_text_atomic(out, text)
    return out


def _reported(path: Path, result: RunResult, count: int, *, pictures: bool) -> Reported:
    folder = path if path.is_dir() else path.parent
    metric, worst, best = extremes(folder, count, pictures=pictures) if count else ("", [], [])
    name = result.model.name or Path(result.manifests.generated.source).name
    return Reported(name, result, metric, worst, best, strata_table(folder, result))


def cell(metric: MetricValue | None) -> str:
    """Returns "value [low, high]", or the reason why there is none."""
    if metric is None:
        return ""
    if metric.value is None:
        return f"{metric.status}: {metric.reason}"
    ends = metric.interval
    return f"{metric.value:.4g}" + (f" [{ends.low:.4g}, {ends.high:.4g}]" if ends else "")


def _html(runs: list[Reported], names: list[str]) -> str:
    table = [(name, [cell(run.result.metrics.get(name)) for run in runs]) for name in names]
    return render("report.html.j2", runs=runs, table=table)


def _markdown(runs: list[Reported], names: list[str]) -> str:
    heads = ["metric", *(_plain(run.name) for run in runs)]
    lines = ["# Report", "", _line(heads), _line(["---"] * len(heads))]
    for name in names:
        cells = [_plain(cell(run.result.metrics.get(name))) for run in runs]
        lines.append(_line([name, *cells]))
    for run in runs:
        side, protocol = run.result.manifests.generated, run.result.protocol
        lines += ["", f"## {_plain(run.name)}", ""]
        lines += [f"- Protocol {protocol.id}, hash {protocol.hash[:16]}"]
        lines += [f"- {side.n_figures} figures, {len(side.missing)} missing"]
        lines += [f"- Note: {_plain(warning)}" for warning in run.result.warnings]
        lines += _strata_lines(run.strata) if run.strata else []
        for title, shown in (("Worst", run.worst), ("Best", run.best)):
            lines += _figure_lines(f"{title} by {run.ordered_by}", shown) if shown else []
    return "\n".join(lines) + "\n"


def _strata_lines(strata: StrataTable) -> list[str]:
    heads = ["stratum", "n", *map(_plain, strata.metrics)]
    lines = ["", "### By stratum", "", _line(heads), _line(["---"] * len(heads))]
    return lines + [_line([_plain(label), str(n), *cells]) for label, n, cells in strata.rows]


def _figure_lines(title: str, shown: Sequence[Shown]) -> list[str]:
    heads = ["figure", "sample", "value", "matched", "missed", "invented"]
    lines = ["", f"### {title}", "", _line(heads), _line(["---"] * len(heads))]
    for one in shown:
        texts = [one.labels.matched, one.labels.missed, one.labels.invented]
        cells = [_plain(one.figure_id), str(one.sample), f"{one.score:.4g}"]
        lines.append(_line(cells + [_plain(", ".join(each)) for each in texts]))
    return lines


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _plain(text: str) -> str:
    return "".join(f"\\{one}" if one in "\\|`*_<>" else one for one in " ".join(text.split()))
