"""What attached evidence must show: complete rows, no copies, and the numbers of the entry."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from figbench.leaderboard.attachments import Evidence
from figbench.leaderboard.entries import Board, Entry
from figbench.metrics import set_statistic
from figbench.results.schema import RunResult

Features = npt.NDArray[np.float32]

COPY_DISTANCE = 2
"""Bits of a 64-bit perceptual hash, as in the ``validity`` metric.

The error rates of that metric hold for hashes of version 2. Version 1, of figbench 0.1, hashed the
image before preprocessing; its error rates were not measured.
"""

TOLERANCE = 1e-4
"""Relative, against another machine's float32 features summed in another order."""

MOST_NAMED = 3


def evidence_problems(
    entry: Entry, evidence: Evidence, reference: Evidence | None, board: Board
) -> Iterator[str]:
    """Yields every way in which the evidence contradicts its entry; none means that it fits.

    Args:
        entry: The entry.
        evidence: What is attached to it.
        reference: The board's own figures and features; None where it stores none.
        board: The board's settings.
    """
    result = entry.result
    if result is None:
        yield "evidence: there is no result that it could support"
        return
    if evidence.header.digest != result.manifests.generated.digest:
        yield "evidence: belongs to other figures (digest)"
    yield from _row_problems(evidence, result)
    if reference is None:
        return
    if reference.header.digest != result.manifests.reference.digest:
        yield "evidence: scored against another reference than the board's (digest)"
        return
    if evidence.header.hash_version != reference.header.hash_version:
        yield (
            f"evidence: perceptual hashes of version {evidence.header.hash_version}, the board's "
            f"are of version {reference.header.hash_version}: attach both sides with one figbench"
        )
    yield from _completeness(evidence, reference)
    if entry.role == "model":
        yield from _exact_copies(evidence, reference)
    for metric_id in board.metrics:
        yield from _recomputation(metric_id, entry, evidence, reference)


def near_copies(evidence: Evidence, reference: Evidence) -> int:
    """Returns how many figures lie within ``COPY_DISTANCE`` bits of any reference.

    A row without a hash (all bits 0, as of a blank page) is nobody's copy.
    """
    ours = evidence.hashes[evidence.present]
    drawn, bits = ours[ours.any(axis=1)], reference.hashes[reference.hashes.any(axis=1)]
    if not len(bits):
        return 0
    return sum(
        int(np.unpackbits(bits ^ one, axis=1).sum(axis=1).min()) <= COPY_DISTANCE for one in drawn
    )


def _row_problems(evidence: Evidence, result: RunResult) -> Iterator[str]:
    repeated = [key for key, count in Counter(evidence.keys).items() if count > 1]
    if repeated:
        yield f"evidence: {len(repeated)} figures stand twice ({_named(repeated)})"
    used = result.manifests.generated.n_figures
    if int(evidence.present.sum()) != used:
        yield f"evidence: {int(evidence.present.sum())} figures, the entry counts {used}"


def _completeness(evidence: Evidence, reference: Evidence) -> Iterator[str]:
    samples = sorted(set(evidence.header.samples))
    wanted = {(one, k) for one in reference.header.figure_ids for k in samples}
    keys = set(evidence.keys)
    absent, surplus = sorted(wanted - keys), sorted(keys - wanted)
    if absent:
        yield f"evidence: {len(absent)} test figures have no row ({_named(absent)})"
    if surplus:
        yield f"evidence: {len(surplus)} rows are no test figure ({_named(surplus)})"


def _exact_copies(evidence: Evidence, reference: Evidence) -> Iterator[str]:
    known = set(reference.header.sha256)
    pairs = zip(evidence.keys, evidence.header.sha256, strict=True)
    copied = [key for key, digest in pairs if digest is not None and digest in known]
    if copied:
        yield f"evidence: {len(copied)} figures are reference files ({_named(copied)})"


def _recomputation(
    metric_id: str, entry: Entry, evidence: Evidence, reference: Evidence
) -> Iterator[str]:
    metric = entry.metric(metric_id)
    if metric is None or metric.value is None:
        return
    statistic = set_statistic(metric_id)
    ours, theirs = evidence.features_of(metric_id), reference.features_of(metric_id)
    if statistic and ours is not None and theirs is not None:
        if ours.shape[1] != theirs.shape[1] or min(len(ours), len(theirs)) < 2:
            yield f"evidence: {metric_id}: features of other dimensions than the board's"
            return
        # Entries of before matched pairs were left out do not state how many there were.
        own = evidence.own_rows(reference) if "matched_pairs" in metric.details else None
        found = statistic.matched(own).recompute(ours, theirs)
    elif metric_id in evidence.values and np.isfinite(evidence.values[metric_id]).any():
        found = float(np.nanmean(evidence.values[metric_id]))
    else:
        return
    if not math.isclose(found, metric.value, rel_tol=TOLERANCE, abs_tol=1e-6):
        yield f"evidence: {metric_id}: the entry says {metric.value:.6g}, recomputed {found:.6g}"


def _named(keys: list[tuple[str, int]]) -> str:
    shown = ", ".join(f"{name[:60]}#{sample}" for name, sample in keys[:MOST_NAMED])
    return shown if len(keys) <= MOST_NAMED else f"{shown}, ..."
