"""One module per family of layouts; :func:`find_listing` chooses by what is there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from figbench.data.archives import is_archive
from figbench.data.dataset_index import Listing
from figbench.data.layouts import folder, paper2fig, records, tables
from figbench.data.layouts.filenames import ArchiveNames, FolderNames, Names
from figbench.data.layouts.folder import Known
from figbench.errors import UserError
from figbench.registry import suggest

__all__ = ["LAYOUTS", "Known", "find_listing"]

LAYOUTS = ("flat", "samples", "figgen", "geneval", "map", "records", "parquet", "paper2fig100k")


def find_listing(
    path: Path,
    *,
    layout: str | None,
    split: str | None,
    caption: str,
    known: Known,
    names_of: Callable[[Path], Names] = FolderNames,
) -> Listing:
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
        return _folder(path, layout, names_of, known)
    if is_archive(path):
        return folder.read(ArchiveNames(path), layout, known)
    if path.suffix == ".parquet":
        return tables.from_parquet([path])
    if path.suffix == ".csv":
        return records.from_rows(path, tables.read_csv(path))
    if path.suffix in (".json", ".jsonl"):
        return _index(path, layout, caption)
    raise UserError(
        f"{path}: not a folder, archive (.zip, .tar, .tar.gz), or index (.json, .jsonl, .csv, "
        ".parquet)."
    )


def _folder(
    path: Path, layout: str | None, names_of: Callable[[Path], Names], known: Known
) -> Listing:
    if layout in (None, "records"):
        for name, rows_of in (
            ("metadata.jsonl", records.read_lines),
            ("metadata.csv", tables.read_csv),
        ):
            if (path / name).is_file():
                listing = records.from_rows(path / name, rows_of(path / name))
                return _with_unlisted(listing, names_of(path))
    found = None if layout == "parquet" else folder.read(names_of(path), layout, known)
    shards = sorted(path.glob("*.parquet")) or sorted(path.glob("data/*.parquet"))
    if shards and (found is None or not found.candidates):
        return tables.from_parquet(shards)
    return found or folder.read(names_of(path), None, known)


def _with_unlisted(listing: Listing, names: Names) -> Listing:
    """An image that lies in the folder but is not in its index is said, not lost."""
    listed = {candidate.path for candidate in listing.candidates}
    unlisted = [name for name in names.names() if folder.is_image(name)]
    count = len(set(unlisted) - listed)
    if not count:
        return listing
    return replace(listing, notes=(*listing.notes, f"{count} images are not in the index"))


def _index(path: Path, layout: str | None, caption: str) -> Listing:
    if path.suffix == ".jsonl":
        return records.from_rows(path, records.read_lines(path))
    document = records.read_document(path)
    if layout == "paper2fig100k" or (layout is None and paper2fig.is_document(document)):
        return paper2fig.from_document(path, document, caption)
    if (
        isinstance(document, dict)
        and document
        and all(isinstance(value, str) for value in document.values())
    ):
        return records.from_map(path, document)
    return records.from_rows(path, records.rows_of(path, document))
