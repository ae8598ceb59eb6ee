"""Core data types: figures, text lines, rejected files."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args


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


Role = Literal["generated", "reference", "draft", "asset"]
ROLES: tuple[Role, ...] = get_args(Role)
"""A draft is an earlier stage of a figure, an asset a part of it; neither is ever scored."""


@dataclass(frozen=True, slots=True)
class Origin:
    """How a figure came to be, as far as its folder or record says it.

    Attributes:
        role: Role of the file; None where only the side (generated or reference) tells it.
        status: The generator's own word, e.g. ``success`` or ``timeout``.
        source: Path of the document that the figure was drawn from (SVG, draw.io, Mermaid, dot,
            PPTX, TeX), relative to the manifest's root.
        seconds: Time of the generation in seconds.
        tokens: Tokens of the generation, input and output together.
        usd: Price of the generation in US dollars.
        paper_id: The paper that the figure belongs to.
    """

    role: Role | None = None
    status: str | None = None
    source: str | None = None
    seconds: float | None = None
    tokens: int | None = None
    usd: float | None = None
    paper_id: str | None = None


UNKNOWN_ORIGIN = Origin()


@dataclass(frozen=True, slots=True)
class Figure:
    """One image of a set: a record of the manifest.

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
        role: ``generated`` or ``reference``; drafts and assets are in ``Manifest.others``.
        status: The generator's own word for the outcome, where its record has one.
        source: Path of the document that the figure was drawn from, relative to the manifest's
            root like ``path``; None where there is none, or the figure is the document itself.
        seconds: Time of the generation in seconds, where a record has it.
        tokens: Tokens of the generation, where a record has them.
        usd: Price of the generation in US dollars, where a record has it.
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
    role: Role = "generated"
    status: str | None = None
    source: str | None = None
    seconds: float | None = None
    tokens: int | None = None
    usd: float | None = None


@dataclass(frozen=True, slots=True)
class OtherFile:
    """An image of a set that is no figure to score: a draft, an asset, the other side's figure.

    Attributes:
        path: Relative to the manifest's root.
        role: What it is.
        figure_id: The figure that it belongs to, where that is known.
    """

    path: str
    role: Role
    figure_id: str | None = None


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
class SourceRecord:
    """A record of a data set, whether its picture is usable or not; samplers count these.

    Attributes:
        figure_id: As in the data set.
        captions: Every caption of the record, in any of its fields.
        aspect: Width over height as the data set stores it; None where it does not.
    """

    figure_id: str
    captions: tuple[str, ...] = ()
    aspect: float | None = None
