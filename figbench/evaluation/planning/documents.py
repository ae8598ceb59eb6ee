"""Vector and text documents beside the figures of a run, which state their graphs exactly."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from figbench.data.archives import archive_members, is_archive
from figbench.data.manifest import Manifest
from figbench.data.naming import stem_and_suffix, without_suffix
from figbench.data.sources import SEPARATOR, read_source
from figbench.data.types import Figure
from figbench.errors import UserError
from figbench.evaluation.planning.inputs import Inputs
from figbench.evaluation.planning.plan import Plan
from figbench.evaluation.planning.tasks import GENERATED, REFERENCE, Side
from figbench.graphs.spec import FigureSpec, read_spec
from figbench.images.limits import DecodeError

SUFFIXES = (
    ".graph.json", ".drawio", ".dot", ".gv", ".mmd", ".mermaid", ".pptx", ".tex", ".tikz", ".svg",
)  # fmt: skip
"""Suffixes of documents, the most explicit first: of several documents the first is read."""
SPEC_SUFFIXES = (".spec.yaml", ".spec.yml", ".spec.json")


def with_documents(inputs: Inputs, plan: Plan) -> Inputs:
    """Returns the inputs with the documents of both sides, where a task of the plan reads them."""
    if not any(task.reads_documents for task in plan.tasks):
        return inputs
    documents: dict[tuple[Side, str], Figure] = {}
    present = {figure.path: figure for figure in inputs.sides.present}
    for side, manifest, figures in (
        (GENERATED, inputs.generated, present.values()),
        (REFERENCE, inputs.reference, inputs.reference.figures),
    ):
        for path, document in documents_of(manifest, figures).items():
            documents[side, path] = document
    specs = {}
    if any(item.metric.spec.needs.specs for item in plan.metrics):
        specs = specs_of(inputs.reference)
    return replace(inputs, sides=replace(inputs.sides, documents=documents, specs=specs))


def specs_of(manifest: Manifest) -> dict[str, FigureSpec]:
    """Returns the spec beside each figure that has one, by the path of the figure.

    Raises:
        UserError: If a spec cannot be read: left out, it would change the score unseen.
    """
    names: dict[str, frozenset[str]] = {}
    root = Path(manifest.root)
    specs = {}
    for figure in manifest.figures:
        if figure.sha256 in manifest.contents:
            continue
        folder = _folder(figure.path)
        if folder not in names:
            names[folder] = frozenset(_file_names(root, folder, SPEC_SUFFIXES))
        for path in _possible_names(figure.path, SPEC_SUFFIXES):
            if path in names[folder]:
                try:
                    data = read_source(root, path)
                except DecodeError as error:
                    raise UserError(f"{path}: the spec cannot be read ({error}).") from None
                specs[figure.path] = read_spec(data, path, figure.figure_id)
                break
    return specs


def documents_of(
    manifest: Manifest, figures: Iterable[Figure], suffixes: tuple[str, ...] = SUFFIXES
) -> Mapping[str, Figure]:
    """Returns the document of each figure that has one, by the path of the figure.

    A document is in the folder of its figure, or in the same folder of its archive, and has its
    name with another suffix: ``a.drawio`` beside ``a.png``. A document that cannot be read is
    returned as well: its figure counts as failed and is not read from its pixels.

    Args:
        manifest: The set.
        figures: Figures of the set.
        suffixes: Of documents, the preferred first.
    """
    names: dict[str, frozenset[str]] = {}
    documents = {}
    for figure in figures:
        if figure.sha256 in manifest.contents:
            continue
        folder = _folder(figure.path)
        if folder not in names:
            names[folder] = frozenset(_file_names(Path(manifest.root), folder, suffixes))
        document = next(
            (name for name in _possible_names(figure.path, suffixes) if name in names[folder]), None
        )
        if document is not None:
            digest = _digest(Path(manifest.root), document)
            documents[figure.path] = replace(figure, path=document, sha256=digest)
    return documents


def _possible_names(path: str, suffixes: Sequence[str] = SUFFIXES) -> Iterator[str]:
    """Yields the paths that a figure's document may have, the most explicit first."""
    stem, suffix = stem_and_suffix(path)
    plain = path[: len(path) - len(suffix)] if suffix else path
    stems = list(dict.fromkeys((plain, without_suffix(path))))
    for ending in suffixes:
        for name in stems:
            if f"{name}{ending}" != path and stem:
                yield f"{name}{ending}"


def _folder(path: str) -> str:
    container, separator, _ = path.partition(SEPARATOR)
    return f"{container}{SEPARATOR}" if separator else path.rpartition("/")[0]


def _file_names(root: Path, folder: str, suffixes: tuple[str, ...] = SUFFIXES) -> Iterator[str]:
    container, separator, _ = folder.partition(SEPARATOR)
    if separator and is_archive(root / container):
        try:
            for member in archive_members(root / container):
                if not member.problem:
                    yield f"{folder}{member.name}"
        except (UserError, OSError):
            return
        return
    if separator:
        return
    try:
        with os.scandir(root / folder) as entries:
            for entry in entries:
                if entry.name.lower().endswith(suffixes):
                    yield f"{folder}/{entry.name}" if folder else entry.name
    except (OSError, ValueError):
        return


def _digest(root: Path, path: str) -> str:
    try:
        return hashlib.sha256(read_source(root, path)).hexdigest()
    except DecodeError as error:
        return hashlib.sha256(f"unreadable {error.code} {path}".encode()).hexdigest()
