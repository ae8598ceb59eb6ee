"""Names of figures: ids of paths, and rules for names that mean the same figure.

The rules concern spelling, folders, suffixes and sample numbers.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from difflib import get_close_matches

from figbench.images.formats import DOUBLE_SUFFIXES, IMAGE_SUFFIXES

_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u2060\ufeff]")
_BLANKS = re.compile("[\u00a0\u2000-\u200a\u202f\u205f\u3000 ]+")
_HYPHENS = re.compile("[\u2010\u2011]")
SAMPLE = re.compile(r"(.+?)_(?:(?:seed|sample)[_-]?)?(\d+)")
"""``<id>_<k>``, ``<id>_seed<k>`` and ``<id>_sample_<k>``, with numbers of any width."""
DASHED = re.compile(r"(.+)[-. (](\d+)\)?")
_CODE_PAGES = ("utf-8", "cp932", "gb18030", "big5", "cp949", "cp1252", "cp850", "cp1251", "cp866")
SPLIT = re.compile(
    r"(train|training|trainset|test|testing|testset|val|valid|validation|dev|eval|evaluation)"
    r"(?:[-_.]\d.*)?"
)

_SPLIT_NAMES = {"training": "train", "trainset": "train", "testing": "test", "testset": "test"}


def spelled(name: str) -> str:
    """Returns a name in NFC, without zero-width marks, with plain spaces, hyphens and slashes."""
    text = _INVISIBLE.sub("", unicodedata.normalize("NFC", name).replace("\\", "/"))
    text = _HYPHENS.sub("-", _BLANKS.sub(" ", text))
    return "/".join(component.strip() for component in text.split("/"))


def stem_and_suffix(name: str) -> tuple[str, str]:
    """Returns stem and suffix as ``PurePosixPath`` does, but faster for many names."""
    base = name.rsplit("/", 1)[-1]
    dot = base.rfind(".")
    return (base[:dot], base[dot:]) if 0 < dot < len(base) - 1 else (base, "")


def is_image(name: str) -> bool:
    """Returns whether a file is an image that figbench reads, by its suffix."""
    return stem_and_suffix(name)[1].rstrip().lower() in IMAGE_SUFFIXES


def without_suffix(name: str) -> str:
    """Returns a name or id without its image suffix, and without a draw.io suffix before it."""
    if is_image(name):
        name = name[: len(name) - len(stem_and_suffix(name)[1])]
        for suffix in DOUBLE_SUFFIXES:
            if name.lower().endswith(suffix) and len(name) > len(suffix):
                return name[: -len(suffix)]
    return name


def bare(figure_id: str) -> str:
    """Returns the last path component of an id, without an image suffix."""
    return without_suffix(figure_id).rsplit("/", 1)[-1]


def ids_of_paths(paths: Sequence[str]) -> tuple[list[str], str]:
    """Returns an id for each path, and a description of its derivation.

    The id is the stem of the file. If stems repeat (``p1/figure.png``, ``p2/figure.png``), it is
    the name of the folder. If that repeats too, it is the path without suffix.
    """
    plain = [path.replace("\\", "/") for path in paths]
    stems = [bare(path) for path in plain]
    if len(set(stems)) == len(stems):
        return stems, "file name without suffix"
    folders = [path.rpartition("/")[0].rpartition("/")[2] for path in plain]
    if all(folders) and len(set(folders)) == len(folders):
        return folders, "name of the file's folder"
    return [without_suffix(path) for path in plain], "relative path without suffix"


def sample_of(stem: str) -> tuple[str, int] | None:
    """Returns (id, number) of a name that ends in a sample number or seed, or None."""
    match = SAMPLE.fullmatch(stem)
    return (match[1], int(match[2])) if match and len(match[2]) <= 18 else None


def split_in(name: str) -> str | None:
    """Returns the split that a path names (``train-0.parquet``, ``data/test/a.png``), or None.

    The first path component that is a name of a split decides. ``val`` and ``dev`` are
    ``validation``.
    """
    components = name.split("/")
    for component in (*components[:-1], stem_and_suffix(components[-1])[0]):
        match = SPLIT.fullmatch(component.lower())
        if match:
            return split_name(match[1])
    return None


def split_name(name: str) -> str:
    """Returns the standard name of a split."""
    lower = name.lower()
    if lower in ("val", "valid", "dev", "eval", "evaluation"):
        return "validation"
    return _SPLIT_NAMES.get(lower, lower)


class IdIndex:
    """Finds reference ids by exact name, then by spelling, then by their last path component."""

    def __init__(self, ids: Iterable[str]) -> None:
        self.ids = frozenset(ids)
        self._spelled = _unique((spelled(figure_id), figure_id) for figure_id in self.ids)
        self._bare = _unique((_plain_name(figure_id), figure_id) for figure_id in self.ids)

    def exact(self, name: str) -> str | None:
        """Returns the name if it is exactly the id of a reference, or None."""
        return name if name in self.ids else None

    def find(self, name: str) -> str | None:
        """Returns the only reference id that a name can mean, or None."""
        if name in self.ids:
            return name
        folders = spelled(name).split("/")
        for start in range(len(folders)):
            by_spelling = self._spelled.get("/".join(folders[start:]))
            if by_spelling is not None:
                return by_spelling
        return self._bare.get(_plain_name(name)) or self._by_code_page(name)

    def _by_code_page(self, name: str) -> str | None:
        """Finds a name of a zip without UTF-8 flag: stored in a local code page, read as cp437."""
        if name.isascii():
            return None
        try:
            stored = bare(name).encode("cp437")
        except UnicodeEncodeError:
            return None
        matches = set()
        for page in _CODE_PAGES:
            try:
                matches.add(self._bare.get(_plain_name(stored.decode(page))))
            except UnicodeDecodeError:
                continue
        matches.discard(None)
        return matches.pop() if len(matches) == 1 else None

    def nearest(self, name: str) -> str | None:
        """Returns the id most similar to a name, for messages; None without any id."""
        ids = sorted(self.ids)[:2000]
        close = get_close_matches(name, ids, n=1, cutoff=0.3)
        return close[0] if close else next(iter(ids), None)


def _plain_name(name: str) -> str:
    """Returns the spelling of an id's last component; ``7.0``, as pandas writes it, is ``7``."""
    plain = bare(spelled(name))
    whole, dot, rest = plain.partition(".")
    return whole if dot and rest == "0" and whole.isdecimal() else plain


def _unique(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    entries = list(pairs)
    counts = Counter(key for key, _ in entries)
    return {key: value for key, value in entries if counts[key] == 1}
