"""Splits and caption columns of data sets in the Hub's layouts, for training and sampling."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from tempfile import gettempdir
from typing import Any

from figbench.data.load import load_manifest
from figbench.data.manifest import Manifest
from figbench.errors import UserError
from figbench_figgen.webdataset import has_captions, shards_of, unpacked

CACHE = "figbench-webdataset"
DEFAULT_COLUMN = "captions"
_METADATA = ("metadata.jsonl", "metadata.csv", "metadata.parquet")
_ARCHIVE = ".parquet!/"


def load_split(source: str, split: str | None, caption: str) -> tuple[Manifest, list[str]]:
    """Returns the figures of a split with their captions, and notes for a person.

    A set without splits is taken whole, and a note says so.

    Args:
        source: Any set of figures that figbench reads.
        split: ``train``, ``test`` or another name; None where the set has none.
        caption: Caption field: of a Paper2Fig100k root, or a column of the metadata.

    Raises:
        UserError: If the set has splits but not this one, or no such caption column.
    """
    shards = shards_of(source)
    if shards and has_captions(shards[0]):
        folder = unpacked(shards, Path(gettempdir()) / CACHE, caption)
        manifest, _ = load_split(str(folder), None, "text")
        return manifest, [f"{source}: {len(shards)} WebDataset shards, unpacked in {folder}."]
    root = Path(source)
    manifest = load_manifest(source, split=split, caption=caption)
    notes = []
    if split is not None and root.is_dir() and not _is_paper2fig(root):
        if not any(_names_split(figure.path, split) for figure in manifest.figures):
            notes.append(f"{source} has no splits; all of its figures are taken.")
    return _captioned(manifest, root, split, caption), notes


def _names_split(path: str, split: str) -> bool:
    starts = f"{split}-", f"{split}."
    return any(name == split or name.startswith(starts) for name in Path(path).parts)


def _is_paper2fig(root: Path) -> bool:
    return any((root / f"paper2fig_{split}.json").is_file() for split in ("train", "test"))


def _captioned(manifest: Manifest, root: Path, split: str | None, column: str) -> Manifest:
    """Fills captions from a column of another name; captions that are there already stay."""
    if column == DEFAULT_COLUMN and any(figure.prompt for figure in manifest.figures):
        return manifest
    if _is_paper2fig(root) or not root.is_dir():
        return manifest
    columns: set[str] = set()
    captions: dict[str, str] = {}
    for key, record in _records(manifest, root, split):
        columns.update(record)
        text = _text(record.get(column))
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
        for record in _metadata(root / name):
            return sorted(record)
    return []


def _records(
    manifest: Manifest, root: Path, split: str | None
) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yields (path of the figure in the manifest, its metadata)."""
    for folder in dict.fromkeys((".", split or ".")):
        for name in _METADATA:
            for record in _metadata(root / folder / name):
                path = record.get("file_name") or record.get("image")
                if isinstance(path, str):
                    yield (Path(folder) / path).as_posix(), record
    shards = sorted({figure.path.split("!/", 1)[0] for figure in manifest.figures
                     if _ARCHIVE in figure.path})  # fmt: skip
    for shard in shards:
        for number, record in enumerate(_parquet(Path(manifest.root) / shard, skip_images=True)):
            yield f"{shard}!/image/{number}", record


def _metadata(path: Path) -> Iterator[Mapping[str, Any]]:
    if not path.is_file():
        return
    if path.suffix == ".jsonl":
        for line in path.read_text(encoding="utf-8-sig").split("\n"):
            try:
                record = json.loads(line)
            except ValueError:
                continue
            if isinstance(record, dict):
                yield record
    elif path.suffix == ".csv":
        from figbench.data.index_files import read_csv

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
