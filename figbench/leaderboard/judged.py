"""Judged values of an entry from a judge run or from people's votes, and columns of a board."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import yaml

from figbench.errors import IntegrityError, UserError
from figbench.io.atomic import write_text_atomic
from figbench.judges.judged_values import (
    TITLES,
    WIN_RATE,
    load_judged_values,
    metric_value,
    points_of,
)
from figbench.judges.session import VOTES_NAME
from figbench.leaderboard.attachments import Attachment
from figbench.leaderboard.entries import BOARD_NAME, Board, load_board
from figbench.leaderboard.instruments import CardValue, Instrument, JudgedValue, card_values
from figbench.ranking.votes import Vote, read_votes
from figbench.results.schema import RunResult

PEOPLE_WIN_RATE = "people_win_rate"

Points = Mapping[tuple[str, int], float]


@dataclass(frozen=True, slots=True)
class Judged:
    """A judged value with its per-figure points.

    Attributes:
        column: Id of the board's column.
        judged: What the entry records.
        points: 1, 0.5, 0 or a mean of these, by (figure_id, sample); figures without a valid
            verdict are absent.
    """

    column: str
    judged: JudgedValue
    points: Points


def judged_by_model(folder: Path, run: RunResult | None = None) -> Judged:
    """Returns the judged value of a judge run.

    Args:
        folder: Of ``figbench judge run``.
        run: Evaluation of the same figures against the same reference; None checks nothing.

    Raises:
        UserError: If the judge run cannot be read.
        IntegrityError: If it judged other figures, or calls have no answer yet.
    """
    values = load_judged_values(folder)
    digests = {name: str(values.document[f"{name}_digest"]) for name in ("generated", "reference")}
    if run is not None:
        sides = run.manifests
        for name, side in (("generated", sides.generated), ("reference", sides.reference)):
            if side.digest != digests[name]:
                raise IntegrityError(
                    f"{folder}: judged other {name} figures than the run scored "
                    f"(digest {digests[name][:12]}, {side.digest[:12]}).",
                    remedy="Judge and evaluate the same figures against the same reference.",
                )
    votes = folder / VOTES_NAME
    document = JudgedValue(
        value=values.value,
        instrument=Instrument(
            kind="judge",
            against=values.against,
            reference_digest=digests["reference"],
            fingerprint=values.fingerprint,
        ),
        card=card_values(dict(values.card)),
        votes_sha256=_digest(votes) if votes.is_file() else "",
    )
    points = zip(values.keys, values.points, strict=True)
    return Judged(
        values.metric_id,
        document,
        {key: float(value) for key, value in points if np.isfinite(value)},
    )


def judged_by_people(
    path: Path, model: str, *, against: str | None = None, question: str = ""
) -> Judged:
    """Returns the judged value of a model from people's votes on it and one other set.

    Args:
        path: Votes of ``figbench study import``.
        model: Name of the model in the votes.
        against: The other set; None where the votes compare the model with a single one.
        question: Question that the votes must answer.

    Raises:
        UserError: If no vote, or votes on several other sets, are left.
    """
    votes = [vote for vote in read_votes(path) if vote.question == question]
    on_model = [vote for vote in votes if model in vote.pair]
    opponents = sorted({name for vote in on_model for name in vote.pair} - {model})
    if not on_model:
        names = ", ".join(sorted({name for vote in votes for name in vote.pair})) or "none"
        asked = f" on the question '{question}'" if question else ""
        raise UserError(f"{path}: no vote on '{model}'{asked}.", remedy=f"Models: {names}.")
    if against is None and len(opponents) > 1:
        raise UserError(
            f"{path}: '{model}' is compared with {', '.join(opponents)}.",
            remedy="Name one with --against.",
        )
    other = against or opponents[0]
    cast = [vote for vote in on_model if other in vote.pair]
    if not cast:
        raise UserError(
            f"{path}: no vote compares '{model}' with '{other}'.",
            remedy=f"It is compared with: {', '.join(opponents)}.",
        )
    points, papers = _points(cast, model)
    ids = sorted(points)
    value = metric_value(
        np.array([points[prompt] for prompt in ids]), [papers[prompt] for prompt in ids],
        title=TITLES[WIN_RATE], details=_counts(cast, model),
    )  # fmt: skip
    raters = len({vote.rater for vote in cast})
    document = JudgedValue(
        value=value,
        instrument=Instrument(kind="people", against=other, question=question),
        card=[
            CardValue(name="votes", value=len(cast), n=len(cast)),
            CardValue(name="raters", value=raters, n=raters),
        ],
        votes_sha256=_digest(path),
    )
    return Judged(PEOPLE_WIN_RATE, document, {(prompt, 0): points[prompt] for prompt in ids})


def attach(attachment: Attachment, judged: Sequence[Judged]) -> Attachment:
    """Returns an entry's attachment with the per-figure points of its judged values.

    Args:
        attachment: Attachment of the run.
        judged: Judged values of the same figures.

    Raises:
        IntegrityError: If a point belongs to a figure that the run does not have.
    """
    keys = list(zip(attachment.header.figure_ids, attachment.header.samples, strict=True))
    values = dict(attachment.values)
    for item in judged:
        unknown = sorted(item.points.keys() - set(keys))
        if unknown:
            names = ", ".join(f"{name}#{sample}" for name, sample in unknown[:3])
            raise IntegrityError(
                f"{item.column}: {len(unknown)} judged figures are not in the run ({names}).",
                remedy="Judge and evaluate the same figures against the same reference.",
            )
        values[item.column] = _column(keys, item.points)
    return replace(attachment, values=values)


def add_column(folder: Path, judged: Judged) -> Board:
    """Adds a judged column to a board and writes ``board.yaml``.

    Args:
        folder: Of the board.
        judged: A judged value of any entry; the column takes its instrument.

    Raises:
        UserError: If the board has the column.
    """
    board = load_board(folder)
    if judged.column in board.judged:
        raise UserError(
            f"{folder / BOARD_NAME}: has the column {judged.column} already, judged by "
            f"{board.judged[judged.column].name}.",
            remedy="Enter runs with: figbench leaderboard enter RUN --judge DIR --board BOARD",
        )
    changed = Board.model_validate(
        {
            **board.model_dump(),
            "metrics": [*board.metrics, judged.column],
            "judged": {**board.judged, judged.column: judged.judged.instrument},
        }
    )
    text = yaml.safe_dump(
        changed.model_dump(mode="json", exclude_defaults=True), sort_keys=False, width=88
    )
    write_text_atomic(folder / BOARD_NAME, text)
    return changed


def _points(votes: Sequence[Vote], model: str) -> tuple[dict[str, float], dict[str, str]]:
    """Returns the mean points and the paper of each prompt."""
    by_prompt: dict[str, list[float]] = defaultdict(list)
    papers: dict[str, str] = {}
    for vote in votes:
        by_prompt[vote.prompt_id].append(points_of(vote, model))
        papers[vote.prompt_id] = vote.paper_id
    return {name: sum(values) / len(values) for name, values in by_prompt.items()}, papers


def _counts(votes: Sequence[Vote], model: str) -> dict[str, float | int | str]:
    points = [points_of(vote, model) for vote in votes]
    return {"wins": points.count(1.0), "ties": points.count(0.5), "losses": points.count(0.0)}


def _column(keys: Sequence[tuple[str, int]], points: Points) -> npt.NDArray[np.float64]:
    return np.array([points.get(key, np.nan) for key in keys], np.float64)


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
