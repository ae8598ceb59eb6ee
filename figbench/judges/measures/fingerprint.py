"""A judge's fingerprint: its identity and its accuracy on the anchors, and drift between two."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import BaseModel, ConfigDict, ValidationError, model_validator

from figbench.errors import IntegrityError, UserError
from figbench.io.atomic import write_text_atomic
from figbench.io.json_files import dump_json, read_json

FINGERPRINT_NAME = "fingerprint.json"
TARGET = 0.75
"""Accuracy that defines the threshold strength."""


class Fingerprint(BaseModel):
    """Identity of a judge and its measured accuracy.

    Attributes:
        model: As requested.
        models: As reported by the server.
        system_fingerprints: As reported by the server.
        protocol: Id of the judge protocol.
        prompt_hash: Hash of the judge protocol: question, schema, images and sampling.
        anchors_digest: Digest of the anchor set; empty without anchors.
        points: Points of each anchor by id: 1, 0.5 or 0; failed anchors are absent.
        flaws: Kind of flaw and strength of each anchor.
        accuracy: Estimate over all anchors.
        by_flaw: Estimate for each flaw.
        threshold: Strength at which the accuracy reaches 0.75; None where it never does.
        parse_failure_rate: Estimate.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    schema_version: int = 1
    model: str
    models: tuple[str, ...] = ()
    system_fingerprints: tuple[str, ...] = ()
    protocol: str
    prompt_hash: str
    anchors_digest: str = ""
    points: dict[str, float] = {}
    flaws: dict[str, tuple[str, float]] = {}
    accuracy: dict[str, Any] = {}
    by_flaw: dict[str, Any] = {}
    threshold: float | None = None
    parse_failure_rate: dict[str, Any] = {}

    @model_validator(mode="after")
    def _points_have_flaws(self) -> Fingerprint:
        if self.points.keys() - self.flaws.keys():
            raise ValueError("points of anchors whose flaw is not listed")
        return self

    def save(self, path: Path) -> None:
        """Writes the fingerprint atomically."""
        write_text_atomic(path, dump_json(self.model_dump(mode="json")))

    @classmethod
    def load(cls, path: Path) -> Fingerprint:
        """Reads ``fingerprint.json`` or the folder that holds it.

        Raises:
            UserError: If it is absent or does not follow the schema.
        """
        source = path / FINGERPRINT_NAME if path.is_dir() else path
        try:
            return cls.model_validate(read_json(source))
        except ValidationError as error:
            first = error.errors()[0]
            raise UserError(
                f"{source}: not a judge fingerprint: {'.'.join(map(str, first['loc']))}: "
                f"{first['msg']}.",
                remedy="Make one with: figbench judge calibrate",
            ) from None


def threshold(points: Mapping[str, float], flaws: Mapping[str, tuple[str, float]]) -> float | None:
    """Returns the strength at which the accuracy reaches 0.75, between measured strengths.

    Accuracies by strength are made monotone (pool adjacent violators) and interpolated; an
    accuracy of 0.5 is assumed at strength 0.
    """
    by_strength: dict[float, list[float]] = {}
    for anchor, value in points.items():
        by_strength.setdefault(flaws[anchor][1], []).append(value)
    if not by_strength:
        return None
    strengths = [0.0, *sorted(by_strength)]
    blocks = [[0.5, 1e9, 1.0]]
    for strength in strengths[1:]:
        values = by_strength[strength]
        blocks.append([float(np.mean(values)), float(len(values)), 1.0])
        while len(blocks) > 1 and blocks[-2][0] > blocks[-1][0]:
            last, before = blocks.pop(), blocks.pop()
            weight = last[1] + before[1]
            mean = (last[0] * last[1] + before[0] * before[1]) / weight
            blocks.append([mean, weight, last[2] + before[2]])
    curve = np.repeat([block[0] for block in blocks], [int(block[2]) for block in blocks])
    above = np.flatnonzero(curve >= TARGET)
    if not len(above):
        return None
    index = int(above[0])
    low, high = curve[index - 1], curve[index]
    share = (TARGET - low) / (high - low)
    return float(strengths[index - 1] + share * (strengths[index] - strengths[index - 1]))


