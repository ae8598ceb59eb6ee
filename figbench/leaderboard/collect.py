"""Attachments of a finished run and of its reference, from the files of the run."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from figbench.data.load import load_manifest
from figbench.data.manifest import Manifest
from figbench.data.types import Figure, TextLine
from figbench.errors import FigbenchError
from figbench.evaluation.artifacts.reader import load_features, load_lines
from figbench.evaluation.artifacts.writer import FEATURES_NAME, GENERATED_NAME, REFERENCE_NAME
from figbench.images.decode import decode
from figbench.images.preprocess import preprocess
from figbench.io.json_files import read_json
from figbench.leaderboard.attachments import (
    HASH_VERSION,
    MAX_CAPTION,
    MAX_LABEL,
    MAX_LABELS,
    Attachment,
    Header,
    Pictured,
)
from figbench.leaderboard.thumbnails import gallery_ids, thumbnail
from figbench.metrics import set_statistic
from figbench.pages.strata import properties
from figbench.protocol import Protocol
from figbench.results.files import IDENTITY_COLUMNS, PER_FIGURE_NAME, load_result


def collect(
    run: Path, metrics: Iterable[str], *, with_images: bool = True
) -> tuple[Attachment, Attachment]:
    """Returns (attachment of the generated side, of the reference side).

    Args:
        run: Folder of a finished run, with its store and its pictures still in place.
        metrics: Metric ids whose values and features go in, where the run has them.
        with_images: Whether thumbnails of a few figures go in, for the board's gallery.

    Raises:
        UserError: If the run's rows, features or pictures are not there any more.
    """
    import pyarrow.parquet as pq

    requested = list(metrics)
    table = pq.read_table(run / PER_FIGURE_NAME)
    records = table.select(list(IDENTITY_COLUMNS)).to_pylist()
    generated = load_manifest(run / GENERATED_NAME)
    reference = load_manifest(run / REFERENCE_NAME)
    index = read_json(run / FEATURES_NAME)["features"]
    spaces, generated_features, reference_features = {}, {}, {}
    distances = [name for name in requested if name in index and set_statistic(name) is not None]
    for metric_id in distances:
        spaces[metric_id] = name = str(
            min(other for other in requested if index.get(other) == index[metric_id])
        )
        if name not in generated_features:
            loaded = load_features(run, metric_id)
            generated_features[name], reference_features[name] = loaded.generated, loaded.reference
    figures = {(figure.figure_id, figure.sample): figure for figure in generated.figures}
    keys = [(record["figure_id"], record["sample"]) for record in records]
    values = {
        name: table.column(name).to_numpy().astype(np.float64)
        for name in requested
        if name in table.column_names
    }
    lines = load_lines(run)
    protocol = Protocol.from_document(load_result(run).protocol.definition, str(run))
    reference_ids = [figure.figure_id for figure in reference.figures]
    selected = set(gallery_ids(reference_ids)) if with_images else set()
    first = min((sample for _, sample in keys), default=0)
    generated_images = _images_of(
        generated,
        [figures.get(key) for key in keys],
        [lines[key][0] if key in lines else () for key in keys],
        {at for at, (name, sample) in enumerate(keys) if name in selected and sample == first},
        protocol,
    )
    texts = {figure_id: of_reference for (figure_id, _), (_, of_reference) in lines.items()}
    reference_lines = [texts.get(figure_id, ()) for figure_id in reference_ids]
    reference_images = _images_of(
        reference,
        reference.figures,
        reference_lines,
        {at for at, figure_id in enumerate(reference_ids) if figure_id in selected},
        protocol,
    )
    header = Header(
        hash_version=HASH_VERSION,
        digest=generated.digest,
        figure_ids=[figure_id for figure_id, _ in keys],
        samples=[sample for _, sample in keys],
        papers=[str(record["paper_id"]) for record in records],
        sha256=[record["sha256"] if record["present"] else None for record in records],
        spaces=spaces,
        pictures=generated_images.pictured,
    )
    papers = dict(zip(header.figure_ids, header.papers, strict=True))
    other = Header(
        hash_version=HASH_VERSION,
        digest=reference.digest,
        figure_ids=reference_ids,
        samples=[figure.sample for figure in reference.figures],
        papers=[papers.get(figure_id, figure_id) for figure_id in reference_ids],
        sha256=[figure.sha256 for figure in reference.figures],
        spaces=spaces,
        pictures=reference_images.pictured,
    )
    traits = properties(reference.figures, reference_lines)
    if not texts:
        traits = {name: values for name, values in traits.items() if "labels" not in name}
    return (
        Attachment(
            header,
            generated_images.hashes,
            values,
            generated_features,
            generated_images.thumbnails,
        ),
        Attachment(
            other,
            reference_images.hashes,
            traits,
            reference_features,
            reference_images.thumbnails,
        ),
    )


@dataclass(frozen=True, slots=True)
class _Images:
    """Hashes and thumbnails of the figures of one side."""

    hashes: npt.NDArray[np.uint8]
    pictured: list[Pictured]
    thumbnails: dict[int, bytes]


def _images_of(
    manifest: Manifest,
    figures: Sequence[Figure | None],
    lines: Sequence[Sequence[TextLine]],
    selection: set[int],
    protocol: Protocol,
) -> _Images:
    from figbench.features.networks.image_stats import perceptual_hash

    hashes = np.zeros((len(figures), 8), np.uint8)
    pictured, thumbnails = [], {}
    for index, figure in enumerate(figures):
        if figure is None:
            continue
        try:
            image = decode(manifest.read(figure)).image
        except FigbenchError:  # it was rejected then, too
            continue
        shaped = preprocess(image, protocol.preprocess, protocol.resample)
        hashes[index] = np.packbits(perceptual_hash(shaped))
        if index in selection:
            caption = (figure.prompt or "")[:MAX_CAPTION]
            labels = [line.text[:MAX_LABEL] for line in lines[index][:MAX_LABELS]]
            pictured.append(Pictured(row=index, caption=caption, labels=labels))
            thumbnails[index] = thumbnail(image)
    return _Images(hashes, pictured, thumbnails)
