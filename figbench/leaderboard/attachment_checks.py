"""Checks of an attachment: complete figures, no copies, and the numbers of the entry."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from figbench.leaderboard.attachments import Attachment
from figbench.leaderboard.entries import Board, Entry
from figbench.metrics import set_statistic
from figbench.results.schema import RunResult

Features = npt.NDArray[np.float32]

COPY_DISTANCE = 2
"""Bits of a 64-bit perceptual hash, as in the ``validity`` metric.

The error rates of that metric hold for hashes of version 2. Version 1, of figbench 0.1, hashed the
image before preprocessing; on 150 SynthFig figures it recognised 95% of copies under JPEG at
quality 30, 100% at half size, 99% blurred and 56% shifted by 2 px.
"""

TOLERANCE = 1e-4
"""Relative, against another machine's float32 features summed in another order."""

MOST_NAMED = 3


def attachment_problems(
    entry: Entry, attachment: Attachment, reference: Attachment | None, board: Board
) -> Iterator[str]:
    """Yields every contradiction between an attachment and its entry.

    Args:
        entry: The entry.
        attachment: Attachment of the entry.
        reference: The board's own figures and features; None where it stores none.
        board: The board's settings.
    """
    result = entry.result
    if result is None:
        yield "attachment: the entry has no result"
        return
    if attachment.header.digest != result.manifests.generated.digest:
        yield "attachment: belongs to other figures (digest)"
    yield from _count_problems(attachment, result)
    if reference is None:
        return
    if reference.header.digest != result.manifests.reference.digest:
        yield "attachment: scored against another reference than the board's (digest)"
        return
    if attachment.header.hash_version != reference.header.hash_version:
        yield (
            f"attachment: perceptual hashes of version {attachment.header.hash_version}, "
            f"the board's are of version {reference.header.hash_version}: "
            "attach both sides with one version of figbench"
        )
    yield from _completeness(attachment, reference)
    if entry.role == "model":
        yield from _exact_copies(attachment, reference)
    for metric_id in board.metrics:
        yield from _recomputation(metric_id, entry, attachment, reference)


def near_copies(attachment: Attachment, reference: Attachment) -> int:
    """Returns how many figures lie within ``COPY_DISTANCE`` bits of any reference.

    Figures without a hash (all bits 0, as of a blank page) are skipped.
    """
    hashes = attachment.hashes[attachment.present]
    hashed, bits = hashes[hashes.any(axis=1)], reference.hashes[reference.hashes.any(axis=1)]
    if not len(bits):
        return 0
    return sum(
        int(np.unpackbits(bits ^ code, axis=1).sum(axis=1).min()) <= COPY_DISTANCE
        for code in hashed
    )


def _count_problems(attachment: Attachment, result: RunResult) -> Iterator[str]:
    repeated = [key for key, count in Counter(attachment.keys).items() if count > 1]
    if repeated:
        yield f"attachment: {len(repeated)} figures stand twice ({_named(repeated)})"
    used = result.manifests.generated.n_figures
    if int(attachment.present.sum()) != used:
        yield f"attachment: {int(attachment.present.sum())} figures, the entry counts {used}"


def _completeness(attachment: Attachment, reference: Attachment) -> Iterator[str]:
    samples = sorted(set(attachment.header.samples))
    expected = {(figure_id, k) for figure_id in reference.header.figure_ids for k in samples}
    keys = set(attachment.keys)
    absent, surplus = sorted(expected - keys), sorted(keys - expected)
    if absent:
        yield f"attachment: {len(absent)} test figures have no row ({_named(absent)})"
    if surplus:
        yield f"attachment: {len(surplus)} rows are no test figure ({_named(surplus)})"


def _exact_copies(attachment: Attachment, reference: Attachment) -> Iterator[str]:
    digests = set(reference.header.sha256)
    pairs = zip(attachment.keys, attachment.header.sha256, strict=True)
    copied = [key for key, digest in pairs if digest is not None and digest in digests]
    if copied:
        yield f"attachment: {len(copied)} figures are reference files ({_named(copied)})"


def _recomputation(
    metric_id: str, entry: Entry, attachment: Attachment, reference: Attachment
) -> Iterator[str]:
    metric = entry.metric(metric_id)
    if metric is None or metric.value is None:
        return
    statistic = set_statistic(metric_id)
    generated, references = attachment.features_of(metric_id), reference.features_of(metric_id)
    if statistic and generated is not None and references is not None:
        if generated.shape[1] != references.shape[1] or min(len(generated), len(references)) < 2:
            yield f"attachment: {metric_id}: features of other dimensions than the board's"
            return
        # Entries of before matched pairs were left out do not state how many there were.
        own = attachment.own_references(reference) if "matched_pairs" in metric.details else None
        recomputed = statistic.matched(own).recompute(generated, references)
    elif metric_id in attachment.values and np.isfinite(attachment.values[metric_id]).any():
        recomputed = float(np.nanmean(attachment.values[metric_id]))
    else:
        return
    if not math.isclose(recomputed, metric.value, rel_tol=TOLERANCE, abs_tol=1e-6):
        yield (
            f"attachment: {metric_id}: the entry says {metric.value:.6g}, "
            f"recomputed {recomputed:.6g}"
        )


def _named(keys: list[tuple[str, int]]) -> str:
    named = ", ".join(f"{name[:60]}#{sample}" for name, sample in keys[:MOST_NAMED])
    return named if len(keys) <= MOST_NAMED else f"{named}, ..."
