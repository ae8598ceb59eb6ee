"""Core data types: figures, text lines, rejected files."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TextLine:
    """One piece of text in a figure, read by OCR or known from the source.

    Attributes:
        text: The characters as read.
        box: Four (x, y) corners in pixels of the image it was read from, clockwise from
            the top left; empty when the position is not known.
        confidence: 0..1; 1.0 for ground truth.
    """

    text: str
    box: tuple[tuple[float, float], ...] = ()
    confidence: float = 1.0


@dataclass(frozen=True, slots=True)
class Figure:
    """One image of a set: a row of the manifest.

    Attributes:
        figure_id: What pairs a generated figure with its reference.
        sample: 0-based index among the samples of one prompt.
        path: Where the bytes are, relative to the manifest's root (see ``data.sources``).
        sha256: Hex digest of the file's bytes.
        width: Pixels, as seen (after EXIF rotation).
        height: Pixels, as seen.
        prompt: The caption that the figure was (or is to be) drawn from.
        seed: The sampler's seed, when known.
        guidance_scale: Classifier-free guidance scale, when known.
        paper_id: Figures of one paper are not independent: the cluster for resampling.
    """

    figure_id: str
    sample: int
    path: str
    sha256: str
    width: int
    height: int
    prompt: str | None = None
    seed: int | None = None
    guidance_scale: float | None = None
    paper_id: str | None = None


@dataclass(frozen=True, slots=True)
class Reject:
    """A file that was offered and not used.

    Attributes:
        path: As found, relative to the manifest's root, undecodable bytes escaped.
        code: Short stable reason, e.g. ``truncated``, ``lfs-pointer``, ``bomb``.
        reason: One sentence for a person.
        figure_id: The id that it would have had, when that is known.
        sample: The sample index that it would have had, when that is known.
    """

    path: str
    code: str
    reason: str
    figure_id: str | None = None
    sample: int | None = None


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Images that lie in a set and are not scored.

    Attributes:
        count: Number of images.
        what: One phrase for a person, with examples.
        excused: Whether nothing is lost (a second format of a figure, a grid of samples), so that
            no flag is needed however many there are.
    """

    count: int
    what: str
    excused: bool = False


@dataclass(frozen=True, slots=True)
class SourceRow:
    """A record of a data set, whether its picture is usable or not; samplers count these.

    Attributes:
        figure_id: As in the data set.
        captions: Every caption of the record, in any of its fields.
        aspect: Width over height as the data set stores it; None where it does not.
    """

    figure_id: str
    captions: tuple[str, ...] = ()
    aspect: float | None = None
