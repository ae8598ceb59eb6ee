"""Attachments of entries: figure ids, per-figure values and features, as safetensors."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import numpy.typing as npt
from pydantic import Field, ValidationError
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from figbench.errors import UserError
from figbench.io.atomic import atomic_path
from figbench.leaderboard.thumbnails import MOST_THUMBNAILS, thumbnail_problem
from figbench.results.schema import Strict

MAX_ATTACHMENT_BYTES = 512 * 2**20
SUFFIX = ".safetensors"
REFERENCE_NAME = "reference.safetensors"
_HEADER = "figbench"
_HASH_BYTES = 8
HASH_VERSION = 2
"""Perceptual hash of the preprocessed image, as in ``validity``. 1: of the decoded image."""

MAX_CAPTION = 2000
MAX_LABELS, MAX_LABEL = 200, 200


class Pictured(Strict):
    """Texts of a thumbnail, which is the tensor ``picture.<row>``."""

    row: int = Field(ge=0)
    caption: str = Field(default="", max_length=MAX_CAPTION)
    labels: list[Annotated[str, Field(max_length=MAX_LABEL)]] = Field(
        default_factory=list, max_length=MAX_LABELS, description="Texts read from the figure."
    )


class Header(Strict):
    """The text part of the file; index i of every list and tensor is one figure."""

    evidence_version: int = Field(default=1, ge=1, le=1)
    digest: str = Field(max_length=64, description="Of the manifest that the rows came from.")
    figure_ids: list[str]
    samples: list[int]
    papers: list[str]
    sha256: list[str | None] = Field(description="Of the bytes; null where nothing was delivered.")
    hash_version: int = Field(
        default=1,
        ge=1,
        le=HASH_VERSION,
        description="1: hashes of the decoded images; 2: of the preprocessed images.",
    )
    spaces: dict[str, str] = Field(description="Metric id to the name of its feature tensor.")
    pictures: list[Pictured] = Field(default_factory=list, max_length=MOST_THUMBNAILS)


@dataclass(frozen=True, slots=True)
class Attachment:
    """Figures of one side of a run.

    Attributes:
        header: Ids, digests, and which features belong to which metric.
        hashes: (n, 8) uint8, perceptual hashes (64 bit); zeros where absent.
        values: Per-figure values by metric id, shape (n,), NaN where there is none.
        features: (delivered figures, d) float32 by tensor name.
        thumbnails: WebP bytes by index of the figure, for those in the header's ``pictures``.
    """

    header: Header
    hashes: npt.NDArray[np.uint8]
    values: Mapping[str, npt.NDArray[np.float64]]
    features: Mapping[str, npt.NDArray[np.float32]]
    thumbnails: Mapping[int, bytes] = field(default_factory=dict)

    @property
    def present(self) -> npt.NDArray[np.bool_]:
        """Whether each figure was delivered, shape (n,)."""
        return np.array([digest is not None for digest in self.header.sha256], np.bool_)

    @property
    def keys(self) -> list[tuple[str, int]]:
        """(figure id, sample) of each figure."""
        return list(zip(self.header.figure_ids, self.header.samples, strict=True))

    def features_of(self, metric_id: str) -> npt.NDArray[np.float32] | None:
        """Returns the features of a metric, shape (delivered figures, d), or None."""
        return self.features.get(self.header.spaces.get(metric_id, ""))

    def own_references(self, reference: Attachment) -> npt.NDArray[np.intp]:
        """Returns the index of the reference of each delivered figure, shape (n,), -1 for none."""
        index_of = {name: index for index, name in enumerate(reference.header.figure_ids)}
        names = zip(self.header.figure_ids, self.header.sha256, strict=True)
        reference_indices = [index_of.get(name, -1) for name, digest in names if digest is not None]
        return np.array(reference_indices, np.intp)


def attachment_path(entry: Path) -> Path:
    """Returns the path of the attachment of an entry's file."""
    return entry.with_suffix(SUFFIX)


