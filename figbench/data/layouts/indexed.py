"""Folders and archives with an index: at their top, one folder down, or as parquet shards."""

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
"""Hugging Face's own names: without an image field they are an error, others are passed over."""


def find_index(
    names: Names, every: Sequence[str], split: str | None, *, packed: bool, required: bool = False
) -> DatasetIndex | None:
    """Returns the candidates of a folder's or archive's own index; None where it has none.

    Args:
        names: The folder or archive.
        every: Relative names of its files.
        split: The split that is asked for, or None.
        packed: Whether it is an archive.
        required: Whether records of several splits need a choice.

    Raises:
        UserError: If there are several indexes and no split chooses, or one cannot be read.
    """
    depths = sorted({name.count("/") for name in every if is_index(name)})
    for depth in depths:
        if depth > 1:
            break
        here = [name for name in every if is_index(name) and name.count("/") == depth]
        rows = {name: _rows(names, name) for name in here}
        usable = {name: found for name, found in rows.items() if found is not None}
        if usable:
            return _chosen(names, every, usable, split, packed=packed, required=required)
    return None


def is_index(name: str) -> bool:
    """Tells by its name and depth whether a file may be the index of a folder."""
    if name.count("/") > 1:
        return False
    base = name.rpartition("/")[2].lower()
    suffix = index_suffix(base)
    return suffix is not None and base.removesuffix(COMPRESSED).removesuffix(suffix) in _STEMS


def _rows(names: Names, name: str) -> list[dict[str, object]] | None:
    strict = name in _STRICT
    try:
        rows = record_list(name, read_records(name, io.BytesIO(names.data(name))))
    except UserError as error:
        if strict:
            raise UserError(f"{names.root}/{error.message}", remedy=error.remedy) from None
        return None
    if not strict and not records.has_images(rows):
        return None
    return [dict(row) for row in rows]


def _chosen(
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
    chosen, notes = splits.choose(title, sorted(usable), by_folder, splits.split_folder)
    if len(chosen) > 1:
        raise UserError(
            f"{title}: several indexes: {some(chosen, 8)}.",
            remedy="Give the path of the one that counts.",
        )
    [index] = chosen
    folder = index.rpartition("/")[0]
    below = f"{folder}/" if folder else ""
    present = set(every)
    where = records.Where(
        str(names.root / index) if not packed else f"{title}, {index}",
        names.root,
        lambda name: name if name.startswith("/") else names.path_of(f"{below}{name}"),
        lambda name: f"{below}{name}" in present,
        None if packed else names.path_of(index),
    )
    rows, said = splits.of_records(
        where.title,
        usable[index],
        None if by_folder else split,
        required=required,
        folder_of=_image_split,
    )
    listing = records.from_rows(where, rows)
    listing = replace(listing, notes=(*listing.notes, *notes, *said, *names.notes()))
    unchosen = {
        where.path_of(image)
        for row, all_of in zip(rows, usable[index], strict=True)
        if row is None and isinstance(image := records.first(all_of, records.IMAGE_FIELDS), str)
    }
    others = splits.split_folder(index)
    considered = [
        name
        for name in every
        if is_image(name) and (others is None or splits.split_folder(name) in (None, others))
    ]
    candidates = with_sources(listing.candidates, every, names.path_of)
    listing = replace(listing, candidates=candidates)
    unchosen |= {one.origin.source for one in candidates if one.origin.source}
    considered = [name for name in considered if names.path_of(name) not in unchosen]
    return with_unlisted(listing, names, considered)


def _image_split(row: Mapping[str, object]) -> str | None:
    image = records.first(row, records.IMAGE_FIELDS)
    return splits.split_folder(image) if isinstance(image, str) else None


def with_unlisted(listing: DatasetIndex, names: Names, images: Sequence[str]) -> DatasetIndex:
    """An image that lies there but is not in the index is said, not lost."""
    listed = {candidate.path for candidate in listing.candidates}
    unlisted = [one for one in images if names.path_of(one) not in listed and one not in listed]
    unlisted = [one for one in unlisted if not one.rpartition("/")[2].startswith(".")]
    shown_in = names.text("README.md") or ""
    pictures = [one for one in unlisted if one in shown_in]
    rest = [one for one in unlisted if one not in shown_in]
    left = list(listing.left_out)
    if pictures:
        what = f"pictures of README.md are no figures of the set: {some(pictures)}"
        left.append(LeftOut(len(pictures), what, excused=True))
    if rest:
        left.append(LeftOut(len(rest), f"images are not in the index: {some(rest)}"))
    return replace(listing, left_out=left)


def find_shards(names: Names, every: Sequence[str], split: str | None) -> DatasetIndex | None:
    """Returns the rows of parquet shards with an image column; None where there are none.

    Raises:
        UserError: If there are several splits and none is chosen.
    """
    shards = [one for one in every if one.endswith(".parquet") and not one.startswith(".")]
    paths = {one: names.root / one for one in shards}
    usable = [one for one in shards if paths[one].is_file() and tables.has_image(paths[one])]
    if not usable:
        return None
    chosen, notes = splits.choose(str(names.root), usable, split)
    listing = tables.from_parquet([Path(paths[one]) for one in chosen], names.root)
    listing = replace(listing, notes=(*listing.notes, *notes, *names.notes()))
    unchosen = [paths[one] for one in usable if one not in chosen]
    listings = [listing, *([tables.from_parquet(unchosen, names.root)] if unchosen else [])]
    inner = {file for one in listings for file in tables.named_files(one, names.root)}
    loose = [one for one in every if is_image(one) and one not in inner and not one.startswith(".")]
    if not loose:
        return listing
    if len(loose) > len(listing.candidates):
        raise UserError(
            f"{names.root}: two layouts in one folder: tables of {len(listing.candidates)} images "
            f"({some(chosen)}) and {len(loose)} image files ({some(loose)}).",
            remedy="Give the path of one of them, or choose with --layout parquet or --layout flat "
            "(on the reference's side --reference-layout).",
        )
    what = f"image files beside the tables are no figures of the set: {some(loose)}"
    return replace(listing, left_out=[LeftOut(len(loose), what, excused=True)])
