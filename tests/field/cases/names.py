"""Cases of names."""

from __future__ import annotations

import unicodedata

from tests.field.cases.base import (
    REFERENCES,
    Case,
    N,
    both,
    generated,
)
from tests.field.files import (
    encoded,
    fill,
    picture,
    png,
    put,
)


def _numbered(root):
    names = [f"{letter}_{k}.png" for letter in "ab" for k in range(1, 4)]
    fill(root / "ref", names)
    return fill(root / "gen", names), root / "ref"


def _twice(second):
    def make(root):
        fill(root / "gen", REFERENCES)
        for at in range(N):
            put(root / "gen", second.format(at), encoded(picture(at), "JPEG"))
        return root / "gen"

    return generated(make)


def _seeds(root):
    for at in range(N):
        for seed in (42, 3735928559):
            put(root / "gen", f"fig{at}_{seed}.png", png(at))
    return root / "gen"


def _nfd(root):
    names = ["caf\u00e9", "na\u00efve", "\u30ac\u30a4\u30c9"]
    fill(root / "ref", [f"{unicodedata.normalize('NFC', one)}.png" for one in names])
    fill(root / "gen", [f"{unicodedata.normalize('NFD', one)}.png" for one in names])
    return root / "gen", root / "ref"


def _spelled(root):
    fill(root / "ref", ["Fig 1.png", "Fig-2.png", "Fig 3.png"])
    fill(root / "gen", ["Fig\u00a01.png", "Fig\u20112.png", "Fig 3\u200b.png"])
    return root / "gen", root / "ref"


CASES = (
    Case(
        "names",
        "references `a_1.png`, `a_2.png`",
        "each is a reference of its own",
        _numbered,
        (6, 6),
    ),
    Case(
        "names",
        "`<id>_<k>.png`",
        "k samples of a reference's id",
        both([f"fig{k}_{s}.png" for k in range(1) for s in range(1)], ["fig0.png"]),
        (1, 1),
    ),
    Case(
        "names",
        "`<id>_<seed>.png`, seeds of any width",
        "samples, in the order of the seeds",
        generated(_seeds),
        (8, 8),
    ),
    Case(
        "names",
        "`<id>-<k>.png`",
        "refused, with the hint `<id>_<k>`",
        both([f"fig{k}-0.png" for k in range(N)]),
        said="not set off by an underscore",
    ),
    Case("names", "names in NFD (macOS) or NFC", "matched", _nfd, (3, 3)),
    Case("names", "no-break spaces and hyphens, zero-width marks", "matched", _spelled, (3, 3)),
    Case(
        "names",
        "`<id>.drawio.png`",
        "the id without `.drawio`",
        both([f"fig{k}.drawio.png" for k in range(N)]),
        (4, 4),
    ),
    Case(
        "names",
        "no id of the reference",
        "refused; ids of both sides are shown pairwise",
        both([f"other{k}.png" for k in range(N)]),
        said="enerated has 'other0'",
    ),
    Case(
        "names",
        "a second format of each figure (`a.png`, `a.jpg`)",
        "lossless first; the other is said",
        _twice("fig{}.jpg"),
        (4, 4),
        "second formats",
    ),
    Case(
        "names",
        "a preview of each figure in a sub-folder",
        "left out, and said",
        _twice("thumbs/fig{}.jpg"),
        (4, 4),
        "have the name of a figure that is scored",
    ),
    Case(
        "names",
        "two folders with the same names",
        "refused: which run counts?",
        both([f"{run}/fig{k}.png" for run in "ab" for k in range(N)]),
        said="Two files claim one sample",
    ),
    Case(
        "names",
        "`<id>/final.png`",
        "the folder's name is the id",
        both([f"fig{k}/final.png" for k in range(N)]),
        (4, 4),
        "the folder's name",
    ),
    Case(
        "names",
        "`<id>/` with several images",
        "refused; `--only '*/final.png'` chooses",
        both([f"fig{k}/{n}.png" for k in range(N) for n in ("draft", "final")]),
        said="--only",
    ),
)
