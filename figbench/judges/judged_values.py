"""Per-figure values of a finished judge run, with the identity of its judge.

``compare``, ``gate``, boards and reports read judge runs through :class:`JudgedValues`.
"""

from __future__ import annotations

import json
import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from figbench.errors import IntegrityError, UserError
from figbench.io.json_files import read_json
from figbench.judges.measures.fingerprint import FINGERPRINT_NAME, Fingerprint
from figbench.judges.measures.intervals import estimate
from figbench.judges.session import JUDGE_NAME, TABLE_NAME, VOTES_NAME
from figbench.judges.trials import GENERATED, REFERENCE
from figbench.ranking.votes import Vote, parse_vote, read_lines, read_votes
from figbench.results.schema import Interval, MetricValue
from figbench.statistics.influence import variance_of_mean

Array = npt.NDArray[np.float64]
WIN_RATE, SCORE = "win_rate", "judge_score"
TITLES = {WIN_RATE: "Win rate", SCORE: "Judge score"}
MAX_JUDGE_BYTES = 64 * 2**20


@dataclass(frozen=True, slots=True)
class JudgedValues:
    """A judge run as one metric.

    Attributes:
        folder: Folder of the run.
        metric_id: ``win_rate`` where figures are compared, else ``judge_score``.
        value: Mean over the figures with a valid verdict, with its interval and counts.
        keys: (figure_id, sample) of every expected figure, sorted.
        papers: Paper of each figure.
        points: Value of each figure, 0..1, NaN without a valid verdict, shape (figures,).
        fingerprint: Identity of the judge and its accuracy on the anchors.
        model: Name of the generated set.
        against: Name of the set that it was compared with.
        document: Content of ``judge.json``.
    """

    folder: Path
    metric_id: str
    value: MetricValue
    keys: tuple[tuple[str, int], ...]
    papers: tuple[str, ...]
    points: Array
    fingerprint: Fingerprint
    model: str
    against: str
    document: Mapping[str, Any]

    @property
    def card(self) -> Mapping[str, Any]:
        """The instrument card."""
        card: Mapping[str, Any] = self.document["card"]
        return card

    def votes(self) -> list[Vote]:
        """Returns the votes of the run.

        Raises:
            UserError: If it has none: a protocol that scores figures alone, or only failures.
        """
        return read_votes(self.folder / VOTES_NAME)


def is_judge_run(path: str | Path) -> bool:
    """Returns whether a path is a judge run's folder or its ``judge.json``."""
    source = Path(path)
    return (source / JUDGE_NAME).is_file() or (source.name == JUDGE_NAME and source.is_file())


def load_judged_values(path: str | Path) -> JudgedValues:
    """Loads the per-figure values of a finished judge run.

    Args:
        path: Folder of ``figbench judge run``, or its ``judge.json``.

    Raises:
        UserError: If a file is absent or damaged.
        IntegrityError: If the run is not complete: calls without an answer would count as failures.
    """
    folder = Path(path).parent if Path(path).name == JUDGE_NAME else Path(path)
    document = _document(folder)
    if not document.get("complete"):
        raise IntegrityError(
            f"{folder}: {document.get('calls_without_answer')} calls have no answer yet.",
            remedy="Finish it: run the same figbench judge run command again.",
        )
    names = document["names"]
    model, against = str(names[GENERATED]), str(names[REFERENCE])
    papers, scores = _read_table(folder)
    for prompt_id, paper_id, sample in document["missing"]:
        papers[str(prompt_id), int(sample)] = str(paper_id)
    compared = "win_rate" in document["scores"]
    if compared:
        scores = _points(folder, model)
    keys = tuple(sorted(papers))
    points = np.array([_mean(scores.get(key, ())) for key in keys], np.float64)
    metric_id = WIN_RATE if compared else SCORE
    clusters = tuple(papers[key] for key in keys)
    counts = document["scores"]["win_rate" if compared else "mean_score"]
    value = metric_value(points, clusters, title=TITLES[metric_id], details=_details(counts))
    return JudgedValues(
        folder, metric_id, value, keys, clusters, points, _fingerprint(folder, document), model,
        against, document,
    )  # fmt: skip


