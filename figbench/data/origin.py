"""How a figure came to be, as its record says it: role, outcome, source document, cost."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from figbench.data.dataset_index import Candidate, DatasetIndex, some
from figbench.data.types import ROLES, LeftOut, Origin, OtherFile, Reject, Role

DOCUMENT_SUFFIXES = (".drawio", ".svg", ".mmd", ".dot", ".gv", ".pptx", ".tex", ".tikz", ".svgz")
"""Documents that a figure is drawn from, in the order of preference beside one raster."""

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
"""Rejects that need no flag: the model's failures count as missing; macOS writes a ``._name``
beside every file, and other programs keep copies in folders of their own."""


def origin_of(record: Mapping[str, Any], document: Callable[[str], str | None]) -> Origin:
    """Returns role, status, source and cost of a record.

    Args:
        record: Fields as an index has them; unknown ones are ignored.
        document: Manifest path of a document that a record names; None where it is not there.
    """
    role = str(record.get("role", "")).lower()
    return Origin(
        role=next((one for one in ROLES if one == role), None),
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
    """Tells whether a status says that the figure was not made."""
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
    nested = [one for one in (record.get("usage"), record.get("cost")) if isinstance(one, Mapping)]
    for fields in (record, *nested):
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
    """Returns candidates with the document of the same name in the same folder as their source.

    Args:
        candidates: Figures; one with a source, or that is such a document itself, stays.
        names: Relative names of every file of the set.
        path_of: Manifest path of a relative name.
    """
    documents: dict[str, str] = {}
    for name in sorted(names, key=_preference):
        stem, suffix = _parts(name)
        if suffix in DOCUMENT_SUFFIXES:
            documents.setdefault(stem, name)
    if not documents:
        return list(candidates)
    by_path = {path_of(stem): path_of(name) for stem, name in documents.items()}
    return [_with_source(one, by_path) for one in candidates]


def _with_source(candidate: Candidate, documents: Mapping[str, str]) -> Candidate:
    stem, suffix = _parts(candidate.path)
    if candidate.origin.source is not None or suffix in DOCUMENT_SUFFIXES:
        return candidate
    double = _parts(stem)
    source = documents.get(stem) or (
        documents.get(double[0]) if double[1] in DOCUMENT_SUFFIXES else None
    )
    if source is None:
        return candidate
    return replace(candidate, origin=replace(candidate.origin, source=source))


def _parts(name: str) -> tuple[str, str]:
    head, dot, suffix = name.rpartition(".")
    return (head, f".{suffix.lower()}") if dot and "/" not in suffix else (name, "")


def _preference(name: str) -> int:
    suffix = _parts(name)[1]
    return DOCUMENT_SUFFIXES.index(suffix) if suffix in DOCUMENT_SUFFIXES else -1


def by_role(listing: DatasetIndex, side: Role) -> DatasetIndex:
    """Returns a listing of the figures of one side; the rest goes to ``others`` and rejects.

    Drafts and assets are never figures. Where a set has figures of both sides by their records,
    those of the other side are left out. A generation that failed becomes a reject, so that its
    id stays in the denominator.

    Args:
        listing: Candidates with the roles and statuses of their records.
        side: The side that is read.
    """
    roles = {one.origin.role for one in listing.candidates}
    plain = roles <= {None} and not any(one.origin.status for one in listing.candidates)
    if plain and not listing.others and all(one.code != FAILED for one in listing.rejects):
        return listing
    other: Role = "reference" if side == "generated" else "generated"
    apart: set[Role] = {"draft", "asset"}
    if {side, other} <= roles:
        apart.add(other)
    candidates, others, rejects = [], [], []
    for one in listing.candidates:
        if one.origin.role in apart:
            others.append(OtherFile(one.path, one.origin.role, one.figure_id))
        elif is_failure(one.origin.status):
            reason = f"the generation ended with status '{one.origin.status}'"
            rejects.append(Reject(one.path, FAILED, reason, one.figure_id, one.sample))
        else:
            candidates.append(one)
    every = (*listing.rejects, *rejects)
    made = {(one.figure_id, one.sample) for one in candidates}
    repeated = [one for one in every if one.code == FAILED and (one.figure_id, one.sample) in made]
    failed = [one for one in every if one.code == FAILED and one not in repeated]
    notes = [*_failures(failed), *_unknown_words(candidates)]
    if repeated:
        notes.append(f"{len(repeated)} failed attempts of figures that were made are not counted")
    others = [*listing.others, *others]
    return replace(
        listing,
        candidates=candidates,
        rejects=[one for one in every if one not in repeated],
        others=others,
        left_out=(*listing.left_out, *_other_roles(others)),
        notes=(*listing.notes, *notes),
    )


def _other_roles(others: Sequence[OtherFile]) -> list[LeftOut]:
    found = []
    for role in ROLES:
        paths = [one.path for one in others if one.role == role]
        if paths:
            what = f"images are of the role '{role}' and are not scored: {some(paths)}"
            found.append(LeftOut(len(paths), what, excused=True))
    return found


def _failures(rejects: Sequence[Reject]) -> list[str]:
    if not rejects:
        return []
    paths = [one.path for one in rejects]
    return [
        f"{len(rejects)} generations failed by their records and count as missing: {some(paths)}"
    ]


def _unknown_words(candidates: Sequence[Candidate]) -> list[str]:
    words = {one.origin.status for one in candidates if one.origin.status}
    unknown = sorted(one for one in words if one.lower() not in SUCCESS_WORDS)
    if not unknown:
        return []
    count = sum(one.origin.status in unknown for one in candidates)
    return [
        f"{count} records have a status that figbench does not know and count as made: "
        f"{some(unknown)}"
    ]