def drift(first: Fingerprint, second: Fingerprint) -> dict[str, Any]:
    """Returns the change of anchor accuracy from ``first`` to ``second``, in points of 0 to 1.

    Anchors that both judged are paired; the p-value is that of sign flips by scene. The
    threshold shift is second minus first: positive for a more lenient judge.

    Raises:
        IntegrityError: If the anchor sets differ or share no judged anchor.
    """
    from figbench.statistics.paired import sign_flip_test

    common = sorted(first.points.keys() & second.points.keys())
    if first.anchors_digest != second.anchors_digest or not common:
        raise IntegrityError(
            "The fingerprints were made from different anchors.",
            remedy="Run figbench judge calibrate for both with the same --anchors.",
        )

    def change(anchors: Sequence[str]) -> dict[str, Any]:
        differences = np.asarray([second.points[a] - first.points[a] for a in anchors])
        scenes = ["-".join(anchor.split("-")[:2]) for anchor in anchors]
        test = sign_flip_test(differences, scenes, np.random.default_rng(0))
        return {
            "difference": test.difference,
            "p_value": test.p_value,
            "standard_error": test.standard_error,
            "anchors": len(anchors),
        }

    kinds = sorted({first.flaws[anchor][0] for anchor in common})
    shift = None
    if first.threshold is not None and second.threshold is not None:
        shift = second.threshold - first.threshold
    return {
        **change(common),
        "by_flaw": {k: change([a for a in common if first.flaws[a][0] == k]) for k in kinds},
        "threshold_shift": shift,
    }


def differences(first: Fingerprint, second: Fingerprint) -> list[str]:
    """Returns sentences about every part of the identity that differs; empty for one judge."""
    sentences = []
    for name in ("model", "models", "system_fingerprints", "protocol", "prompt_hash"):
        before, after = getattr(first, name), getattr(second, name)
        if before != after:
            sentences.append(f"{name.replace('_', ' ')}: {_text(before)} and {_text(after)}")
    return sentences


def _text(value: Any) -> str:
    text = ", ".join(value) if isinstance(value, tuple) else str(value)
    return text[:80] or "not reported"


def require_same(first: Fingerprint, second: Fingerprint) -> None:
    """Refuses two judged numbers whose judges differ, and says how far the judges drifted.

    For ``compare``, ``gate`` and boards, before numbers of two judge runs are set side by side.

    Raises:
        IntegrityError: If any part of the identity differs.
    """
    changed = differences(first, second)
    if not changed:
        return
    message = f"The judges differ: {'; '.join(changed)}."
    if first.points and second.points and first.anchors_digest == second.anchors_digest:
        change = drift(first, second)
        message += (
            f" On the same {change['anchors']} anchors the accuracy changed by "
            f"{100 * change['difference']:+.1f} points (p = {change['p_value']:.3g})."
        )
    raise IntegrityError(
        message, remedy="Judge both sets with one judge: figbench judge run, same model and server."
    )


def drift_allowance(first: Fingerprint, second: Fingerprint) -> tuple[float, list[str]]:
    """Returns how far a difference between two judges' numbers may be due to the judges.

    The allowance is the upper end of the 95% interval of the absolute change of anchor accuracy:
    ``|change| + 1.96 standard errors``. It is 0 for one judge.

    Args:
        first: Judge of the first number.
        second: Judge of the second number.

    Returns:
        The allowance, 0..1, and sentences for the user.

    Raises:
        IntegrityError: If the judges differ and were not measured on the same anchors.
    """
    changed = differences(first, second)
    if not changed:
        return 0.0, []
    change = drift(first, second)
    allowance = abs(change["difference"]) + 1.96 * (change["standard_error"] or 0.0)
    return allowance, [
        f"the judges differ ({'; '.join(changed)}); on the same {change['anchors']} anchors the "
        f"accuracy changed by {100 * change['difference']:+.1f} points "
        f"(p = {change['p_value']:.3g}), so a difference of up to {100 * allowance:.1f} points may "
        "be the judges' and only the rest was tested"
    ]
