"""What a case is, and how most of them are built."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.field.files import fill, put
from tests.field.indexes import parquet

__all__ = [
    "REFERENCES",
    "Case",
    "N",
    "both",
    "csv",
    "generated",
    "index",
    "one_file",
    "parquet",
    "records",
    "svg",
]

N = 4
REFERENCES = tuple(f"fig{k}.png" for k in range(N))


@dataclass(frozen=True)
class Case:
    """A situation.

    Attributes:
        area: Heading.
        input: The situation, for people.
        figbench: The right behaviour, for people.
        build: Writes below a folder; returns the generated set and the reference.
        counts: (used, expected) where it is scored; the value is then 1.
        said: A part of a warning, or of the refusal.
        options: More arguments.
        issue: Where it was reported, as ``owner/repository#number``.
    """

    area: str
    input: str
    figbench: str
    build: Callable[[Path], tuple[Path, Path]]
    counts: tuple[int, int] | None = None
    said: str = ""
    options: tuple[str, ...] = ()
    issue: str = ""


def both(names, references=REFERENCES):
    """Returns a builder of generated names and references with the same pictures in their order."""

    def build(root):
        fill(root / "ref", references)
        return fill(root / "gen", names), root / "ref"

    return build


def generated(make):
    """Returns a builder: the usual four references; ``make`` writes the generated side."""

    def build(root):
        fill(root / "ref", REFERENCES)
        return make(root), root / "ref"

    return build


def index(name, data, folder="images/", names=None):
    """Returns a builder of four images beside an index."""

    def make(root):
        fill(root / "gen", [f"{folder}{k}.png" for k in range(N)])
        return put(root / "gen", name, data if isinstance(data, bytes) else data.encode())

    return generated(make)


def records(**more):
    """Returns four records."""
    return [{"image": f"images/{k}.png", "id": f"fig{k}", **more} for k in range(N)]


def csv(mark):
    """Returns four records as CSV."""
    return f"image{mark}id\n" + "".join(f"images/{k}.png{mark}fig{k}\n" for k in range(N))


def one_file(name, make, references=REFERENCES):
    """Returns a builder of four figures, the first replaced by a special file."""

    def build(root):
        fill(root / "ref", references)
        fill(root / "gen", references[1:], seed=1)
        put(root / "gen", name, make())
        return root / "gen", root / "ref"

    return build


def svg(body, attributes=""):
    """Returns an SVG of the pictures' size."""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="96" height="72" {attributes}>{body}</svg>'
    ).encode()
