"""Core data types: figures, text lines, rejects, and records of a data set."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args


@dataclass(frozen=True, slots=True)
class TextLine:
    """A line of text in a figure, recognised by OCR or taken from its source.

    Attributes:
        text: The characters of the line.
        box: Four (x, y) corners in pixels of the source image, clockwise from the top left;
            empty if the position is unknown.
        confidence: 0 to 1; 1.0 for ground truth.
    """

    text: str
    box: tuple[tuple[float, float], ...] = ()
    confidence: float = 1.0


Role = Literal["generated", "reference", "draft", "asset"]
ROLES: tuple[Role, ...] = get_args(Role)
"""A draft is an earlier stage of a figure, an asset is a component of it; neither is scored."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Origin of a figure according to its folder or record.

    Attributes:
        role: Role of the file; None if it follows from the side (generated or reference).
        status: Status as the generator recorded it, e.g. ``success`` or ``timeout``.
        source: Path of the document that the figure was rendered from (SVG, draw.io, Mermaid, dot,
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
    """An image of a set: a record of the manifest.

    Attributes:
        figure_id: Id that matches a generated figure with its reference.
        sample: 0-based index among the samples of a prompt.
        path: Path of the bytes, relative to the manifest's root (see ``data.sources``).
        sha256: Hex digest of the file's bytes.
        width: Pixels, after EXIF rotation.
        height: Pixels, after EXIF rotation.
        prompt: The caption that the figure is generated from.
        seed: Seed of the sampler, if known.
        guidance_scale: Classifier-free guidance scale, if known.
        paper_id: The cluster for resampling: figures of the same paper are not independent.
        role: ``generated`` or ``reference``; drafts and assets are in ``Manifest.others``.
        status: Status as the generator recorded it, if any.
        source: Path of the document that the figure was rendered from, relative to the manifest's
            root like ``path``; None if there is none, or the figure is the document itself.
        seconds: Time of the generation in seconds, if recorded.
        tokens: Tokens of the generation, if recorded.
        usd: Price of the generation in US dollars, if recorded.
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
    """An image of a set that is not scored: a draft, an asset, a figure of the other side.

    Attributes:
        path: Relative to the manifest's root.
        role: Role of the file.
        figure_id: The figure that it belongs to, if known.
    """

    path: str
    role: Role
    figure_id: str | None = None


@dataclass(frozen=True, slots=True)
class Reject:
    """A file of the set that cannot be used.

    Attributes:
        path: Relative to the manifest's root, undecodable bytes escaped.
        code: Short stable code, e.g. ``truncated``, ``lfs-pointer``, ``bomb``.
        reason: The reason in plain words.
        figure_id: Figure id of the file, if known.
        sample: Sample index of the file, if known.
    """

    path: str
    code: str
    reason: str
    figure_id: str | None = None
    sample: int | None = None


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Images of a set that are not scored.

    Attributes:
        count: Number of images.
        what: Description of the images in plain words, with examples.
        excused: Whether no flag is needed, since no figure is lost (a second format of a figure,
            a grid of samples).
    """

    count: int
    what: str
    excused: bool = False


@dataclass(frozen=True, slots=True)
class SourceRecord:
    """A record of a data set, with a usable image or not; FigGen numbers samples by records.

    Attributes:
        figure_id: Id of the figure in the data set.
        captions: Captions of the record, from all of its fields.
        aspect: Width divided by height as the data set stores it; None if absent.
    """

    figure_id: str
    captions: tuple[str, ...] = ()
    aspect: float | None = None
