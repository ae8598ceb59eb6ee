"""Folders of figure makers and benchmarks: which files are figures, references, drafts, assets.

One module for each tool. A tool's layout is taken where it explains nearly all images of a folder
and no other tool's layout does; ``--layout`` chooses otherwise.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from figbench.data.dataset_index import Candidate, some
from figbench.data.layouts.filenames import Names
from figbench.data.layouts.tools import (
    autofigure,
    autofigure_agent,
    internsvg,
    livefigure,
    oneig,
    paper2any,
    paperbanana_runs,
    sciflow,
    sciforma,
    txt2img,
    vfig,
)
from figbench.data.layouts.tools.parts import Contents, Part
from figbench.data.naming import IdIndex
from figbench.data.origin import FAILED
from figbench.data.types import LeftOut, Origin, OtherFile, Reject, Role
from figbench.errors import UserError

TOOLS: dict[str, Callable[[Contents], list[Part] | None]] = {
    "autofigure": autofigure.parts,
    "autofigure-agent": autofigure_agent.parts,
    "internsvg": internsvg.parts,
    "livefigure": livefigure.parts,
    "oneig": oneig.parts,
    "paper2any": paper2any.parts,
    "paperbanana-runs": paperbanana_runs.parts,
    "sciflow": sciflow.parts,
    "sciforma": sciforma.parts,
    "txt2img": txt2img.parts,
    "vfig": vfig.parts,
}
"""Name of the layout, and what reads it."""

_STRAY_SHARE = 0.05


def detect(
    names: Names, images: Sequence[str], layout: str | None, side: Role, index: IdIndex
) -> tuple[str, list[Part]] | None:
    """Returns the tool whose layout a folder has, with its parts; None where it is no tool's.

    Args:
        names: The folder or archive.
        images: The images that count, relative.
        layout: The layout that the user chose, or None.
        side: The side that is read.
        index: The reference's ids, where they are known.

    Raises:
        UserError: If several tools' layouts fit, or the chosen one does not.
    """
    if layout is not None and layout not in TOOLS:
        return None
    contents = Contents(names, tuple(names.names()), tuple(images), side, layout is not None, index)
    if layout is not None:
        parts = TOOLS[layout](contents)
        if not parts:
            raise UserError(f"{names.root}: has no files where '{layout}' has them.")
        return layout, parts
    fitting = {}
    for name, read in TOOLS.items():
        parts = read(contents)
        if parts and _explained(parts, images) >= (1 - _STRAY_SHARE) * len(images):
            fitting[name] = parts
    if len(fitting) > 1:
        raise UserError(
            f"{names.root}: can be read as {' or as '.join(fitting)}.",
            remedy=f"Choose with --layout {next(iter(fitting))} (on the reference's side "
            "--reference-layout).",
        )
    return next(iter(fitting.items()), None)


def _explained(parts: Sequence[Part], images: Sequence[str]) -> int:
    return len({one.name for one in parts} & set(images))


def as_candidates(
    parts: Sequence[Part], images: Sequence[str], names: Names, side: Role
) -> tuple[list[Candidate], list[Reject], list[OtherFile], list[LeftOut]]:
    """Returns what a tool's parts mean for one side.

    Args:
        parts: Every file with its role.
        images: The images of the folder.
        names: The folder or archive.
        side: The side that is read.

    Returns:
        Candidates (of both sides, by their role), rejects of figures that the tool did not make,
        drafts and assets, and images that no part explains.

    Raises:
        UserError: If two files claim one figure and sample of a side.
    """
    candidates, rejects, others = [], [], []
    claims: dict[tuple[Role, str, int], Part] = {}
    for one in parts:
        path = names.path_of(one.name)
        if one.missing:
            if one.role == side:
                rejects.append(Reject(path, FAILED, one.missing, one.figure_id, one.sample))
        elif one.role in ("draft", "asset"):
            others.append(OtherFile(path, one.role, one.figure_id))
        else:
            key = (one.role, one.figure_id or "", one.sample)
            first = claims.setdefault(key, one)
            if first is not one and one.role == side:
                raise UserError(
                    f"{names.root}: two figures claim '{one.figure_id}': {first.name} and "
                    f"{one.name}.",
                    remedy="Choose the variant with --only PATTERN, or give its folder.",
                )
            candidates.append(_candidate(one, path, names))
    apart = sorted(set(images) - {one.name for one in parts})
    left = []
    if apart:
        left.append(
            LeftOut(len(apart), f"images outside the layout were passed over: {some(apart)}")
        )
    return candidates, rejects, others, left


def _candidate(part: Part, path: str, names: Names) -> Candidate:
    source = None if part.source is None else names.path_of(part.source)
    found = Candidate(
        part.figure_id or part.name,
        part.sample,
        path + part.member,
        part.prompt,
        origin=Origin(role=part.role, source=source),
    )
    return replace(found, guidance_scale=part.guidance_scale)
