"""Labels that a caption names: a score that needs no reference picture."""

from __future__ import annotations

import re
from collections.abc import Sequence

from figbench.errors import UserError
from figbench.functional.labels import Labels, label_fidelity
from figbench.functional.score import LEVEL, SEED, Score

_QUOTED = re.compile(
    r"\"([^\"\n]{1,80})\"|\u201c([^\u201d\n]{1,80})\u201d|\u2018([^\u2019\n]{1,80})\u2019"
    r"|``([^`'\n]{1,80})''|`([^`\n]{1,80})`|(?<!\w)'([^'\n]{1,80})'(?!\w)"
)


def named_labels(caption: str) -> list[str]:
    """Returns the texts that a caption sets in quotation marks, each once, in order.

    >>> named_labels('An arrow leads from "Encoder" to the box `Loss`.')
    ['Encoder', 'Loss']
    """
    names = (next(filter(None, groups)).strip(" .,;:") for groups in _QUOTED.findall(caption))
    return list(dict.fromkeys(name for name in names if name))


def caption_recall(
    generated: Sequence[Labels],
    captions: Sequence[str],
    *,
    max_ned: float = 0.2,
    clusters: Sequence[str] | None = None,
    level: float = LEVEL,
    seed: int = SEED,
) -> Score:
    """Share of the labels that a caption names in quotation marks and the figure shows.

    The recall of :func:`label_fidelity` with these labels instead of a reference's. It needs
    no reference picture. It does not see invented labels, arrows or layout.

    Args:
        generated: Labels read from each figure, for example by ``figbench.ocr("easyocr")``; an
            empty list for a figure without text.
        captions: Caption of each figure, as many. Figures whose caption quotes nothing do not
            enter.
        max_ned: Largest normalised edit distance of a match, in [0, 1].
        clusters: Paper of each figure, None for independent figures.
        level: Coverage of the interval.
        seed: Seed of the bootstrap.

    Returns:
        The mean over figures, in [0, 1], higher is better; ``n`` counts the figures that enter.

    Raises:
        UserError: If numbers differ, or no caption quotes a label.

    >>> caption_recall([["Encoder"]], ['"Encoder" feeds "Loss".']).value
    0.5
    """
    if isinstance(captions, str) or any(not isinstance(text, str) for text in captions):
        raise UserError("captions: expected a list of strings, one per figure.")
    if len(generated) != len(captions):
        raise UserError(f"generated and captions: {len(generated)} and {len(captions)} figures.")
    named = [named_labels(caption) for caption in captions]
    indices = [i for i, names in enumerate(named) if names]
    if not indices:
        raise UserError(
            "captions: none names a label in quotation marks.",
            remedy="Give the labels themselves: label_fidelity(labels_read, labels_named).",
        )
    scores = label_fidelity(
        [generated[i] for i in indices],
        [named[i] for i in indices],
        max_ned=max_ned,
        clusters=None if clusters is None else [clusters[i] for i in indices],
        level=level,
        seed=seed,
    )
    return scores["label_recall"]
