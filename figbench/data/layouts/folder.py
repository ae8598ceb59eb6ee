"""Which layout a folder or archive of images has, decided by its majority."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatch

from figbench.data.dataset_index import Candidate, DatasetIndex, escaped, is_bad, some
from figbench.data.index_files import index_suffix
from figbench.data.layouts import by_name, geneval, tools
from figbench.data.layouts.claims import Named
from figbench.data.layouts.figgen import FIGGEN, read_figgen
from figbench.data.layouts.filenames import Names
from figbench.data.layouts.tools.parts import Part
from figbench.data.naming import IdIndex, is_image, stem_and_suffix
from figbench.data.origin import with_sources
from figbench.data.types import LeftOut, Reject, Role, SourceRecord
from figbench.errors import UserError
from figbench.images.formats import UNSUPPORTED

__all__ = ["Known", "is_image", "read"]

_STRAY_SHARE = 0.05
_SYSTEM_FOLDERS = frozenset(
    ("@eadir", "__macosx", ".ipynb_checkpoints", ".thumbnails", ".trashes", "$recycle.bin")
)
"""Folders of NAS, macOS, Jupyter and Windows with copies of the images beside them."""
_MOST_INDEXES, _MOST_IMAGES = 5, 1000
_ARCHIVES = (".zip", ".tar", ".tgz", ".tar.gz", ".7z", ".rar", ".tar.bz2", ".tar.xz")


@dataclass(frozen=True, slots=True)
class Known:
    """What the importers are told about a set.

    Attributes:
        prompts: Ids of the reference, in order, with their captions; settles what a name means.
        rows: Records of the reference's data set, usable or not.
        is_reference: The set is a reference: no name of it is a sample of another's.
        only: Pattern of relative names; others are left out by the user's choice.
        local: The set lies on this machine: an index that the user names may say ``../a.png``.
    """

    prompts: Mapping[str, str | None] = field(default_factory=dict)
    rows: Sequence[SourceRecord] = ()
    is_reference: bool = False
    only: str | None = None
    local: bool = False


@dataclass(frozen=True, slots=True)
class _Read:
    layout: str
    candidates: list[Candidate]
    notes: list[str]
    left_out: list[LeftOut] = field(default_factory=list)


def read(names: Names, layout: str | None, known: Known) -> DatasetIndex:
    """Returns the candidates of a folder or archive.

    Raises:
        UserError: If it holds several runs or layouts, or names can be read in two ways.
    """
    every = names.names()
    images, rejects = _split(every)
    images, unchosen = _only(images, known.only)
    index = IdIndex(known.prompts)
    refused = [one for one in names.rejects() if one.code == "unreadable" or is_image(one.path)]
    side: Role = "reference" if known.is_reference else "generated"
    tool = tools.detect(names, images, layout, side, index)
    if tool is not None:
        return _tool_listing(tool, names, images, side, (*refused, *rejects), unchosen)
    chosen, images, strays = _detect(names, every, images, layout, index)
    if chosen == "figgen":
        found = _Read("figgen", *read_figgen(names, images, known.prompts, known.rows))
    elif chosen == "geneval":
        found = _Read("geneval", *geneval.read_geneval(names, images))
    else:
        found = _named(names, every, images, layout, known, index)
    return DatasetIndex(
        found.layout,
        names.root,
        with_sources(found.candidates, every, names.path_of),
        (*refused, *rejects),
        (
            *names.notes(),
            *found.notes,
            *_passed_over(every),
            *_unused(names, every, images),
        ),
        left_out=(*unchosen, *strays, *found.left_out),
    )


def _tool_listing(
    tool: tuple[str, list[Part]],
    names: Names,
    images: Sequence[str],
    side: Role,
    rejects: Sequence[Reject],
    left: Sequence[LeftOut],
) -> DatasetIndex:
    layout, parts = tool
    candidates, failed, others, more = tools.as_candidates(parts, images, names, side)
    sources = {part.source for part in parts}
    rejects = [one for one in rejects if one.path not in sources]
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
        parts = name.split("/")
        if parts[-1].startswith("._"):
            rejects.append(Reject(escaped(name), "apple-double", "a macOS metadata file"))
        elif any(part.lower() in _SYSTEM_FOLDERS for part in parts[:-1]):
            rejects.append(Reject(escaped(name), "system-file", "a copy that a program keeps"))
        elif any(part.startswith(".") and part != "." for part in parts):
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


def _unsupported(names: Sequence[str], drawn: set[str]) -> list[Reject]:
    """Figures in formats that are not read; a source beside its picture is no figure."""
    found = []
    for name in names:
        stem, suffix = stem_and_suffix(name)
        kind = UNSUPPORTED.get(suffix.lower())
        if kind and not is_bad(name) and not stem.startswith(".") and _bare_path(name) not in drawn:
            reason = f"{kind[0]} is not read; {kind[1]}"
            found.append(Reject(name, "unsupported", reason, stem))
    sources = (".tex", ".dot", ".mmd", ".drawio")
    return [one for one in found if not drawn or not one.path.lower().endswith(sources)]


def _only(images: Sequence[str], pattern: str | None) -> tuple[list[str], list[LeftOut]]:
    if pattern is None:
        return list(images), []
    chosen = [name for name in images if fnmatch(name, pattern)]
    if not chosen:
        raise UserError(f"--only '{pattern}': no image has such a name; there are {some(images)}.")
    count = len(images) - len(chosen)
    left = [LeftOut(count, f"images were left out by --only '{pattern}'", True)] if count else []
    return chosen, left


def _detect(
    names: Names, every: Sequence[str], images: list[str], layout: str | None, index: IdIndex
) -> tuple[str, list[str], list[LeftOut]]:
    """Returns the layout, the images that belong to it, and the strays."""
    places = {
        "figgen": {name for name in images if FIGGEN.fullmatch(name)},
        "geneval": set(geneval.matches(images, set(every), index)),
    }
    if layout is not None:
        place = places.get(layout)
        if place is None:
            return layout, images, []
        return _belonging(layout, images, place, chosen=True)
    places["geneval"] -= places["figgen"]
    grids = {name for name in images if any(places.values()) and _is_grid(name)}
    total = len(images) - len(grids)
    strays: set[str] = set()
    for name, place in places.items():
        if place and len(place) >= (1 - _STRAY_SHARE) * total:
            return _belonging(name, images, place, chosen=False)
        if len(place) > _STRAY_SHARE * total:
            raise _two_layouts(names, name, sorted(place), sorted({*images} - place))
        strays |= place
    if not strays:
        return "names", images, []
    what = f"images in another layout's places were left out: {some(sorted(strays))}"
    return "names", [one for one in images if one not in strays], [LeftOut(len(strays), what)]


def _is_grid(name: str) -> bool:
    return stem_and_suffix(name)[0].lower().startswith("grid")


def _belonging(
    layout: str, images: Sequence[str], place: set[str], *, chosen: bool
) -> tuple[str, list[str], list[LeftOut]]:
    rest = [name for name in images if name not in place]
    grids = [name for name in rest if _is_grid(name)]
    others = [name for name in rest if not _is_grid(name)]
    left = []
    if grids:
        left.append(LeftOut(len(grids), f"grids of samples were left out: {some(grids)}", True))
    if others:
        what = f"images outside the layout were passed over: {some(others)}"
        left.append(LeftOut(len(others), what, excused=chosen))
    return layout, [name for name in images if name in place], left


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
    known: Known,
    index: IdIndex,
) -> _Read:
    images, left = by_name.one_format(images)
    captioned = any(name.lower().endswith(".txt") for name in every)

    def caption_of(name: str) -> str | None:
        return names.text(f"{_bare_path(name)}.txt") if captioned else None

    def done(kind: str, named: Sequence[Named], note: str) -> _Read:
        candidates = by_name.candidates_of(named, names, caption_of)
        return _Read(kind, candidates, [note], left)

    if not known.is_reference and known.prompts:
        matched = None if layout == "folders" else by_name.by_reference(images, index, layout)
        if matched is not None:
            named, more = matched
            left += more
            if layout is None:
                _one_reading(names, named, index)
            if any(one.number is not None for one in named):
                return done("samples", named, "figure id and sample = <figure id>_<sample>")
            return done("flat", named, _flat_note(named))
        inside = by_name.by_folder(images, index) if layout in (None, "folders") else None
        if inside is not None:
            return done("folders", inside, "figure id = the folder's name")
    if layout == "samples" or (
        layout is None and not known.is_reference and by_name.look_sampled(images)
    ):
        named = by_name.as_samples(images)
        return done("samples", named, "figure id and sample = <figure id>_<sample>")
    named, how = by_name.of_references(images)
    read = done("flat", named, f"figure id = {how}")
    below = [name for name in images if "/" in name]
    if below and len(below) < len(images):
        read.notes.append(
            f"{len(below)} of {len(images)} images lie in sub-folders and count: {some(below)}"
        )
    return read


def _one_reading(names: Names, named: Sequence[Named], index: IdIndex) -> None:
    """Refuses a set of which some files, and folders of other files, have references' names."""
    unmatched = [one.name for one in named if one.figure_id not in index.ids]
    inside = [name for name in unmatched if any(index.find(part) for part in name.split("/")[:-1])]
    if len(inside) > _STRAY_SHARE * len(named):
        matched = [one.name for one in named if one.figure_id in index.ids]
        raise _two_layouts(names, "folders", inside, matched)


def _flat_note(named: Sequence[Named]) -> str:
    by_stem = all(one.figure_id in (stem_and_suffix(one.name)[0], one.name) for one in named)
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
    """Returns notes on index files of other names that name images of the folder."""
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
