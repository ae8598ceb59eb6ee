"""Detection of the layout of a folder or archive by the majority of its images."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatch

from figbench.data.dataset_index import Candidate, DatasetIndex, escaped, is_bad, some
from figbench.data.index_files import index_suffix
from figbench.data.layouts import by_name, geneval, tools
from figbench.data.layouts.claims import NamedImage
from figbench.data.layouts.context import ImportContext
from figbench.data.layouts.figgen import FIGGEN, read_figgen
from figbench.data.layouts.filenames import Names
from figbench.data.layouts.tools.tool_files import ToolFile
from figbench.data.naming import IdIndex, is_image, stem_and_suffix
from figbench.data.origin import with_sources
from figbench.data.types import LeftOut, Reject, Role
from figbench.errors import UserError
from figbench.images.formats import UNSUPPORTED

__all__ = ["is_image", "read"]

_STRAY_SHARE = 0.05
"""Largest share of the images that may belong to another layout."""
_SYSTEM_FOLDERS = frozenset(
    ("@eadir", "__macosx", ".ipynb_checkpoints", ".thumbnails", ".trashes", "$recycle.bin")
)
"""Folders in which NAS, macOS, Jupyter and Windows store copies of images."""
_MOST_INDEXES, _MOST_IMAGES = 5, 1000
"""Largest numbers of index files, and of images, that are searched for names."""
_ARCHIVES = (".zip", ".tar", ".tgz", ".tar.gz", ".7z", ".rar", ".tar.bz2", ".tar.xz")


@dataclass(frozen=True, slots=True)
class _Result:
    layout: str
    candidates: list[Candidate]
    notes: list[str]
    left_out: list[LeftOut] = field(default_factory=list)


def read(names: Names, layout: str | None, context: ImportContext) -> DatasetIndex:
    """Returns the candidates of a folder or archive.

    Args:
        names: The folder or archive.
        layout: Layout that the user selected, or None.
        context: Ids and captions of the reference set, and options.

    Raises:
        UserError: If the folder holds several runs or layouts, or names are ambiguous.
    """
    every = names.names()
    images, rejects = _split(every)
    images, excluded = _only(images, context.only)
    index = IdIndex(context.prompts)
    refused = [
        reject for reject in names.rejects() if reject.code == "unreadable" or is_image(reject.path)
    ]
    side: Role = "reference" if context.is_reference else "generated"
    detected = tools.detect(names, images, layout, side, index)
    if detected is not None:
        return _tool_index(detected, names, images, side, (*refused, *rejects), excluded)
    kind, images, strays = _detect(names, every, images, layout, index)
    if kind == "figgen":
        result = _Result("figgen", *read_figgen(names, images, context.prompts, context.records))
    elif kind == "geneval":
        result = _Result("geneval", *geneval.read_geneval(names, images))
    else:
        result = _named(names, every, images, layout, context, index)
    return DatasetIndex(
        result.layout,
        names.root,
        with_sources(result.candidates, every, names.path_of),
        (*refused, *rejects),
        (
            *names.notes(),
            *result.notes,
            *_passed_over(every),
            *_unused(names, every, images),
        ),
        left_out=(*excluded, *strays, *result.left_out),
    )


def _tool_index(
    detected: tuple[str, list[ToolFile]],
    names: Names,
    images: Sequence[str],
    side: Role,
    rejects: Sequence[Reject],
    left: Sequence[LeftOut],
) -> DatasetIndex:
    layout, tool_files = detected
    candidates, failed, others, more = tools.as_candidates(tool_files, images, names, side)
    sources = {tool_file.source for tool_file in tool_files}
    rejects = [reject for reject in rejects if reject.path not in sources]
    return DatasetIndex(
        layout,
        names.root,
        with_sources(candidates, names.names(), names.path_of),
        (*rejects, *failed),
        (*names.notes(), f"read as a folder of {layout}"),
        left_out=(*left, *more),
        others=others,
    )


def _split(names: Sequence[str]) -> tuple[list[str], list[Reject]]:
    images, rejects = [], []
    stems = set()
    for name in filter(is_image, names):
        components = name.split("/")
        if components[-1].startswith("._"):
            rejects.append(Reject(escaped(name), "apple-double", "a macOS metadata file"))
        elif any(component.lower() in _SYSTEM_FOLDERS for component in components[:-1]):
            rejects.append(Reject(escaped(name), "system-file", "a copy that a program stores"))
        elif any(component.startswith(".") and component != "." for component in components):
            rejects.append(Reject(escaped(name), "hidden", "a hidden file or folder"))
        elif is_bad(name):
            reason = "the name has a control character or is not UTF-8"
            stem = stem_and_suffix(name)[0]
            rejects.append(Reject(escaped(name), "bad-name", reason, escaped(stem)))
        else:
            images.append(name)
            stems.add(_bare_path(name))
    return images, rejects + _unsupported(names, stems)


def _bare_path(name: str) -> str:
    return name.removesuffix(stem_and_suffix(name)[1])


def _unsupported(names: Sequence[str], image_paths: set[str]) -> list[Reject]:
    """Returns rejects for figures in unsupported formats; the source of an image is no figure."""
    rejects = []
    for name in names:
        stem, suffix = stem_and_suffix(name)
        kind = UNSUPPORTED.get(suffix.lower())
        if (
            kind
            and not is_bad(name)
            and not stem.startswith(".")
            and _bare_path(name) not in image_paths
        ):
            reason = f"{kind[0]} is not read; {kind[1]}"
            rejects.append(Reject(name, "unsupported", reason, stem))
    sources = (".tex", ".dot", ".mmd", ".drawio")
    if not image_paths:
        return rejects
    return [reject for reject in rejects if not reject.path.lower().endswith(sources)]


def _only(images: Sequence[str], pattern: str | None) -> tuple[list[str], list[LeftOut]]:
    if pattern is None:
        return list(images), []
    selection = [name for name in images if fnmatch(name, pattern)]
    if not selection:
        raise UserError(f"--only '{pattern}': no image has such a name; there are {some(images)}.")
    count = len(images) - len(selection)
    left = [LeftOut(count, f"images were left out by --only '{pattern}'", True)] if count else []
    return selection, left


def _detect(
    names: Names, every: Sequence[str], images: list[str], layout: str | None, index: IdIndex
) -> tuple[str, list[str], list[LeftOut]]:
    """Returns the layout, the images that belong to it, and the strays."""
    by_layout = {
        "figgen": {name for name in images if FIGGEN.fullmatch(name)},
        "geneval": set(geneval.matches(images, set(every), index)),
    }
    if layout is not None:
        members = by_layout.get(layout)
        if members is None:
            return layout, images, []
        return _belonging(layout, images, members, explicit=True)
    by_layout["geneval"] -= by_layout["figgen"]
    grids = {name for name in images if any(by_layout.values()) and _is_grid(name)}
    total = len(images) - len(grids)
    strays: set[str] = set()
    for name, members in by_layout.items():
        if members and len(members) >= (1 - _STRAY_SHARE) * total:
            return _belonging(name, images, members, explicit=False)
        if len(members) > _STRAY_SHARE * total:
            raise _two_layouts(names, name, sorted(members), sorted({*images} - members))
        strays |= members
    if not strays:
        return "names", images, []
    what = f"images of another layout were left out: {some(sorted(strays))}"
    return "names", [name for name in images if name not in strays], [LeftOut(len(strays), what)]


def _is_grid(name: str) -> bool:
    return stem_and_suffix(name)[0].lower().startswith("grid")


def _belonging(
    layout: str, images: Sequence[str], members: set[str], *, explicit: bool
) -> tuple[str, list[str], list[LeftOut]]:
    rest = [name for name in images if name not in members]
    grids = [name for name in rest if _is_grid(name)]
    others = [name for name in rest if not _is_grid(name)]
    left = []
    if grids:
        left.append(LeftOut(len(grids), f"grids of samples were left out: {some(grids)}", True))
    if others:
        what = f"images outside the layout were passed over: {some(others)}"
        left.append(LeftOut(len(others), what, excused=explicit))
    return layout, [name for name in images if name in members], left


def _two_layouts(
    names: Names, layout: str, first: Sequence[str], second: Sequence[str]
) -> UserError:
    return UserError(
        f"{names.root / names.title if names.root.name != names.title else names.root}: two "
        f"layouts in one folder: {len(first)} images as {layout} has them ({some(first)}) and "
        f"{len(second)} images by their names ({some(second)}).",
        remedy=f"Give the folder of one of them, or choose with --layout {layout} or "
        "--layout flat (on the reference's side --reference-layout).",
    )


def _named(
    names: Names,
    every: Sequence[str],
    images: Sequence[str],
    layout: str | None,
    context: ImportContext,
    index: IdIndex,
) -> _Result:
    images, left = by_name.without_second_formats(images)
    captioned = any(name.lower().endswith(".txt") for name in every)

    def caption_of(name: str) -> str | None:
        return names.text(f"{_bare_path(name)}.txt") if captioned else None

    def result_of(kind: str, named: Sequence[NamedImage], note: str) -> _Result:
        candidates = by_name.candidates_of(named, names, caption_of)
        return _Result(kind, candidates, [note], left)

    if not context.is_reference and context.prompts:
        matched = None if layout == "folders" else by_name.by_reference(images, index, layout)
        if matched is not None:
            named, more = matched
            left += more
            if layout is None:
                _check_unambiguous(names, named, index)
            if any(image.number is not None for image in named):
                return result_of("samples", named, "figure id and sample = <figure id>_<sample>")
            return result_of("flat", named, _flat_note(named))
        inside = by_name.by_folder(images, index) if layout in (None, "folders") else None
        if inside is not None:
            return result_of("folders", inside, "figure id = the folder's name")
    if layout == "samples" or (
        layout is None and not context.is_reference and by_name.have_equal_counts(images)
    ):
        named = by_name.as_samples(images)
        return result_of("samples", named, "figure id and sample = <figure id>_<sample>")
    named, how = by_name.of_references(images)
    result = result_of("flat", named, f"figure id = {how}")
    below = [name for name in images if "/" in name]
    if below and len(below) < len(images):
        result.notes.append(
            f"{len(below)} of {len(images)} images lie in sub-folders and count: {some(below)}"
        )
    return result


def _check_unambiguous(names: Names, named: Sequence[NamedImage], index: IdIndex) -> None:
    """Raises an error where files, and folders of other files, have names of references."""
    unmatched = [image.name for image in named if image.figure_id not in index.ids]
    inside = [name for name in unmatched if any(map(index.find, name.split("/")[:-1]))]
    if len(inside) > _STRAY_SHARE * len(named):
        matched = [image.name for image in named if image.figure_id in index.ids]
        raise _two_layouts(names, "folders", inside, matched)


def _flat_note(named: Sequence[NamedImage]) -> str:
    by_stem = all(
        image.figure_id in (stem_and_suffix(image.name)[0], image.name) for image in named
    )
    how = "file name without suffix" if by_stem else "the reference's id for the file's name"
    return f"figure id = {how}"


def _passed_over(every: Sequence[str]) -> list[str]:
    notes = []
    archives = [name for name in every if name.lower().endswith(_ARCHIVES)]
    if archives:
        notes.append(
            f"{len(archives)} archives in the folder were not opened: {some(archives)}; "
            "give an archive itself"
        )
    others = sum(not is_image(name) for name in every) - len(archives)
    if others > 0:
        notes.append(f"{others} files that are no images by their names were passed over")
    return notes


def _unused(names: Names, every: Sequence[str], images: Sequence[str]) -> list[str]:
    """Returns notes on unused files that name images of the folder, such as ``captions.csv``."""
    notes = []
    top = [name for name in every if "/" not in name and index_suffix(name) is not None]
    for name in top[:_MOST_INDEXES]:
        text = names.text(name) or ""
        named = sum(image in text for image in images[:_MOST_IMAGES])
        if named:
            notes.append(
                f"{named} images are named in {escaped(name)}, whose ids were not used; to use "
                "them, give that file"
            )
    return notes
