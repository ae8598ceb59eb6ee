"""Collects the evidence of a finished run, and of its reference, from what the run left."""

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
    Evidence,
    Header,
    Pictured,
)
from figbench.leaderboard.thumbnails import gallery_ids, thumbnail
from figbench.metrics import set_statistic
from figbench.pages.strata import properties
from figbench.protocol import Protocol
from figbench.results.files import IDENTITY_COLUMNS, PER_FIGURE_NAME, load_result


def collect(
    run: Path, metrics: Iterable[str], *, pictures: bool = True
) -> tuple[Evidence, Evidence]:
    """Returns (evidence of the generated side, of the reference side).

    Args:
        run: Folder of a finished run, with its store and its pictures still in place.
        metrics: Metric ids whose values and features go in, where the run has them.
        pictures: Whether thumbnails of a few figures go in, for the board's gallery.

    Raises:
        UserError: If the run's rows, features or pictures are not there any more.
    """
    import pyarrow.parquet as pq

    wanted = list(metrics)
    table = pq.read_table(run / PER_FIGURE_NAME)
    rows = table.select(list(IDENTITY_COLUMNS)).to_pylist()
    generated = load_manifest(run / GENERATED_NAME)
    reference = load_manifest(run / REFERENCE_NAME)
    index = read_json(run / FEATURES_NAME)["features"]
    spaces, ours, theirs = {}, {}, {}
    distances = [one for one in wanted if one in index and set_statistic(one) is not None]
    for metric_id in distances:
        spaces[metric_id] = name = str(
            min(one for one in wanted if index.get(one) == index[metric_id])
        )
        if name not in ours:
            found = load_features(run, metric_id)
            ours[name], theirs[name] = found.generated, found.reference
    drawn = {(one.figure_id, one.sample): one for one in generated.figures}
    keys = [(row["figure_id"], row["sample"]) for row in rows]
    values = {
        name: table.column(name).to_numpy().astype(np.float64)
        for name in wanted
        if name in table.column_names
    }
    lines = load_lines(run)
    protocol = Protocol.from_document(load_result(run).protocol.definition, str(run))
    chosen = set(gallery_ids(one.figure_id for one in reference.figures)) if pictures else set()
    first = min((sample for _, sample in keys), default=0)
    ours_drawn = _drawn(
        generated,
        [drawn.get(key) for key in keys],
        [lines[key][0] if key in lines else () for key in keys],
        {row for row, (name, sample) in enumerate(keys) if name in chosen and sample == first},
        protocol,
    )
    read = {figure_id: theirs for (figure_id, _), (_, theirs) in lines.items()}
    reference_lines = [read.get(one.figure_id, ()) for one in reference.figures]
    theirs_drawn = _drawn(
        reference,
        reference.figures,
        reference_lines,
        {row for row, one in enumerate(reference.figures) if one.figure_id in chosen},
        protocol,
    )
    header = Header(
        hash_version=HASH_VERSION,
        digest=generated.digest,
        figure_ids=[figure_id for figure_id, _ in keys],
        samples=[sample for _, sample in keys],
        papers=[str(row["paper_id"]) for row in rows],
        sha256=[row["sha256"] if row["present"] else None for row in rows],
        spaces=spaces,
        pictures=ours_drawn.pictured,
    )
    papers = dict(zip(header.figure_ids, header.papers, strict=True))
    other = Header(
        hash_version=HASH_VERSION,
        digest=reference.digest,
        figure_ids=[one.figure_id for one in reference.figures],
        samples=[one.sample for one in reference.figures],
        papers=[papers.get(one.figure_id, one.figure_id) for one in reference.figures],
        sha256=[one.sha256 for one in reference.figures],
        spaces=spaces,
        pictures=theirs_drawn.pictured,
    )
    traits = properties(reference.figures, reference_lines)
    if not read:
        traits = {name: one for name, one in traits.items() if "labels" not in name}
    return (
        Evidence(header, ours_drawn.hashes, values, ours, ours_drawn.pictures),
        Evidence(other, theirs_drawn.hashes, traits, theirs, theirs_drawn.pictures),
    )


@dataclass(frozen=True, slots=True)
class _Drawn:
    """What is kept of a side's pixels."""

    hashes: npt.NDArray[np.uint8]
    pictured: list[Pictured]
    pictures: dict[int, bytes]


def _drawn(
    manifest: Manifest,
    figures: Sequence[Figure | None],
    lines: Sequence[Sequence[TextLine]],
    shown: set[int],
    protocol: Protocol,
) -> _Drawn:
    from figbench.features.networks.image_stats import perceptual_hash

    hashes = np.zeros((len(figures), 8), np.uint8)
    pictured, pictures = [], {}
    for row, figure in enumerate(figures):
        if figure is None:
            continue
        try:
            picture = decode(manifest.read(figure)).image
        except FigbenchError:  # it was rejected then, too
            continue
        shaped = preprocess(picture, protocol.preprocess, protocol.resample)
        hashes[row] = np.packbits(perceptual_hash(shaped))
        if row in shown:
            caption = (figure.prompt or "")[:MAX_CAPTION]
            labels = [line.text[:MAX_LABEL] for line in lines[row][:MAX_LABELS]]
            pictured.append(Pictured(row=row, caption=caption, labels=labels))
            pictures[row] = thumbnail(picture)
    return _Drawn(hashes, pictured, pictures)
