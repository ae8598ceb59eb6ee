"""Layouts of folders that figure makers and benchmarks write.

Each tool has a module, which gives the files of a folder their roles: generated figure, reference,
draft or asset. :func:`detect` selects a tool where its layout explains nearly all images of a
folder and no other layout does. The option ``--layout`` overrides the selection.
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
from figbench.data.layouts.tools.tool_files import Contents, ToolFile
from figbench.data.naming import IdIndex
from figbench.data.origin import FAILED
from figbench.data.types import LeftOut, Origin, OtherFile, Reject, Role
from figbench.errors import UserError

TOOLS: dict[str, Callable[[Contents], list[ToolFile] | None]] = {
    "autofigure": autofigure.classify,
    "autofigure-agent": autofigure_agent.classify,
    "internsvg": internsvg.classify,
    "livefigure": livefigure.classify,
    "oneig": oneig.classify,
    "paper2any": paper2any.classify,
    "paperbanana-runs": paperbanana_runs.classify,
    "sciflow": sciflow.classify,
    "sciforma": sciforma.classify,
    "txt2img": txt2img.classify,
    "vfig": vfig.classify,
}
"""Name of the layout to the function that classifies its files."""

_STRAY_SHARE = 0.05
"""Share of the images that the layout of a folder may leave unexplained."""


def detect(
    names: Names, images: Sequence[str], layout: str | None, side: Role, index: IdIndex
) -> tuple[str, list[ToolFile]] | None:
    """Returns the name of the tool that wrote a folder, and the files with their roles.

    Args:
        names: The folder or archive.
        images: Relative names of the images to classify.
        layout: Layout that the user selected, or None.
        side: Side of the comparison that is read.
        index: Ids of the reference set; empty where there is none.

    Returns:
        Name and files, or None where no tool's layout fits.

    Raises:
        UserError: If the layouts of several tools fit, or the selected layout does not fit.
    """
    if layout is not None and layout not in TOOLS:
        return None
    contents = Contents(names, tuple(names.names()), tuple(images), side, layout is not None, index)
    if layout is not None:
        tool_files = TOOLS[layout](contents)
        if not tool_files:
            raise UserError(f"{names.root}: has no files where '{layout}' has them.")
        return layout, tool_files
    fitting = {}
    for name, read in TOOLS.items():
        tool_files = read(contents)
        if tool_files and _explained(tool_files, images) >= (1 - _STRAY_SHARE) * len(images):
            fitting[name] = tool_files
    if len(fitting) > 1:
        raise UserError(
            f"{names.root}: can be read as {' or as '.join(fitting)}.",
            remedy=f"Choose with --layout {next(iter(fitting))} (on the reference's side "
            "--reference-layout).",
        )
    return next(iter(fitting.items()), None)


def _explained(tool_files: Sequence[ToolFile], images: Sequence[str]) -> int:
    return len({tool_file.name for tool_file in tool_files} & set(images))


def as_candidates(
    tool_files: Sequence[ToolFile], images: Sequence[str], names: Names, side: Role
) -> tuple[list[Candidate], list[Reject], list[OtherFile], list[LeftOut]]:
    """Converts the files of a tool to candidates, rejects and other files of one side.

    Args:
        tool_files: All files with their roles.
        images: Relative names of the images of the folder.
        names: The folder or archive.
        side: Side of the comparison that is read.

    Returns:
        Candidates of both sides with their roles, rejects for figures that the tool did not make,
        drafts and assets, and images outside the layout.

    Raises:
        UserError: If two files claim one figure and sample of a side.
    """
    candidates, rejects, others = [], [], []
    claims: dict[tuple[Role, str, int], ToolFile] = {}
    for tool_file in tool_files:
        path = names.path_of(tool_file.name)
        if tool_file.missing:
            if tool_file.role == side:
                rejects.append(
                    Reject(path, FAILED, tool_file.missing, tool_file.figure_id, tool_file.sample)
                )
        elif tool_file.role in ("draft", "asset"):
            others.append(OtherFile(path, tool_file.role, tool_file.figure_id))
        else:
            key = (tool_file.role, tool_file.figure_id or "", tool_file.sample)
            first = claims.setdefault(key, tool_file)
            if first is not tool_file and tool_file.role == side:
                raise UserError(
                    f"{names.root}: two figures claim '{tool_file.figure_id}': {first.name} and "
                    f"{tool_file.name}.",
                    remedy="Choose the variant with --only PATTERN, or give its folder.",
                )
            candidates.append(_candidate(tool_file, path, names))
    apart = sorted(set(images) - {tool_file.name for tool_file in tool_files})
    left = []
    if apart:
        left.append(
            LeftOut(len(apart), f"images outside the layout were passed over: {some(apart)}")
        )
    return candidates, rejects, others, left


def _candidate(tool_file: ToolFile, path: str, names: Names) -> Candidate:
    source = None if tool_file.source is None else names.path_of(tool_file.source)
    candidate = Candidate(
        tool_file.figure_id or tool_file.name,
        tool_file.sample,
        path + tool_file.member,
        tool_file.prompt,
        origin=Origin(role=tool_file.role, source=source),
    )
    return replace(candidate, guidance_scale=tool_file.guidance_scale)