def save_attachment(path: Path, attachment: Attachment) -> None:
    """Writes the file atomically; the same attachment gives the same bytes."""
    tensors: dict[str, Any] = {"hashes": attachment.hashes}
    tensors |= {f"value.{name}": array for name, array in attachment.values.items()}
    tensors |= {f"features.{name}": array for name, array in attachment.features.items()}
    tensors |= {
        f"picture.{index}": np.frombuffer(content, np.uint8)
        for index, content in attachment.thumbnails.items()
    }
    contiguous = {name: np.ascontiguousarray(array) for name, array in tensors.items()}
    text = json.dumps(attachment.header.model_dump(mode="json"), sort_keys=True)
    with atomic_path(path) as temporary:
        temporary.write_bytes(save(contiguous, metadata={_HEADER: text}))


def load_attachment(path: Path) -> Attachment | None:
    """Reads an attachment from an untrusted file; None when there is none.

    Safetensors holds numbers and one JSON text, no objects, and its reader checks every length
    against the file before it allocates.

    Raises:
        UserError: If the file is a link, too large, damaged, or its parts do not fit together.
    """
    if path.is_symlink():
        raise UserError(f"{path}: is a link.", remedy="Put a plain file there.")
    if not path.is_file():
        return None
    size = path.stat().st_size
    if size > MAX_ATTACHMENT_BYTES:
        raise UserError(
            f"{path}: {size:,} bytes is more than the limit of {MAX_ATTACHMENT_BYTES:,}."
        )
    try:
        with safe_open(path, framework="np") as opened:
            header = Header.model_validate_json((opened.metadata() or {}).get(_HEADER, ""))
            tensors = {name: opened.get_tensor(name) for name in sorted(opened.keys())}
    except ValidationError as error:
        first = error.errors(include_input=False)[0]
        field = ".".join(map(str, first["loc"])) or "header"
        raise UserError(f"{path}: not an attachment: {field}: {first['msg'][:200]}.") from None
    except (SafetensorError, TypeError, ValueError, OSError, KeyError) as error:
        raise UserError(f"{path}: not a safetensors file ({str(error)[:200]}).") from None
    return _checked(path, header, tensors)


def _checked(path: Path, header: Header, tensors: dict[str, npt.NDArray[Any]]) -> Attachment:
    n = len(header.figure_ids)
    present = sum(digest is not None for digest in header.sha256)
    if not {n} == {len(header.samples), len(header.papers), len(header.sha256)}:
        raise UserError(f"{path}: its lists differ in length.")
    hashes = tensors.pop("hashes", np.zeros(0))
    if hashes.dtype != np.uint8 or hashes.shape != (n, _HASH_BYTES):
        raise UserError(f"{path}: hashes: expected uint8 of shape ({n}, {_HASH_BYTES}).")
    values, features, thumbnails = {}, {}, {}
    pictured = {f"picture.{text.row}": text.row for text in header.pictures if text.row < n}
    for name, tensor in tensors.items():
        kind, _, rest = name.partition(".")
        if kind == "value" and tensor.dtype == np.float64 and tensor.shape == (n,):
            values[rest] = tensor
        elif kind == "features" and tensor.dtype == np.float32 and tensor.ndim == 2:
            if len(tensor) != present or not np.isfinite(tensor).all():
                raise UserError(f"{path}: {name[:80]}: expected {present} finite rows.")
            features[rest] = tensor
        elif name in pictured and tensor.dtype == np.uint8 and tensor.ndim == 1:
            thumbnails[pictured[name]] = content = tensor.tobytes()
            if problem := thumbnail_problem(content):
                raise UserError(f"{path}: {name[:80]}: {problem}.")
        else:
            raise UserError(f"{path}: {name[:80]}: {tensor.dtype} {tensor.shape} is not expected.")
    if len(thumbnails) != len(header.pictures) or len(pictured) != len(header.pictures):
        raise UserError(f"{path}: {len(header.pictures)} pictures listed, {len(thumbnails)} there.")
    return Attachment(header, hashes, values, features, thumbnails)
