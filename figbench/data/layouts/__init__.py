"""One module per family of layouts; :func:`find_listing` chooses by what is there."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from figbench.data.archives import is_archive
from figbench.data.dataset_index import DatasetIndex
from figbench.data.index_files import (
    index_suffix,
    is_map,
    read_csv,
    read_document,
    read_lines,
    record_list,
)
from figbench.data.layouts import benchmarks, folder, indexed, paper2fig, records, splits, tables
from figbench.data.layouts.filenames import ArchiveNames, FolderNames, Names
from figbench.data.layouts.folder import Known
from figbench.data.layouts.tools import TOOLS
from figbench.data.types import Role
from figbench.errors import UserError
from figbench.registry import suggest

__all__ = ["LAYOUTS", "Known", "find_listing"]

LAYOUTS = (
    "flat",
    "samples",
    "folders",
    "figgen",
    "geneval",
    "map",
    "records",
    "parquet",
    "paper2fig100k",
    *TOOLS,
)
_INDEXED = {
    "map": "map beside the images that is called metadata or index",
    "records": "index that is called metadata or index",
    "parquet": "table with an image column",
}
"""Layouts of index files, and what a folder lacks that does not have them."""
_BY_NAME = ("flat", "samples", "folders", "figgen", "geneval", *TOOLS)


def find_listing(
    path: Path,
    *,
    layout: str | None,
    split: str | None,
    caption: str,
    known: Known,
    names_of: Callable[[Path], Names] = FolderNames,
) -> DatasetIndex:
    """Returns the candidates of a path.

    Args:
        path: Folder, archive or index.
        layout: Forced layout, or None to detect.
        split: For Paper2Fig100k.
        caption: For Paper2Fig100k.
        known: Ids and captions of the reference, which settle ambiguous names.
        names_of: How the files of a folder are found.

    Raises:
        UserError: If the path does not exist or is nothing known.
    """
    if layout is not None and layout not in LAYOUTS:
        raise UserError(
            f"Unknown layout '{layout}'.{suggest(layout, LAYOUTS)}",
            remedy=f"Known: {', '.join(LAYOUTS)}.",
        )
    if not path.exists():
        raise UserError(f"{path}: no such file or folder.", remedy="Check the path.")
    if path.is_dir():
        if layout == "paper2fig100k" or (layout is None and paper2fig.is_root(path)):
            return paper2fig.from_root(path, split, caption)
        return _folder(path, layout, split, names_of, known)
    if not path.is_file():
        raise UserError(f"{path}: neither a folder nor a regular file (FIFO, device or socket).")
    if is_archive(path):
        archive = ArchiveNames(path)
        return _set(archive, archive.names(), layout, split, known, packed=True)
    if path.suffix == ".parquet":
        return tables.from_parquet([path])
    if index_suffix(path.name):
        return _index(path, layout, split, caption, known)
    raise UserError(
        f"{path}: not a folder, archive (.zip, .tar, .tar.gz), or index (.json, .jsonl, .csv, "
        f".tsv, .parquet; also .gz).{_pointer(path)}",
        remedy="Give the folder of the image." if folder.is_image(path.name) else "",
    )


def _folder(
    path: Path,
    layout: str | None,
    split: str | None,
    names_of: Callable[[Path], Names],
    known: Known,
) -> DatasetIndex:
    names = names_of(path)
    return _set(names, names.names(), layout, split, known, packed=False)


def _set(
    names: Names,
    every: list[str],
    layout: str | None,
    split: str | None,
    known: Known,
    *,
    packed: bool,
) -> DatasetIndex:
    """The index decides where there is one; then tables; then the names of the images."""
    if layout in (None, "records", "map"):
        listing = indexed.find_index(
            names, every, split, packed=packed, required=known.is_reference
        )
        if listing is not None:
            return listing
    if layout in (None, "parquet") and not packed:
        listing = indexed.find_shards(names, every, split)
        if listing is not None:
            return listing
    if layout in _INDEXED:
        raise UserError(
            f"{names.root}: --layout {layout}: there is no {_INDEXED[layout]}.",
            remedy="Give the path of the index itself, or leave the layout to be detected.",
        )
    images = [name for name in every if folder.is_image(name)]
    chosen, notes = splits.choose(
        str(names.root if not packed else names.root / names.title),
        images,
        split if any(map(splits.split_folder, images)) else None,
        splits.split_folder,
    )
    if split and not notes:
        notes = [f"split '{split}' was asked for; this set has no splits"]
    if len(chosen) < len(images):
        rest = set(images) - set(chosen)
        every = [name for name in every if name not in rest]
    part = splits.Part(names, every, notes)
    return folder.read(part, layout if layout in _BY_NAME else None, known)


def _index(
    path: Path, layout: str | None, split: str | None, caption: str, known: Known
) -> DatasetIndex:
    where, suffix = records.beside(path, climbs=known.local), index_suffix(path.name)
    side: Role = "reference" if known.is_reference else "generated"
    if suffix in (".csv", ".tsv"):
        return _of_rows(where, list(read_csv(path)), split, side)
    if suffix in (".jsonl", ".ndjson"):
        document: Any = list(read_lines(path))
    else:
        document = read_document(path)
        if layout == "paper2fig100k" or (layout is None and paper2fig.is_document(document)):
            return paper2fig.from_document(path, document, caption)
    found = benchmarks.adapted(str(path), document, side)
    if found is not None:
        return _adapted(where, found)
    if is_map(document):
        return records.from_map(where, document)
    return _of_rows(where, record_list(str(path), document), split, side)


def _of_rows(
    where: records.Where, rows: Sequence[Mapping[str, Any]], split: str | None, side: Role
) -> DatasetIndex:
    required = side == "reference"
    chosen, notes = splits.of_records(where.title, rows, split, required=required)
    listing = records.from_rows(where, chosen)
    return replace(listing, notes=(*listing.notes, *notes))


def _adapted(where: records.Where, found: benchmarks.Records) -> DatasetIndex:
    listing = records.from_rows(where, found.rows)
    notes = (*found.notes, *listing.notes[1:])
    return replace(listing, labels=found.labels, notes=notes)


def _pointer(path: Path) -> str:
    try:
        with path.open("rb") as handle:
            is_lfs = handle.read(40).startswith(b"version https://git-lfs")
    except OSError:
        return ""
    return " It is a Git LFS pointer; run: git lfs pull" if is_lfs else ""
