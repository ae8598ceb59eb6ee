"""``calibrate``: a judge's accuracy on the fixed anchors, stored as its fingerprint."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from figbench.errors import UserError
from figbench.io.atomic import write_text_atomic
from figbench.io.json_files import dump_json
from figbench.judges.anchors import anchors_digest, make_anchors
from figbench.judges.calls.ledger import Ledger
from figbench.judges.images import ImageFolder
from figbench.judges.materials import Materials
from figbench.judges.measures.card import anchor_points, instrument_card
from figbench.judges.measures.fingerprint import FINGERPRINT_NAME, Fingerprint, threshold
from figbench.judges.measures.verdicts import Judged, comparisons
from figbench.judges.plan import Planner
from figbench.judges.protocol import JudgeProtocol
from figbench.judges.session import (
    CARD_NAME,
    LEDGER_NAME,
    Advance,
    JudgeSettings,
    execute,
    identity_of,
    opened,
    preview,
)
from figbench.judges.trials import Trial

DEFAULT_ANCHORS = 100


@dataclass(frozen=True, slots=True)
class Calibration:
    """Outcome of a calibration; ``complete`` is False when calls have no answer."""

    fingerprint: Fingerprint
    card: dict[str, Any]
    complete: bool


def anchor_trials(
    protocol: JudgeProtocol, count: int, image_folder: ImageFolder
) -> tuple[list[Trial], str]:
    """Returns the calls of the first ``count`` anchors and the digest of the set.

    Args:
        protocol: Pairwise, pointwise or checklist.
        count: Number of anchors, 5 to 1000.
        image_folder: Receives the encoded images.

    Raises:
        UserError: If the protocol asks questions about single figures.
    """
    if protocol.mode == "questions":
        raise UserError(
            f"Judge protocol '{protocol.id}' (mode {protocol.mode}) has no anchors.",
            remedy="Calibrate with a protocol that compares or scores figures: pairwise-blind.",
        )
    if not 5 <= count <= 1000:
        raise UserError(f"--anchors {count}: out of range.", remedy="Use 5 to 1000 anchors.")
    planner = Planner(protocol, image_folder, Materials({}))
    anchors = make_anchors(count)
    trials = [trial for anchor in anchors for trial in planner.anchor_trials(anchor)]
    return trials, anchors_digest(anchors)


def calibrate(
    settings: JudgeSettings,
    out: str | Path,
    *,
    protocol: JudgeProtocol,
    anchors: int = DEFAULT_ANCHORS,
    advance: Advance | None = None,
) -> Calibration:
    """Measures a judge on the anchors and writes ``fingerprint.json`` and ``card.json``.

    Args:
        settings: Endpoint, model, budget and calls.
        out: Folder of this calibration; it resumes there.
        protocol: Pairwise, pointwise or checklist.
        anchors: Number of anchors, 5 to 1000.
        advance: Receives calls done and calls in all.

    Raises:
        UserError: If the protocol has no anchors, or the server rejects every call.
    """
    folder = Path(out)
    with opened(folder, identity_of(protocol, settings, anchors=anchors)) as session:
        trials, digest = anchor_trials(protocol, anchors, session.image_folder)
        judged, _ = execute(
            trials, protocol, settings, session.image_folder, session.ledger, advance
        )
        fingerprint = fingerprint_of(judged, protocol, settings.model, digest)
        card = instrument_card(judged, protocol)
        session.write_table(judged)
        write_text_atomic(folder / CARD_NAME, dump_json(card))
        fingerprint.save(folder / FINGERPRINT_NAME)
    return Calibration(fingerprint, card, all(item.reply is not None for item in judged))


def preview_calibration(
    settings: JudgeSettings, out: Path, protocol: JudgeProtocol, anchors: int
) -> dict[str, Any]:
    """Returns calls, tokens and price; writes nothing and makes no call.

    Args:
        settings: Model and price.
        out: Folder of the calibration; answers in its log cost nothing.
        protocol: Of the judge.
        anchors: Number of anchors.
    """
    trials, _ = anchor_trials(protocol, anchors, ImageFolder(None))
    log = out / LEDGER_NAME
    ledger = Ledger.read(log) if log.exists() else Ledger(None)
    return preview(trials, protocol, settings, ledger)


def fingerprint_of(
    judged: Sequence[Judged], protocol: JudgeProtocol, model: str, digest: str
) -> Fingerprint:
    """Returns the fingerprint of judged anchors.

    Args:
        judged: Trials with verdicts; those of anchors are used.
        protocol: Of the judge.
        model: As requested from the server.
        digest: Of the anchor set.
    """
    card = instrument_card(judged, protocol)
    pairs = [pair for pair in comparisons(judged, protocol) if pair.purpose == "anchor"]
    valid = [pair for pair in pairs if pair.winner is not None]
    points = {pair.prompt_id: anchor_points(pair) for pair in valid}
    flaws = {pair.prompt_id: (pair.flaw, pair.strength) for pair in pairs}
    accuracy = card["known_order"]
    return Fingerprint(
        model=model,
        models=tuple(card["models"]),
        system_fingerprints=tuple(card["system_fingerprints"]),
        protocol=protocol.id,
        prompt_hash=protocol.hash,
        anchors_digest=digest,
        points=points,
        flaws=flaws,
        accuracy={k: v for k, v in accuracy.items() if k not in ("by_flaw", "by_strength")},
        by_flaw=accuracy.get("by_flaw", {}),
        threshold=threshold(points, flaws),
        parse_failure_rate=card["parse_failure_rate"],
    )
