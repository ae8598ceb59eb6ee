"""``Figures``: a set of figures from memory, records or a folder, accepted by ``evaluate``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from figbench.data.dataset_index import Candidate
from figbench.data.figure_items import (
    MEMORY,
    Item,
    argument_list,
    encode_all,
    from_record,
    manifest_of,
    png_name,
    sample_indices,
    with_samples,
)
from figbench.data.load import load_manifest
from figbench.data.manifest import Manifest
from figbench.data.types import Figure, Reject, TextLine
from figbench.errors import UserError
from figbench.images.arrays import UNIT, ValueRange


@dataclass(frozen=True, slots=True)
class Figures:
    """A set of figures that ``evaluate`` and ``Evaluator`` accept instead of a path.

    Create it with :meth:`from_images`, :meth:`from_records`, :meth:`from_datasets` or
    :meth:`from_folder`.

    Attributes:
        source: Name of the set, recorded in the result.
        layout: Layout of a folder; None detects it.
        manifest: The checked figures; None for a folder, which is read on first use.
    """

    source: str
    layout: str | None = None
    manifest: Manifest | None = None

    @classmethod
    def from_images(
        cls,
        images: Any,
        figure_ids: Sequence[str] | None = None,
        prompts: Sequence[str | None] | None = None,
        *,
        samples: Sequence[int] | None = None,
        paper_ids: Sequence[str | None] | None = None,
        labels: Sequence[Sequence[str]] | None = None,
        value_range: ValueRange = UNIT,
        source: str = MEMORY,
    ) -> Figures:
        """Returns figures from images in memory.

        Each image is encoded as a lossless PNG, with the bytes that Pillow's ``image.save`` writes
        by default. A folder of those files gives the same digests and the same result.

        Args:
            images: PIL images, uint8 arrays (n, h, w, 3), torch tensors (n, 3, h, w) or a list of
                single images; see :func:`figbench.images.arrays.as_rgb_images`.
            figure_ids: Ids that match images with references; None numbers the images. A repeated
                id is a further sample of the prompt.
            prompts: Caption of each image.
            samples: 0-based sample index of each image; None counts repeated ids.
            paper_ids: Paper of each figure; None derives it from Paper2Fig100k-style ids.
            labels: Ground-truth text of each figure, for references.
            value_range: Range of float images, (0, 1) or (-1, 1).
            source: Name of the set.

        Returns:
            The set, ordered by the file names that a folder would have.

        Raises:
            UserError: If an image is not usable or lengths differ. The message names the argument.

        >>> import numpy as np
        >>> page = np.full((8, 8, 3), 255, np.uint8)
        >>> len(Figures.from_images([page, page], ["a", "b"]))
        2
        """
        encoded = encode_all(images, value_range)
        n = len(encoded)
        ids = argument_list(figure_ids, "figure_ids", n) or [f"{i:06d}" for i in range(n)]
        texts = argument_list(prompts, "prompts", n) or [None] * n
        papers = argument_list(paper_ids, "paper_ids", n) or [None] * n
        label_lists = argument_list(labels, "labels", n) or [None] * n
        indices = argument_list(samples, "samples", n) or sample_indices(ids)
        several = any(indices)
        items = [
            Item(
                Candidate(str(name), int(index), png_name(str(name), int(index), several), text),
                data,
                paper,
                None if lines is None else tuple(TextLine(str(line)) for line in lines),
            )
            for name, index, text, data, paper, lines in zip(
                ids, indices, texts, encoded, papers, label_lists, strict=True
            )
        ]
        items.sort(key=lambda item: item.candidate.path)
        return cls(source, manifest=manifest_of(items, source))

    @classmethod
    def from_records(
        cls,
        records: Iterable[Mapping[str, Any]],
        *,
        image: str | None = None,
        value_range: ValueRange = UNIT,
        source: str = "records",
        root: str | Path = ".",
    ) -> Figures:
        """Returns figures from an iterable of dicts, in their order.

        Args:
            records: Dicts with an image and, if known, ``figure_id`` (or ``id``), ``sample``,
                ``prompt`` (or ``caption``), ``seed``, ``guidance_scale``, ``paper_id`` and
                ``labels`` (a list of strings). The image is a PIL image, array, tensor, encoded
                bytes, ``{"bytes": ...}`` or a path; None is a figure that was not generated.
            image: Name of the image field; None takes the first of ``image``, ``file_name``,
                ``path`` and the other names of the records layout.
            value_range: Range of float images.
            source: Name of the set.
            root: Folder of relative paths.

        Raises:
            UserError: If a record has no image field, or there is no record.
        """
        items = [
            from_record(record, i, image, value_range, Path(root))
            for i, record in enumerate(records)
        ]
        if not items:
            raise UserError(f"{source}: no record.")
        return cls(source, manifest=manifest_of(with_samples(items), source))

    @classmethod
    def from_datasets(
        cls, dataset: Any, *, image: str = "image", source: str = "datasets", **options: Any
    ) -> Figures:
        """Returns figures from a Hugging Face ``datasets.Dataset``.

        The encoded bytes of the image column are used as they are stored, without decoding.

        Args:
            dataset: A ``Dataset`` (or an ``IterableDataset``) with an image column.
            image: Name of the image column.
            source: Name of the set.
            options: As in :meth:`from_records`.

        Raises:
            UserError: If the column is absent.
        """
        columns = getattr(dataset, "column_names", None)
        if columns is not None and image not in columns:
            raise UserError(
                f"image: the dataset has no column '{image}'.",
                remedy=f"Its columns: {', '.join(map(str, columns))}.",
            )
        feature: Any = (getattr(dataset, "features", None) or {}).get(image)
        if type(feature).__name__ == "Image" and hasattr(dataset, "cast_column"):
            dataset = dataset.cast_column(image, type(feature)(decode=False))
        return cls.from_records(dataset, image=image, source=source, **options)

    @classmethod
    def from_folder(cls, path: str | Path, layout: str | None = None) -> Figures:
        """Returns figures from a folder, archive, index file or URL, which is read on first use.

        Args:
            path: As in :func:`figbench.load_manifest`.
            layout: Name of the layout; None detects it.
        """
        return cls(str(path), layout)

    @classmethod
    def from_manifest(cls, manifest: Manifest) -> Figures:
        """Returns figures from a loaded manifest."""
        return cls(manifest.source, manifest=manifest)

    def load(self, **options: Any) -> Manifest:
        """Returns the manifest; ``options`` as in :func:`figbench.load_manifest`."""
        if self.manifest is not None:
            return self.manifest
        layout = options.pop("layout", None) or self.layout
        return load_manifest(self.source, layout=layout, **options)

    def __len__(self) -> int:
        return len(self.load().figures)

    def __str__(self) -> str:
        """The name of the set."""
        return self.source


FigureSource = str | Path | Figures
"""A set of figures: a path, a URL or :class:`Figures`."""


def load_figures(source: FigureSource, **options: Any) -> Manifest:
    """Returns the manifest of a path or of :class:`Figures`; see ``load_manifest``.

    Raises:
        UserError: If ``source`` is neither, or cannot be read.
    """
    if isinstance(source, Figures):
        return source.load(**options)
    if not isinstance(source, str | Path):
        raise UserError(
            f"{type(source).__name__} is neither a path nor figbench.Figures.",
            remedy="For images in memory: figbench.Figures.from_images(images, figure_ids).",
        )
    return load_manifest(source, **options)


def ordered(figures: Iterable[Figure], rejects: Iterable[Reject]) -> Manifest:
    """Returns a manifest of figures without their bytes, in the order of their file names."""
    listed = list(figures)
    several = any(figure.sample for figure in listed)
    named = [
        replace(figure, path=png_name(figure.figure_id, figure.sample, several))
        for figure in listed
    ]
    named.sort(key=lambda figure: figure.path)
    return Manifest(tuple(named), tuple(rejects), MEMORY, MEMORY, MEMORY)
