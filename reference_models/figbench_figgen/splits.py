"""Splits and caption columns of data sets in the Hub's layouts, for training and sampling."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from figbench.data.load import load_manifest
from figbench.data.manifest import Manifest
from figbench.errors import UserError

DEFAULT_COLUMN = "captions"
_METADATA = ("metadata.jsonl", "metadata.csv", "metadata.parquet")
_ARCHIVE = ".parquet!/"


def load_split(source: str, split: str | None, caption: str) -> tuple[Manifest, list[str]]:
    """Returns the figures of a split with their captions, and notes for a person.

    A split is a part of a Paper2Fig100k root, a folder named after it, or parquet files whose
    names start with it. A set without splits is taken whole, and a note says so.

    Args:
        source: Any set of figures that figbench reads.
        split: ``train``, ``test`` or another name; None takes everything.
        caption: Caption field: of a Paper2Fig100k root, or a column of the metadata.

    Raises:
        UserError: If the set has splits but not this one, or no such caption column.
    """
    root = Path(source)
    if split is None or not root.is_dir() or _is_paper2fig(root):
        return _captioned(_load(source, split, caption), root, caption), []
    folder = root / split
    if folder.is_dir():
        return _captioned(_load(str(folder), None, caption), folder, caption), []
    manifest = _load(source, None, caption)
    parquet = [figure for figure in manifest.figures if _ARCHIVE in figure.path]
    part = [
        figure for figure in parquet if _shard(figure.path).startswith((f"{split}-", f"{split}."))
    ]
    if part:
        manifest = manifest.select(part, f"split {split}")
        return _captioned(manifest, root, caption), []
    present = sorted({*_splits_of(parquet), *_split_folders(root)})
    if present:
        raise UserError(
            f"{source}: has no split '{split}'.", remedy=f"Its splits: {', '.join(present)}."
        )
    note = f"{source} has no splits; all of its figures are taken."
    return _captioned(manifest, root, caption), [note]


def _load(source: str, split: str | None, caption: str) -> Manifest:
    return load_manifest(source, split=split, caption=caption)


def _is_paper2fig(root: Path) -> bool:
    return any((root / f"paper2fig_{split}.json").is_file() for split in ("train", "test"))


def _shard(path: str) -> str:
    return Path(path.split("!/", 1)[0]).name


def _splits_of(parquet: list[Any]) -> set[str]:
    names = {_shard(figure.path) for figure in parquet}
    return {name.split("-", 1)[0] for name in names if "-of-" in name}


def _split_folders(root: Path) -> set[str]:
    names = ("train", "test", "validation", "val")
    return {name for name in names if (root / name).is_dir()}


def _captioned(manifest: Manifest, root: Path, column: str) -> Manifest:
    """Fills captions from a column of another name; captions that are there already stay."""
    if column == DEFAULT_COLUMN and any(figure.prompt for figure in manifest.figures):
        return manifest
    if _is_paper2fig(root) or not root.is_dir():
        return manifest
    columns: set[str] = set()
    captions: dict[str, str] = {}
    for key, row in _rows(manifest, root):
        columns.update(row)
        text = _text(row.get(column))
        if text:
            captions[key] = text
    if not captions:
        if column != DEFAULT_COLUMN and columns:
            raise UserError(
                f"{root}: no caption in a column '{column}'.",
                remedy=f"Its columns: {', '.join(sorted(columns))}; name it with "
                "--set data.caption=COLUMN",
            )
        return manifest
    figures = [
        replace(figure, prompt=captions.get(figure.path, figure.prompt))
        for figure in manifest.figures
    ]
    return manifest.select(figures, f"captions from the column {column}")


def columns_of(root: Path) -> list[str]:
    """Returns the column names of a folder's metadata file, if it has one."""
    for name in _METADATA:
        for row in _metadata(root / name):
            return sorted(row)
    return []


def _rows(manifest: Manifest, root: Path) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yields (path of the figure in the manifest, its metadata)."""
    for name in _METADATA:
        for row in _metadata(root / name):
            path = row.get("file_name") or row.get("image")
            if isinstance(path, str):
                yield path, row
    shards = sorted({figure.path.split("!/", 1)[0] for figure in manifest.figures
                     if _ARCHIVE in figure.path})  # fmt: skip
    for shard in shards:
        where = next(iter(root.rglob(Path(shard).name)), None)
        if where is None:
            continue
        for number, row in enumerate(_parquet(where, skip_images=True)):
            for figure in manifest.figures:
                if figure.path.startswith(f"{shard}!/") and figure.path.endswith(f"/{number}"):
                    yield figure.path, row


def _metadata(path: Path) -> Iterator[Mapping[str, Any]]:
    if not path.is_file():
        return
    if path.suffix == ".jsonl":
        for line in path.read_text(encoding="utf-8-sig").split("\n"):
            try:
                row = json.loads(line)
            except ValueError:
                continue
            if isinstance(row, dict):
                yield row
    elif path.suffix == ".csv":
        from figbench.data.layouts.tables import read_csv

        yield from read_csv(path)
    else:
        yield from _parquet(path, skip_images=False)


def _parquet(path: Path, *, skip_images: bool) -> Iterator[Mapping[str, Any]]:
    import pyarrow.parquet as pq

    with pq.ParquetFile(path) as table:
        names = [name for name in table.schema_arrow.names if name != "image" or not skip_images]
        for batch in table.iter_batches(columns=names):
            yield from batch.to_pylist()


def _text(value: Any) -> str | None:
    """Returns a caption; of a list, as of several captions for a figure, the first."""
    if isinstance(value, list) and value:
        value = value[0]
    return value.strip() or None if isinstance(value, str) else None
