"""Origin of a figure according to its record: role, status, source document, cost."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from figbench.data.dataset_index import Candidate, DatasetIndex, some
from figbench.data.types import ROLES, LeftOut, Origin, OtherFile, Reject, Role

DOCUMENT_SUFFIXES = (".drawio", ".svg", ".mmd", ".dot", ".gv", ".pptx", ".tex", ".tikz", ".svgz")
"""Suffixes of documents that a figure is rendered from, in order of preference."""

STATUS_FIELDS = ("status",)
SUCCESS_WORDS = frozenset(
    ("success", "succeeded", "ok", "done", "complete", "completed", "finished", "generated")
)
FAILURE_WORDS = frozenset(
    (
        "blocked cancelled canceled crashed error errored exception fail failed failure "
        "incomplete pending refused rejected running skipped timed_out timedout timeout"
    ).split()
)
SECONDS_FIELDS = (
    "seconds",
    "latency_sec",
    "latency_s",
    "latency_seconds",
    "generation_seconds",
    "generation_time",
    "total_seconds",
)
TOKENS_FIELDS = ("tokens", "total_tokens", "num_tokens")
USD_FIELDS = ("usd", "cost_usd", "price_usd", "total_cost_usd")
SOURCE_FIELDS = ("source", "source_path", "svg_path", "svg", "drawio", "mermaid", "tex", "pptx")
FAILED = "failed"
"""Code of the reject of a generation that failed."""
EXCUSED = (FAILED, "apple-double", "system-file")
"""Codes of rejects that need no flag: failures of the model count as missing; macOS writes a file
``._name`` for every file, and other programs store copies in folders of their own."""


def origin_of(record: Mapping[str, Any], document: Callable[[str], str | None]) -> Origin:
    """Returns role, status, source and cost of a record.

    Args:
        record: Fields of a record; unknown fields are ignored.
        document: Returns the manifest path of a document that a record names; None if the
            document does not exist.
    """
    role = str(record.get("role", "")).lower()
    return Origin(
        role=next((name for name in ROLES if name == role), None),
        status=_status(record),
        source=_source(record, document),
        seconds=_cost(record, SECONDS_FIELDS),
        tokens=_whole(_cost(record, TOKENS_FIELDS)),
        usd=_cost(record, USD_FIELDS),
        paper_id=_paper(record.get("paper_id")),
    )


def _paper(value: Any) -> str | None:
    return value.strip() or None if isinstance(value, str) else None


def is_failure(status: str | None) -> bool:
    """Returns whether a status means that the figure was not generated."""
    word = (status or "").strip().lower().replace(" ", "_").replace("-", "_")
    return word in FAILURE_WORDS


def _status(record: Mapping[str, Any]) -> str | None:
    status = record.get("status")
    if isinstance(status, str) and status.strip():
        return status.strip()[:80]
    success = record.get("success")
    if isinstance(success, bool):
        return "success" if success else FAILED
    return FAILED if record.get("error") and "evaluation" in record else None


def _source(record: Mapping[str, Any], document: Callable[[str], str | None]) -> str | None:
    for name in SOURCE_FIELDS:
        value = record.get(name)
        if isinstance(value, str) and value.lower().endswith(DOCUMENT_SUFFIXES):
            path = document(value)
            if path is not None:
                return path
    return None


def _cost(record: Mapping[str, Any], names: Iterable[str]) -> float | None:
    nested = (record.get("usage"), record.get("cost"))
    for fields in (record, *(entry for entry in nested if isinstance(entry, Mapping))):
        for name in names:
            value = fields.get(name)
            if isinstance(value, int | float) and not isinstance(value, bool):
                number = float(value)
                if math.isfinite(number) and number >= 0:
                    return number
    return None


def _whole(value: float | None) -> int | None:
    return None if value is None or value >= 2**63 else int(value)


def with_sources(
    candidates: Sequence[Candidate], names: Iterable[str], path_of: Callable[[str], str]
) -> list[Candidate]:
    """Returns candidates whose source is the document with the same name in the same folder.

    Args:
        candidates: Figures. A figure that has a source or is such a document is unchanged.
        names: Relative names of every file of the set.
        path_of: Returns the manifest path of a relative name.
    """
    documents: dict[str, str] = {}
    for name in sorted(names, key=_preference):
        stem, suffix = _split_suffix(name)
        if suffix in DOCUMENT_SUFFIXES:
            documents.setdefault(stem, name)
    if not documents:
        return list(candidates)
    by_path = {path_of(stem): path_of(name) for stem, name in documents.items()}
    return [_with_source(candidate, by_path) for candidate in candidates]


def _with_source(candidate: Candidate, documents: Mapping[str, str]) -> Candidate:
    stem, suffix = _split_suffix(candidate.path)
    if candidate.origin.source is not None or suffix in DOCUMENT_SUFFIXES:
        return candidate
    double = _split_suffix(stem)
    source = documents.get(stem) or (
        documents.get(double[0]) if double[1] in DOCUMENT_SUFFIXES else None
    )
    if source is None:
        return candidate
    return replace(candidate, origin=replace(candidate.origin, source=source))


def _split_suffix(name: str) -> tuple[str, str]:
    """Returns a name without its suffix, and the suffix in lower case, empty without any."""
    head, dot, suffix = name.rpartition(".")
    return (head, f".{suffix.lower()}") if dot and "/" not in suffix else (name, "")


def _preference(name: str) -> int:
    suffix = _split_suffix(name)[1]
    return DOCUMENT_SUFFIXES.index(suffix) if suffix in DOCUMENT_SUFFIXES else -1


def by_role(index: DatasetIndex, side: Role) -> DatasetIndex:
    """Returns an index with the figures of a side; other images go to ``others`` and rejects.

    Drafts and assets are never figures. If a set has figures of both sides by their records, those
    of the other side are left out. A failed generation becomes a reject, so that its id stays in
    the denominator.

    Args:
        index: Candidates with the roles and statuses of their records.
        side: The side to load, ``generated`` or ``reference``.
    """
    roles = {candidate.origin.role for candidate in index.candidates}
    has_status = any(candidate.origin.status for candidate in index.candidates)
    has_failed = any(reject.code == FAILED for reject in index.rejects)
    if roles <= {None} and not has_status and not index.others and not has_failed:
        return index
    opposite: Role = "reference" if side == "generated" else "generated"
    excluded: set[Role] = {"draft", "asset"}
    if {side, opposite} <= roles:
        excluded.add(opposite)
    candidates, others, rejects = [], list(index.others), list(index.rejects)
    for candidate in index.candidates:
        figure_id, path, role = candidate.figure_id, candidate.path, candidate.origin.role
        if role in excluded:
            others.append(OtherFile(path, role, figure_id))
        elif is_failure(candidate.origin.status):
            reason = f"the generation ended with status '{candidate.origin.status}'"
            rejects.append(Reject(path, FAILED, reason, figure_id, candidate.sample))
        else:
            candidates.append(candidate)
    generated = {(candidate.figure_id, candidate.sample) for candidate in candidates}
    failed = [reject for reject in rejects if reject.code == FAILED]
    repeated = [reject for reject in failed if (reject.figure_id, reject.sample) in generated]
    final = [reject for reject in failed if reject not in repeated]
    notes = [*_failures(final), *_unknown_words(candidates)]
    if repeated:
        notes.append(f"{len(repeated)} failed attempts of figures that were made are not counted")
    return replace(
        index,
        candidates=candidates,
        rejects=[reject for reject in rejects if reject not in repeated],
        others=others,
        left_out=(*index.left_out, *_other_roles(others)),
        notes=(*index.notes, *notes),
    )


def _other_roles(others: Sequence[OtherFile]) -> list[LeftOut]:
    groups = []
    for role in ROLES:
        paths = [file.path for file in others if file.role == role]
        if paths:
            what = f"images are of the role '{role}' and are not scored: {some(paths)}"
            groups.append(LeftOut(len(paths), what, excused=True))
    return groups


def _failures(rejects: Sequence[Reject]) -> list[str]:
    if not rejects:
        return []
    paths = [reject.path for reject in rejects]
    return [
        f"{len(rejects)} generations failed by their records and count as missing: {some(paths)}"
    ]


def _unknown_words(candidates: Sequence[Candidate]) -> list[str]:
    words = {candidate.origin.status for candidate in candidates if candidate.origin.status}
    unknown = sorted(word for word in words if word.lower() not in SUCCESS_WORDS)
    if not unknown:
        return []
    count = sum(candidate.origin.status in unknown for candidate in candidates)
    return [
        f"{count} records have a status that figbench does not know and count as made: "
        f"{some(unknown)}"
    ]
