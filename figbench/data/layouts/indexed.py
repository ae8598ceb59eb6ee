"""Folders and archives with an index file, or with parquet shards.

The index lies in the top folder or in a sub-folder of it.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from figbench.data.dataset_index import DatasetIndex, some
from figbench.data.index_files import COMPRESSED, index_suffix, read_records, record_list
from figbench.data.layouts import records, splits, tables
from figbench.data.layouts.filenames import Names
from figbench.data.naming import is_image
from figbench.data.origin import with_sources
from figbench.data.types import LeftOut
from figbench.errors import UserError

_STEMS = ("metadata", "index")
_STRICT = ("metadata.jsonl", "metadata.csv")
"""Names of Hugging Face. Such a file without an image field is an error; others are skipped."""


def find_index(
    names: Names, every: Sequence[str], split: str | None, *, packed: bool, required: bool = False
) -> DatasetIndex | None:
    """Returns the candidates of the index of a folder or archive; None where it has no index.

    Args:
        names: The folder or archive.
        every: Relative names of all files.
        split: Requested split, or None.
        packed: Whether the files are in an archive.
        required: Whether several splits without a request are an error.

    Raises:
        UserError: If there are several indexes, or the index cannot be read.
    """
    depths = sorted({name.count("/") for name in every if is_index(name)})
    for depth in depths:
        if depth > 1:
            break
        indexes = [name for name in every if is_index(name) and name.count("/") == depth]
        contents = {name: _read_entries(names, name) for name in indexes}
        usable = {name: entries for name, entries in contents.items() if entries is not None}
        if usable:
            return _from_index(names, every, usable, split, packed=packed, required=required)
    return None


def is_index(name: str) -> bool:
    """Tells by the name of a file whether it can be the index of a folder."""
    if name.count("/") > 1:
        return False
    base = name.rpartition("/")[2].lower()
    suffix = index_suffix(base)
    return suffix is not None and base.removesuffix(COMPRESSED).removesuffix(suffix) in _STEMS


def _read_entries(names: Names, name: str) -> list[dict[str, object]] | None:
    strict = name in _STRICT
    try:
        entries = record_list(name, read_records(name, io.BytesIO(names.data(name))))
    except UserError as error:
        if strict:
            raise UserError(f"{names.root}/{error.message}", remedy=error.remedy) from None
        return None
    if not strict and not records.has_images(entries):
        return None
    return [dict(entry) for entry in entries]


def _from_index(
    names: Names,
    every: Sequence[str],
    usable: dict[str, list[dict[str, object]]],
    split: str | None,
    *,
    packed: bool,
    required: bool,
) -> DatasetIndex:
    title = str(names.root / names.title) if packed else str(names.root)
    by_folder = split if any(map(splits.split_folder, usable)) else None
    selection, notes = splits.choose(title, sorted(usable), by_folder, splits.split_folder)
    if len(selection) > 1:
        raise UserError(
            f"{title}: several indexes: {some(selection, 8)}.",
            remedy="Give the path of the index to use.",
        )
    [index] = selection
    folder = index.rpartition("/")[0]
    below = f"{folder}/" if folder else ""
    present = set(every)
    location = records.IndexLocation(
        str(names.root / index) if not packed else f"{title}, {index}",
        names.root,
        lambda name: name if name.startswith("/") else names.path_of(f"{below}{name}"),
        lambda name: f"{below}{name}" in present,
        None if packed else names.path_of(index),
    )
    entries, record_notes = splits.of_records(
        location.title,
        usable[index],
        None if by_folder else split,
        required=required,
        folder_of=_image_split,
    )
    dataset_index = records.from_records(location, entries)
    dataset_index = replace(
        dataset_index, notes=(*dataset_index.notes, *notes, *record_notes, *names.notes())
    )
    excluded = {
        location.path_of(image)
        for entry, original in zip(entries, usable[index], strict=True)
        if entry is None and isinstance(image := records.first(original, records.IMAGE_FIELDS), str)
    }
    own_split = splits.split_folder(index)
    considered = [
        name
        for name in every
        if is_image(name) and (own_split is None or splits.split_folder(name) in (None, own_split))
    ]
    candidates = with_sources(dataset_index.candidates, every, names.path_of)
    dataset_index = replace(dataset_index, candidates=candidates)
    excluded |= {candidate.origin.source for candidate in candidates if candidate.origin.source}
    considered = [name for name in considered if names.path_of(name) not in excluded]
    return with_unlisted(dataset_index, names, considered)


def _image_split(entry: Mapping[str, object]) -> str | None:
    image = records.first(entry, records.IMAGE_FIELDS)
    return splits.split_folder(image) if isinstance(image, str) else None


def with_unlisted(dataset_index: DatasetIndex, names: Names, images: Sequence[str]) -> DatasetIndex:
    """Adds images that are not in the index to the images that are left out.

    Args:
        dataset_index: Candidates of the index.
        names: The folder or archive.
        images: Relative names of the images to look up.
    """
    listed = {candidate.path for candidate in dataset_index.candidates}
    unlisted = [name for name in images if names.path_of(name) not in listed and name not in listed]
    unlisted = [name for name in unlisted if not name.rpartition("/")[2].startswith(".")]
    readme = names.text("README.md") or ""
    readme_images = [name for name in unlisted if name in readme]
    rest = [name for name in unlisted if name not in readme]
    left = list(dataset_index.left_out)
    if readme_images:
        what = f"images of README.md are no figures of the set: {some(readme_images)}"
        left.append(LeftOut(len(readme_images), what, excused=True))
    if rest:
        left.append(LeftOut(len(rest), f"images are not in the index: {some(rest)}"))
    return replace(dataset_index, left_out=left)


def find_shards(names: Names, every: Sequence[str], split: str | None) -> DatasetIndex | None:
    """Returns the candidates of parquet shards with an image column; None where there are none.

    Args:
        names: The folder.
        every: Relative names of all files.
        split: Requested split, or None.

    Raises:
        UserError: If there are several splits and none is requested, or image files outnumber the
            images of the tables.
    """
    shards = [name for name in every if name.endswith(".parquet") and not name.startswith(".")]
    paths = {name: names.root / name for name in shards}
    usable = [name for name in shards if paths[name].is_file() and tables.has_image(paths[name])]
    if not usable:
        return None
    selection, notes = splits.choose(str(names.root), usable, split)
    dataset_index = tables.from_parquet([Path(paths[name]) for name in selection], names.root)
    dataset_index = replace(dataset_index, notes=(*dataset_index.notes, *notes, *names.notes()))
    other_shards = [paths[name] for name in usable if name not in selection]
    indexes = [
        dataset_index,
        *([tables.from_parquet(other_shards, names.root)] if other_shards else []),
    ]
    inner = {file for entry in indexes for file in tables.named_files(entry, names.root)}
    loose = [
        name for name in every if is_image(name) and name not in inner and not name.startswith(".")
    ]
    if not loose:
        return dataset_index
    if len(loose) > len(dataset_index.candidates):
        raise UserError(
            f"{names.root}: two layouts in one folder: tables of "
            f"{len(dataset_index.candidates)} images ({some(selection)}) and "
            f"{len(loose)} image files ({some(loose)}).",
            remedy="Give the path of one of them, or choose with --layout parquet or --layout flat "
            "(on the reference's side --reference-layout).",
        )
    what = f"image files beside the tables are no figures of the set: {some(loose)}"
    return replace(dataset_index, left_out=[LeftOut(len(loose), what, excused=True)])
