"""Tables from the user: pairs of figure and reference, and captions by figure id."""

from __future__ import annotations

import csv
import io
from collections.abc import Collection, Mapping
from dataclasses import replace
from pathlib import Path

from figbench.data.manifest import Manifest
from figbench.data.naming import bare
from figbench.data.types import Figure, Reject
from figbench.errors import UserError
from figbench.registry import suggest

GENERATED_COLUMNS = ("generated", "figure", "image")
REFERENCE_COLUMNS = ("reference", "reference_id", "target")
ID_COLUMNS = ("id", "figure_id", "reference", "generated", "image")
CAPTION_COLUMNS = ("caption", "prompt", "text")


def read_pairs(path: Path) -> dict[str, str]:
    """Returns the reference name of each generated name, both without folders and suffix.

    Raises:
        UserError: If the table cannot be read, lacks a column, or names a figure twice.
    """
    return _read(path, GENERATED_COLUMNS, REFERENCE_COLUMNS)


def is_pairs_table(path: Path) -> bool:
    """Returns whether a CSV file has the columns ``generated`` and ``reference``."""
    if path.suffix != ".csv":
        return False
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            columns = next(csv.reader(file), [])
    except (OSError, UnicodeDecodeError, csv.Error):
        return False
    return {GENERATED_COLUMNS[0], REFERENCE_COLUMNS[0]} <= set(columns)


def read_captions(path: Path) -> dict[str, str]:
    """Returns the caption of each figure name, which has no folders and suffix.

    Raises:
        UserError: If the table cannot be read, lacks a column, or names a figure twice.
    """
    return _read(path, ID_COLUMNS, CAPTION_COLUMNS, names=False)


def apply_pairs(generated: Manifest, reference: Manifest, pairs: Mapping[str, str]) -> Manifest:
    """Returns the generated figures with the ids of their references in a table.

    Args:
        generated: The model's figures. The id of a figure that is not in the table is unchanged.
        reference: The references.
        pairs: Result of :func:`read_pairs`.

    Raises:
        UserError: If the table names a figure or a reference that does not exist.
    """
    references = {_name(figure.figure_id): figure for figure in reference.figures}
    offered = {_name(figure.figure_id) for figure in generated.figures}
    offered |= {_name(figure.path) for figure in generated.figures}
    offered |= {_name(reject.path) for reject in generated.rejects}
    for first, second in pairs.items():
        _require(first, offered, "generated figure", generated.source)
        _require(second, references, "reference", reference.source)
    by_sample: dict[str, int] = {}
    figures = []
    for figure in generated.figures:
        target = pairs.get(_name(figure.path)) or pairs.get(_name(figure.figure_id))
        if target is None:
            figures.append(figure)
            continue
        match = references[target]
        sample = by_sample.get(match.figure_id, -1) + 1
        by_sample[match.figure_id] = sample
        figures.append(
            replace(figure, figure_id=match.figure_id, sample=sample, paper_id=match.paper_id)
        )
    rejects = [_paired_reject(reject, pairs, references) for reject in generated.rejects]
    note = f"{len(pairs)} pairs from the table of --pairs"
    return replace(
        generated,
        figures=tuple(figures),
        rejects=tuple(rejects),
        notes=(*generated.notes, note),
    )


def apply_captions(
    generated: Manifest, reference: Manifest, captions: Mapping[str, str]
) -> tuple[Manifest, Manifest]:
    """Returns both sides with the captions of a table.

    The table names a figure by its id or by the file name of the generated figure. The caption of
    a figure that is not in the table is unchanged.

    Args:
        generated: The model's figures.
        reference: The references.
        captions: Result of :func:`read_captions`.

    Returns:
        The generated set and the reference.

    Raises:
        UserError: If the table names no figure of either side.
    """
    by_id = {
        figure.figure_id: text
        for figure in generated.figures
        for name in (figure.path, figure.figure_id)
        if (text := captions.get(_name(name))) is not None
    }
    by_id |= {
        figure.figure_id: text
        for figure in reference.figures
        if (text := captions.get(_name(figure.figure_id))) is not None
    }
    if not by_id:
        examples = ", ".join(list(captions)[:3])
        raise UserError(
            f"--captions: no figure has one of its {len(captions)} ids ({examples}, ...).",
            remedy="Use the reference's figure ids or the file names in the column 'id'.",
        )
    return _captioned(generated, by_id), _captioned(reference, by_id)


def _captioned(manifest: Manifest, captions: Mapping[str, str]) -> Manifest:
    figures = (
        replace(figure, prompt=captions.get(figure.figure_id, figure.prompt))
        for figure in manifest.figures
    )
    return replace(manifest, figures=tuple(figures))


def _paired_reject(
    reject: Reject, pairs: Mapping[str, str], references: Mapping[str, Figure]
) -> Reject:
    target = pairs.get(_name(reject.path))
    return reject if target is None else replace(reject, figure_id=references[target].figure_id)


def _require(name: str, allowed: Collection[str], kind: str, source: str) -> None:
    if name not in allowed:
        names = list(allowed)
        raise UserError(
            f"--pairs: {source} has no {kind} '{name}'.{suggest(name, names)}",
            remedy=f"It has: {', '.join(sorted(names)[:5])}, ...",
        )


def _read(
    path: Path, key_columns: tuple[str, ...], value_columns: tuple[str, ...], *, names: bool = True
) -> dict[str, str]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise UserError(f"{path}: cannot be read ({error.strerror}).") from None
    except UnicodeDecodeError as error:
        raise UserError(f"{path}: not UTF-8 text ({error.reason}).") from None
    records = csv.DictReader(io.StringIO(text, newline=""))
    columns = [name for name in records.fieldnames or [] if name]
    key = next((name for name in key_columns if name in columns), None)
    value = next((name for name in value_columns if name in columns and name != key), None)
    if key is None or value is None:
        missing, allowed = ("first", key_columns) if key is None else ("second", value_columns)
        raise UserError(
            f"{path}: the {missing} column is missing; found {', '.join(columns) or 'none'}.",
            remedy=f"Name it one of: {', '.join(allowed)}.",
        )
    table: dict[str, str] = {}
    try:
        for number, record in enumerate(records, start=2):
            first, second = record.get(key), record.get(value)
            if not first or second is None or (names and not second):
                raise UserError(f"{path}, line {number}: '{key}' or '{value}' is empty.")
            name = _name(first)
            if name in table:
                raise UserError(f"{path}, line {number}: '{first}' is named twice.")
            table[name] = _name(second) if names else second
    except csv.Error as error:
        raise UserError(f"{path}: not a CSV table ({error}).") from None
    if not table:
        raise UserError(f"{path}: no rows below the header.")
    return table


def _name(text: str) -> str:
    return bare(text.strip().replace("\\", "/"))
