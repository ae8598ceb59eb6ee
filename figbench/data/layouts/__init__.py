"""Importers of data sets, a module for each family of layouts.

:func:`index_dataset` detects the layout of a path and returns the figures by name. The function
``data.load.load_manifest`` uses it.
"""

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
from figbench.data.layouts.context import ImportContext
from figbench.data.layouts.filenames import ArchiveNames, FolderNames, Names
from figbench.data.layouts.tools import TOOLS
from figbench.data.types import Role
from figbench.errors import UserError
from figbench.registry import suggest

__all__ = ["LAYOUTS", "ImportContext", "index_dataset"]

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
    "map": "map with the name metadata or index in the folder of the images",
    "records": "index with the name metadata or index",
    "parquet": "table with an image column",
}
"""Layout of index files to a description of the file, for errors."""
_BY_NAME = ("flat", "samples", "folders", "figgen", "geneval", *TOOLS)


def index_dataset(
    path: Path,
    *,
    layout: str | None,
    split: str | None,
    caption: str,
    context: ImportContext,
    names_of: Callable[[Path], Names] = FolderNames,
) -> DatasetIndex:
    """Returns the candidates of a data set.

    Args:
        path: Folder, archive or index.
        layout: Layout that the user selected, or None to detect it.
        split: Requested split, or None.
        caption: Field of the captions of Paper2Fig100k.
        context: Ids and captions of the reference set, and options.
        names_of: Returns access to the files of a folder.

    Raises:
        UserError: If the path does not exist, or has no supported layout.
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
        return _from_folder(path, layout, split, names_of, context)
    if not path.is_file():
        raise UserError(f"{path}: neither a folder nor a regular file (FIFO, device or socket).")
    if is_archive(path):
        archive = ArchiveNames(path)
        return _from_names(archive, archive.names(), layout, split, context, packed=True)
    if path.suffix == ".parquet":
        return tables.from_parquet([path])
    if index_suffix(path.name):
        return _from_file(path, layout, split, caption, context)
    raise UserError(
        f"{path}: not a folder, archive (.zip, .tar, .tar.gz), or index (.json, .jsonl, .csv, "
        f".tsv, .parquet; also .gz).{_pointer(path)}",
        remedy="Give the folder of the image." if folder.is_image(path.name) else "",
    )


def _from_folder(
    path: Path,
    layout: str | None,
    split: str | None,
    names_of: Callable[[Path], Names],
    context: ImportContext,
) -> DatasetIndex:
    names = names_of(path)
    return _from_names(names, names.names(), layout, split, context, packed=False)


def _from_names(
    names: Names,
    every: list[str],
    layout: str | None,
    split: str | None,
    context: ImportContext,
    *,
    packed: bool,
) -> DatasetIndex:
    """Returns the candidates of an index file, else of tables, else of image names."""
    if layout in (None, "records", "map"):
        dataset_index = indexed.find_index(
            names, every, split, packed=packed, required=context.is_reference
        )
        if dataset_index is not None:
            return dataset_index
    if layout in (None, "parquet") and not packed:
        dataset_index = indexed.find_shards(names, every, split)
        if dataset_index is not None:
            return dataset_index
    if layout in _INDEXED:
        raise UserError(
            f"{names.root}: --layout {layout}: there is no {_INDEXED[layout]}.",
            remedy="Give the path of the index itself, or leave the layout to be detected.",
        )
    images = [name for name in every if folder.is_image(name)]
    selection, notes = splits.choose(
        str(names.root if not packed else names.root / names.title),
        images,
        split if any(map(splits.split_folder, images)) else None,
        splits.split_folder,
    )
    if split and not notes:
        notes = [f"split '{split}' was asked for; this set has no splits"]
    if len(selection) < len(images):
        rest = set(images) - set(selection)
        every = [name for name in every if name not in rest]
    subset = splits.NamesSubset(names, every, notes)
    return folder.read(subset, layout if layout in _BY_NAME else None, context)


def _from_file(
    path: Path, layout: str | None, split: str | None, caption: str, context: ImportContext
) -> DatasetIndex:
    location, suffix = (
        records.location_of(path, allow_parents=context.local),
        index_suffix(path.name),
    )
    side: Role = "reference" if context.is_reference else "generated"
    if suffix in (".csv", ".tsv"):
        return _from_entries(location, list(read_csv(path)), split, side)
    if suffix in (".jsonl", ".ndjson"):
        document: Any = list(read_lines(path))
    else:
        document = read_document(path)
        if layout == "paper2fig100k" or (layout is None and paper2fig.is_document(document)):
            return paper2fig.from_document(path, document, caption)
    adapted = benchmarks.adapted(str(path), document, side)
    if adapted is not None:
        return _from_adapted(location, adapted)
    if is_map(document):
        return records.from_map(location, document)
    return _from_entries(location, record_list(str(path), document), split, side)


def _from_entries(
    location: records.IndexLocation,
    entries: Sequence[Mapping[str, Any]],
    split: str | None,
    side: Role,
) -> DatasetIndex:
    required = side == "reference"
    selection, notes = splits.of_records(location.title, entries, split, required=required)
    dataset_index = records.from_records(location, selection)
    return replace(dataset_index, notes=(*dataset_index.notes, *notes))


def _from_adapted(location: records.IndexLocation, adapted: benchmarks.Records) -> DatasetIndex:
    dataset_index = records.from_records(location, adapted.records)
    notes = (*adapted.notes, *dataset_index.notes[1:])
    return replace(dataset_index, labels=adapted.labels, notes=notes)


def _pointer(path: Path) -> str:
    try:
        with path.open("rb") as handle:
            is_lfs = handle.read(40).startswith(b"version https://git-lfs")
    except OSError:
        return ""
    return " It is a Git LFS pointer; run: git lfs pull" if is_lfs else ""