def metric_value(
    points: Array,
    papers: Sequence[str],
    *,
    title: str = TITLES[WIN_RATE],
    details: Mapping[str, float | int | str] | None = None,
) -> MetricValue:
    """Returns the mean of per-figure points with its interval clustered by paper.

    Args:
        points: 0..1, NaN for a figure without a valid verdict, shape (figures,).
        papers: Paper of each figure.
        title: For tables.
        details: Counts and bounds that belong to the value.
    """
    valid = np.isfinite(points)
    values = points[valid]
    clusters = [paper for paper, good in zip(papers, valid, strict=True) if good]
    extra: dict[str, float | int | str] = dict(details or {})
    if not len(values):
        return MetricValue(
            value=None, status="failed", reason="no figure has a valid verdict",
            higher_is_better=True, n_used=0, n_expected=len(points), title=title, details=extra,
        )  # fmt: skip
    measured = estimate(list(values), clusters)
    interval = measured["interval"]
    variance = variance_of_mean(values, clusters)
    return MetricValue(
        value=measured["value"],
        status="ok",
        higher_is_better=True,
        interval=Interval(**interval) if interval else None,
        standard_error=math.sqrt(variance) if variance is not None else None,
        n_used=len(values),
        n_expected=len(points),
        title=title,
        details=extra,
    )


def _document(folder: Path) -> dict[str, Any]:
    path = folder / JUDGE_NAME
    if not path.is_file():
        raise UserError(
            f"{folder}: no {JUDGE_NAME}.",
            remedy="Make one with: figbench judge run GENERATED --reference REF --out DIR",
        )
    document = read_json(path, limit=MAX_JUDGE_BYTES)
    required = ("complete", "names", "scores", "card", "missing", "protocol", "model")
    absent = [name for name in required if not isinstance(document, dict) or name not in document]
    if absent:
        raise UserError(f"{path}: not a judge run (without {', '.join(absent)}).")
    return dict(document)


def _read_table(
    folder: Path,
) -> tuple[dict[tuple[str, int], str], dict[tuple[str, int], list[float]]]:
    """Returns the paper and the scores of each judged figure, by (figure_id, sample)."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    path = folder / TABLE_NAME
    try:
        columns = ["purpose", "prompt_id", "paper_id", "sample", "score"]
        records = pq.read_table(path, columns=columns).to_pylist()
    except (OSError, KeyError, ValueError, pa.ArrowException) as error:
        raise UserError(f"{path}: cannot be read ({str(error)[:200]}).") from None
    papers: dict[tuple[str, int], str] = {}
    scores: dict[tuple[str, int], list[float]] = defaultdict(list)
    for record in records:
        if record["purpose"] == "comparison":
            key = record["prompt_id"], record["sample"]
            papers[key] = record["paper_id"]
            if record["score"] is not None:
                scores[key].append(record["score"])
    return papers, scores


def _points(folder: Path, model: str) -> dict[tuple[str, int], list[float]]:
    """Returns 1, 0.5 or 0 for each vote on the model, by (figure_id, sample)."""
    path = folder / VOTES_NAME
    points: dict[tuple[str, int], list[float]] = defaultdict(list)
    try:
        for line in filter(None, read_lines(path)):
            record = json.loads(line)
            key = str(record["prompt_id"]), int(record.get("sample", 0))
            points[key].append(points_of(parse_vote(record), model))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise UserError(f"{path}: damaged ({str(error)[:200]}).") from None
    return points


def points_of(vote: Vote, model: str) -> float:
    """Returns 1 where a model won a vote, 0.5 for a tie and 0 where it lost.

    Raises:
        ValueError: If the vote is on other models.
    """
    if model not in vote.pair:
        raise ValueError(f"the vote compares {vote.first} and {vote.second}, not {model}")
    if vote.winner == "tie":
        return 0.5
    return float((vote.first if vote.winner == "first" else vote.second) == model)


def _mean(values: Iterable[float]) -> float:
    numbers = list(values)
    return sum(numbers) / len(numbers) if numbers else math.nan


def _details(counts: Mapping[str, Any]) -> dict[str, float | int | str]:
    names = ("wins", "ties", "losses", "flips", "missing_figures", "judge_failures",
             "failures_as_losses", "failures_as_wins")  # fmt: skip
    return {name: counts[name] for name in names if counts.get(name) is not None}


def _fingerprint(folder: Path, document: Mapping[str, Any]) -> Fingerprint:
    if (folder / FINGERPRINT_NAME).is_file():
        return Fingerprint.load(folder)
    card = document["card"]
    return Fingerprint(
        model=document["model"],
        models=tuple(card.get("models", ())),
        system_fingerprints=tuple(card.get("system_fingerprints", ())),
        protocol=document["protocol"],
        prompt_hash=document.get("protocol_hash", ""),
    )
