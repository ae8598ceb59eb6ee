"""Builds the report from finished runs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from figbench.comparison.differences import Comparison
from figbench.errors import IntegrityError, UserError
from figbench.io.atomic import write_text_atomic
from figbench.metrics.names import headline, ordered, title_of
from figbench.pages.details import Group, run_details
from figbench.pages.numbers import heading, value_text
from figbench.pages.render import render
from figbench.pages.tables import as_csv, as_latex, methods_sentence, results_table
from figbench.reports.figures import ComparedFigure, extremes
from figbench.reports.judged import JudgedSection, judged_sections
from figbench.reports.metric_table import compare_two, metric_rows, verdict_of
from figbench.reports.strata import StrataTable, strata_table
from figbench.results.files import PER_FIGURE_NAME, load_result
from figbench.results.integrity import check_folder
from figbench.results.schema import MetricValue, RunResult

MOST_FIGURES = 20
FIRST_FIGURES = 4
"""Worst and best figures that are not folded."""
SUFFIXES = (".html", ".htm", ".md", ".tex", ".csv")


@dataclass(frozen=True, slots=True)
class Reported:
    """One run with its worst and best figures under ``ordered_by``."""

    name: str
    result: RunResult
    ordered_by: str
    worst: list[ComparedFigure]
    best: list[ComparedFigure]
    strata: StrataTable | None

    @property
    def ordered_by_title(self) -> str:
        """Human name of the metric that orders the figures."""
        return title_of(self.ordered_by) if self.ordered_by else ""

    @property
    def has_arrows(self) -> bool:
        """Whether the graphs of any listed figure were compared."""
        return any(figure.arrows for figure in (*self.worst, *self.best))

    @property
    def details(self) -> list[Group]:
        """Returns the run's provenance as tables."""
        return run_details(self.result)


