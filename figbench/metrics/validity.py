"""``validity``: missing, blank, duplicate and copied figures."""

from __future__ import annotations

import inspect
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from figbench.metrics.base import Measurement, MetricInputs, MetricSpec, Needs, OutputSpec, Settings
from figbench.metrics.checks import both_sides, features_of, require_count

Flags = npt.NDArray[np.bool_]
Hashes = npt.NDArray[np.floating]

FLAWS = {
    "missing": "Missing",
    "blank": "Blank",
    "duplicate": "Duplicate",
    "near_copy": "Near copy of a reference",
}
BLOCK_VALUES = 2**22
"""Pairs of hashes that are compared at a time: 16 MiB."""


class Validity:
    """Share of expected figures that are present, not blank, and neither repeats nor copies.

    Formula: valid_rate = figures without any flaw / figures expected. Missing: no usable file
        (absent or unreadable; the details tell them apart). Blank: at most ``blank_ink`` of the
        pixels differ from white, or one colour only. Duplicate: same bytes as an earlier
        generated figure. Near copy: same bytes as any reference, or a perceptual hash (64 bit) of
        an image that is not blank within ``copy_distance`` bits of any reference's. A figure may
        have several flaws; each has its own rate over the expected figures.
    Reference: perceptual hash as in the ImageHash library (DCT, median).
    Direction: valid_rate higher is better; the rates of flaws lower.
    Minimum n: 1.
    Known biases: a correct drawing of a very plain figure may hash like a reference; in
        reconstruction and fixed-layout work near copies are the aim, so use the other rates.
        The more references, the more figures lie near a reference by chance:
        ``near_copy_by_chance`` in the details is the share of references that lie as near to
        another reference. On 150 synthetic figures 2 bits caught 98% of copies under JPEG at
        quality 30, resizing or blur, and 59% of those shifted by two pixels.
        Repeats that were encoded anew are not duplicates.
    """

    def __init__(self) -> None:
        valid = OutputSpec(
            "valid_rate", "Valid", higher_is_better=True, low=0.0, high=1.0, group="validity"
        )
        flaws = [
            OutputSpec(
                f"{key}_rate", title, higher_is_better=False, low=0.0, high=1.0, group="validity"
            )
            for key, title in FLAWS.items()
        ]
        self.spec = MetricSpec(
            name="validity",
            outputs=(valid, *flaws),
            needs=Needs(
                features=("phash", "ink", "distinct"),
                reference_features=True,
                extractor="image-stats",
            ),
            documentation=inspect.getdoc(type(self)) or "",
            sees=("duplicates", "missing", "failed"),
            settings={"blank_ink": 0.001, "copy_distance": 2},
            cache_version=1,
        )

    def compute(self, inputs: MetricInputs, settings: Settings) -> list[Measurement]:
        """Returns valid_rate and the rate of each flaw; see the class for definitions."""
        options = self.spec.resolve(settings)
        require_count(len(inputs.present), 1, "expected figures")
        present = inputs.present
        flaws = {key: np.zeros(len(present), np.bool_) for key in FLAWS}
        flaws["missing"] = ~present
        if present.any():
            blank = _blank(inputs, options["blank_ink"])
            flaws["blank"][present] = blank
            flaws["duplicate"][present] = _repeats(inputs.generated_digests, int(present.sum()))
            flaws["near_copy"][present] = _copies(inputs, blank, options["copy_distance"])
        valid = ~np.any(list(flaws.values()), axis=0)
        unreadable = min(inputs.rejected, int((~present).sum()))
        counts: dict[str, float | int | str] = {
            **{key: int(flags.sum()) for key, flags in flaws.items()},
            "unreadable": unreadable,
            "files_rejected": inputs.rejected,
            "near_copy_by_chance": _by_chance(inputs, options["copy_distance"]),
        }
        columns = [valid, *flaws.values()]
        warnings = _warnings(inputs, flaws["duplicate"], flaws["near_copy"])
        return [
            Measurement(
                output,
                float(column.mean()),
                per_figure=column.astype(np.float64),
                details=counts,
                warnings=warnings if output.id == "valid_rate" else (),
            )
            for output, column in zip(self.spec.outputs, columns, strict=True)
        ]


def _blank(inputs: MetricInputs, most_ink: float) -> Flags:
    ink = np.asarray(features_of(inputs.generated, "ink", 1, "generated"))[:, 0]
    distinct = np.asarray(features_of(inputs.generated, "distinct", 1, "generated"))[:, 0]
    return np.asarray((ink <= most_ink) | (distinct <= 1), np.bool_)


def _repeats(digests: Sequence[str], n: int) -> Flags:
    repeats = np.ones(n, np.bool_)
    repeats[np.unique(np.asarray(digests), return_index=True)[1]] = False
    return repeats


def _copies(inputs: MetricInputs, blank: Flags, distance: int) -> Flags:
    generated, reference = map(np.asarray, both_sides(inputs, "phash", 1))
    digests = set(inputs.reference_digests)
    same_bytes = np.array([digest in digests for digest in inputs.generated_digests], np.bool_)
    return np.asarray(same_bytes | (~blank & near_any(generated, reference, distance)), np.bool_)


def _by_chance(inputs: MetricInputs, distance: int) -> float:
    reference = np.asarray(features_of(inputs.reference, "phash", 1, "reference"))
    return float(near_any(reference, reference, distance, exclude_self=True).mean())


def near_any(hashes: Hashes, others: Hashes, distance: int, *, exclude_self: bool = False) -> Flags:
    """Returns which rows of 0/1 ``hashes`` lie within ``distance`` bits of any of ``others``.

    Args:
        hashes: Shape (n, 64).
        others: Shape (m, 64).
        distance: Largest number of differing bits.
        exclude_self: Whether both are the same set, in which a hash is not near itself.

    Returns:
        Shape (n,), bool.
    """
    near = np.zeros(len(hashes), np.bool_)
    # Sums of 64 signs are exact in float32.
    signs = (2 * hashes - 1).astype(np.float32)
    against = (2 * others - 1).astype(np.float32).T
    block = max(1, BLOCK_VALUES // max(1, len(others)))
    for start in range(0, len(hashes), block):
        chunk = slice(start, start + block)
        agreement = signs[chunk] @ against
        if exclude_self:
            index = np.arange(len(agreement))
            agreement[index, index + start] = -np.inf
        near[chunk] = agreement.max(axis=1) >= hashes.shape[1] - 2 * distance - 0.5
    return near


def _warnings(inputs: MetricInputs, duplicate: Flags, near_copy: Flags) -> tuple[str, ...]:
    warnings = []
    for flags, description in (
        (duplicate, "repeat another generated figure byte for byte"),
        (near_copy, "are copies or near copies of a reference"),
    ):
        if flags.any():
            names = [inputs.figure_ids[index] for index in np.flatnonzero(flags)[:3]]
            warnings.append(f"{int(flags.sum())} figures {description}, e.g. {', '.join(names)}.")
    return tuple(warnings)


VALIDITY = Validity()
