"""Judged sections of a report: win, tie and loss with the figures, and who judged."""

from __future__ import annotations

import base64
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from figbench.data.load import load_manifest
from figbench.data.manifest import Manifest
from figbench.data.types import Figure
from figbench.errors import FigbenchError
from figbench.evaluation.artifacts.writer import GENERATED_NAME, REFERENCE_NAME
from figbench.images.decode import decode
from figbench.judges.judged_values import JudgedValues, load_judged_values
from figbench.pages.details import plain
from figbench.ranking import Ranking, Vote, rank, read_votes
from figbench.ranking.section import Example, leader_sentence, ranking_section, select_examples
from figbench.results.schema import RunResult

REFERENCE = "reference"
LONGEST_SIDE = 400
"""Of the pictures of an example, pixels."""

Runs = Sequence[tuple[str, Path, RunResult]]
Table = tuple[str, list[tuple[str, str]]]


@dataclass(frozen=True, slots=True)
class JudgedSection:
    """One judge run, or one file of people's votes, in a report.

    Attributes:
        title: Heading.
        anchor: Id of the section.
        summary: One sentence for the top of the report.
        html: The section, escaped.
        ranking: Models in order.
    """

    title: str
    anchor: str
    summary: str
    html: str
    ranking: Ranking


def judged_sections(
    judges: Sequence[Path], votes: Sequence[Path], runs: Runs, *, with_images: bool = True
) -> list[JudgedSection]:
    """Returns the judged sections of a report.

    Args:
        judges: Folders of ``figbench judge run``.
        votes: Files of people's votes.
        runs: (name, folder, result) of each run of the report; they give the images.
        with_images: Whether examples are selected and their figures embedded.

    Raises:
        UserError: If a judge run or a vote cannot be read, or the votes connect no models.
    """
    figures = _Figures(runs)
    sections = []
    for number, folder in enumerate(judges, start=1):
        judged = load_judged_values(folder)
        judge = judged.fingerprint
        title = f"Judged by {judge.model}"
        names = figures.names_of(judged)
        sections.append(
            _section(title, f"judge-{number}", judged.votes(), names, figures, _details(judged),
                     with_images=with_images)
        )  # fmt: skip
    for number, path in enumerate(votes, start=1):
        cast = read_votes(path)
        by_name = {name: name for vote in cast for name in vote.pair}
        raters = len({vote.rater for vote in cast})
        title = f"Judged by {raters} {'person' if raters == 1 else 'people'}"
        sections.append(
            _section(title, f"votes-{number}", cast, by_name, figures, [], with_images=with_images)
        )
    return sections


def _section(
    title: str,
    anchor: str,
    votes: Sequence[Vote],
    names: Mapping[str, str],
    figures: _Figures,
    tables: Sequence[Table],
    *,
    with_images: bool,
) -> JudgedSection:
    ranking = rank(votes)
    examples = []
    if with_images:
        examples = [figures.filled(example, names) for example in select_examples(votes, {})]
    html = ranking_section(ranking, examples, heading=title, anchor=anchor, tables=tables)
    return JudgedSection(title, anchor, f"{title}: {leader_sentence(ranking)}", html, ranking)


class _Figures:
    """Figures of the report's runs and of their reference, by name and prompt."""

    def __init__(self, runs: Runs) -> None:
        self._digests = {run.manifests.generated.digest: name for name, _, run in runs}
        self._sides: dict[str, tuple[Manifest, dict[str, Figure]]] = {}
        for name, folder, _ in runs:
            if (folder / GENERATED_NAME).is_file():
                self._sides[name] = _by_id(load_manifest(folder / GENERATED_NAME))
                self._sides.setdefault(REFERENCE, _by_id(load_manifest(folder / REFERENCE_NAME)))
        self._captions = {
            figure_id: figure.prompt or ""
            for figure_id, figure in self._sides.get(REFERENCE, (None, {}))[1].items()
        }

    def names_of(self, judged: JudgedValues) -> dict[str, str]:
        """Returns the run, or the reference, that each name of a judge run's votes stands for."""
        sides = {judged.model: "generated", judged.against: "reference"}
        return {
            name: self._digests.get(str(judged.document[f"{side}_digest"]), REFERENCE)
            if side == "reference"
            else self._digests.get(str(judged.document[f"{side}_digest"]), name)
            for name, side in sides.items()
        }

    def filled(self, example: Example, names: Mapping[str, str]) -> Example:
        """Returns an example with its caption and both figures."""
        return replace(
            example,
            caption=self._captions.get(example.prompt_id, ""),
            images=(
                self._data_uri(names.get(example.first, example.first), example.prompt_id),
                self._data_uri(names.get(example.second, example.second), example.prompt_id),
            ),
        )

    def _data_uri(self, name: str, figure_id: str) -> str:
        from PIL import Image

        manifest, figures = self._sides.get(name, (None, {}))
        figure = figures.get(figure_id)
        if manifest is None or figure is None:
            return ""
        try:
            image = Image.fromarray(decode(manifest.read(figure)).image)
        except (FigbenchError, OSError, ValueError):
            return ""
        image.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
        buffer = io.BytesIO()
        image.save(buffer, format="WEBP", quality=80)
        return "data:image/webp;base64," + base64.b64encode(buffer.getvalue()).decode("ascii")


def _by_id(manifest: Manifest) -> tuple[Manifest, dict[str, Figure]]:
    """Returns a manifest with the first sample of each figure id."""
    figures: dict[str, Figure] = {}
    for figure in sorted(manifest.figures, key=lambda figure: figure.sample):
        figures.setdefault(figure.figure_id, figure)
    return manifest, figures


def _details(judged: JudgedValues) -> list[Table]:
    """Returns who judged and the instrument card as tables."""
    judge, value, card = judged.fingerprint, judged.value, judged.card
    details = value.details
    rows = [
        ("Judge", judge.model),
        ("Reported by the server", plain(list(judge.models))),
        ("Server fingerprint", plain(list(judge.system_fingerprints))),
        ("Judge protocol", f"{judge.protocol}, prompt hash {judge.prompt_hash[:12]}"),
        ("Verdicts that flip with the order", plain(details.get("flips", 0))),
        ("Missing figures", plain(details.get("missing_figures", 0))),
        ("Judge failures", plain(details.get("judge_failures", 0))),
    ]
    if "failures_as_losses" in details:
        low, high = (float(details[f"failures_as_{word}"]) for word in ("losses", "wins"))
        rows.append(("Win rate with failures as losses, as wins", f"{low:.3f}, {high:.3f}"))
    measured = {
        **{name: value for name, value in card.items() if isinstance(value, dict)},
        **{f"control: {name}": value for name, value in card.get("controls", {}).items()},
    }
    lines = [
        (name.replace("_", " ").capitalize(), _measure(estimate))
        for name, estimate in measured.items()
        if "value" in estimate
    ]
    return [("Judge and bounds", rows), ("Instrument card", lines)]


def _measure(estimate: Mapping[str, object]) -> str:
    value, interval = estimate.get("value"), estimate.get("interval")
    if not isinstance(value, int | float):
        return str(estimate.get("reason") or "not measured")
    ends = f" [{interval['low']:.3f}, {interval['high']:.3f}]" if isinstance(interval, dict) else ""
    return f"{value:.3f}{ends}, n = {estimate.get('n', 0)}"