def build_report(
    results: Sequence[Path],
    out: Path,
    *,
    figures: int = MOST_FIGURES,
    judges: Sequence[Path] = (),
    votes: Sequence[Path] = (),
) -> Path:
    """Writes a report: a page for ``.html``, else Markdown, or a table for ``.tex`` and ``.csv``.

    Args:
        results: ``result.json`` files or the folders that hold them.
        out: File to write.
        figures: Worst and best figures shown per run; Markdown names them without images.
        judges: Folders of ``figbench judge run`` on the figures of the runs.
        votes: Files of people's votes on the figures of the runs.

    Raises:
        UserError: If there is no result to report, or the suffix is none of these.
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
    suffix = out.suffix.lower()
    if suffix not in SUFFIXES:
        raise UserError(
            f"{out}: no report is written as '{suffix or out.name}'.",
            remedy=f"Use one of: {', '.join(SUFFIXES)}.",
        )
    if suffix in (".tex", ".csv"):
        table = results_table([(_name(result), result) for _, result in loaded])
        write_text_atomic(out, as_latex(table) if suffix == ".tex" else as_csv(table))
        return out
    page = suffix != ".md"
    runs = [_reported(path, result, figures, with_images=page) for path, result in loaded]
    names = list(dict.fromkeys(name for run in runs for name in run.result.metrics))
    folders = [path if path.is_dir() else path.parent for path, _ in loaded]
    sources = [(run.name, folder, run.result) for run, folder in zip(runs, folders, strict=True)]
    judged = judged_sections(judges, votes, sources, with_images=page)
    text = _html(runs, list(results), judged) if page else _markdown(runs, names, judged)
    write_text_atomic(out, text)
    return out


def _reported(path: Path, result: RunResult, count: int, *, with_images: bool) -> Reported:
    folder = path if path.is_dir() else path.parent
    metric, worst, best = (
        extremes(folder, count, with_images=with_images) if count else ("", [], [])
    )
    strata = strata_table(folder, result)
    return Reported(_name(result), result, metric, worst, best, strata)


def _name(result: RunResult) -> str:
    return result.model.name or Path(result.manifests.generated.source).name


def cell(metric: MetricValue | None) -> str:
    """Returns "value [low, high]", or the reason why there is none."""
    if metric is None:
        return ""
    if metric.value is None:
        return f"{metric.status}: {metric.reason}"
    return value_text(metric)


def _html(runs: list[Reported], paths: list[Path], judged: Sequence[JudgedSection]) -> str:
    results = [run.result for run in runs]
    names = [run.name for run in runs]
    comparison, note = compare_two(paths, results)
    metrics = dict.fromkeys(name for result in results for name in result.metrics)
    listed = [replace(run, strata=_headline_strata(run.strata)) for run in runs]
    return render(
        "report.html.j2",
        sortable=False,
        title=" and ".join(names) if len(names) <= 2 else f"{names[0]} and {len(names) - 1} others",
        runs=listed,
        judged=judged,
        first_figures=FIRST_FIGURES,
        verdict=verdict_of(names, comparison),
        headline_rows=metric_rows(results, comparison, only_headline=True),
        all_rows=metric_rows(results, comparison, only_headline=False),
        n_metrics=len(metrics),
        tested=_tests(comparison),
        notes=[note] if note else list(comparison.notes) if comparison else [],
        names={name: title_of(name) for name in metrics},
        methods=methods_sentence(results[0]),
    )


def _tests(comparison: Comparison | None) -> str:
    if comparison is None:
        return ""
    return "; ".join(sorted({difference.method for difference in comparison.differences}))


def _headline_strata(table: StrataTable | None) -> StrataTable | None:
    """Returns the columns of headline metrics; all of them where none is a headline."""
    if table is None or not (names := headline(table.metrics)):
        return table
    columns = [table.metrics.index(name) for name in names]
    rows = [(label, n, [cells[column] for column in columns]) for label, n, cells in table.rows]
    return StrataTable(names, rows)


def _markdown(runs: list[Reported], names: list[str], judged: Sequence[JudgedSection] = ()) -> str:
    heads = ["metric", *(_plain(run.name) for run in runs)]
    lines = [
        f"# {_plain(' and '.join(run.name for run in runs))}",
        "",
        _line(heads),
        _line(["---"] * len(heads)),
    ]
    for name in ordered(names):
        metrics = [run.result.metrics.get(name) for run in runs]
        first = next(metric for metric in metrics if metric is not None)
        cells = [_plain(cell(metric)) for metric in metrics]
        lines.append(_line([heading(name, first), *cells]))
    for section in judged:
        lines += _judged_lines(section)
    for run in runs:
        side, protocol = run.result.manifests.generated, run.result.protocol
        lines += ["", f"## {_plain(run.name)}", ""]
        lines += [f"- Protocol {protocol.id}, hash {protocol.hash[:16]}"]
        lines += [f"- {side.n_figures} figures, {len(side.missing)} missing"]
        lines += [f"- Note: {_plain(warning)}" for warning in run.result.warnings]
        lines += _strata_lines(run.strata) if run.strata else []
        for title, figures in (("Worst", run.worst), ("Best", run.best)):
            lines += _figure_lines(f"{title} by {run.ordered_by}", figures) if figures else []
    lines += ["", f"Methods: {_plain(methods_sentence(runs[0].result))}"]
    return "\n".join(lines) + "\n"


def _judged_lines(section: JudgedSection) -> list[str]:
    heads = ["model", "rank", "win rate", "won / tied / lost"]
    lines = ["", f"## {_plain(section.title)}", "", _line(heads), _line(["---"] * len(heads))]
    for model in section.ranking.models:
        rate = model.win_rate
        ends = "" if rate.low is None else f" [{rate.low:.3f}, {rate.high:.3f}]"
        counts = f"{model.wins} / {model.ties} / {model.losses}"
        cells = [_plain(model.model), str(model.ranks), f"{rate.value:.3f}{ends}", counts]
        lines.append(_line(cells))
    return lines


def _strata_lines(strata: StrataTable) -> list[str]:
    heads = ["stratum", "n", *map(_plain, strata.metrics)]
    lines = ["", "### By stratum", "", _line(heads), _line(["---"] * len(heads))]
    return lines + [_line([_plain(label), str(n), *cells]) for label, n, cells in strata.rows]


def _figure_lines(title: str, figures: Sequence[ComparedFigure]) -> list[str]:
    heads = ["figure", "sample", "value", "matched", "missed", "invented"]
    lines = ["", f"### {title}", "", _line(heads), _line(["---"] * len(heads))]
    for figure in figures:
        texts = [figure.labels.matched, figure.labels.missed, figure.labels.invented]
        cells = [_plain(figure.figure_id), str(figure.sample), f"{figure.score:.4g}"]
        lines.append(_line(cells + [_plain(", ".join(labels)) for labels in texts]))
    return lines


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _plain(text: str) -> str:
    return "".join(f"\\{char}" if char in "\\|`*_<>" else char for char in " ".join(text.split()))
