"""The style of a figure: everything that ``restyle`` changes while the content stays."""

from __future__ import annotations

from dataclasses import dataclass

from figbench.synthfig.drawing.canvas import Colour
from figbench.synthfig.rng import StableRng


@dataclass(frozen=True, slots=True)
class Paint:
    """Colours of one role: its fill, outline and the text upon it."""

    fill: Colour
    line: Colour
    text: Colour


@dataclass(frozen=True, slots=True)
class Style:
    """The drawing habits of one author.

    Attributes:
        face: Key of ``fonts.FACES`` for labels.
        bold: Face of group titles.
        size: Label size in pixels per em.
        paints: Six paints, assigned to roles by ``paint``.
        order: Permutation of the six paints.
        ink: Colour of arrows and of text on the page.
        pen: Arrow width in pixels.
        border: Box outline width in pixels, 0 for none.
        radius: Corner radius of boxes.
        head: Arrow head kind.
        head_size: Arrow head length in pixels.
        corners: How elbows bend: ``sharp``, ``rounded`` or ``curved``.
        module: Shape of an ordinary module.
        coder: Shape of encoders and decoders: ``trapezoid``, ``box`` or ``layers``.
        feature: Shape of feature maps.
        shadow: Whether boxes have a small shadow.
        group_fill: Tint of group boxes, or None for an outline alone.
        group_dash: Whether group outlines are dashed.
        transposed: Whether rows and columns are exchanged.
        target: Longest side in pixels.
        gap: Least distance between neighbours in pixels.
        pad: Space around a label inside its box.
        uniform: Whether boxes of one role share one size.
        badge: Small drawing inside encoders and decoders, or empty.
        group_tint: Whether each group box has a tint of its own paint.
    """

    face: str
    bold: str
    size: int
    paints: tuple[Paint, ...]
    order: tuple[int, ...]
    ink: Colour
    pen: int
    border: int
    radius: int
    head: str
    head_size: int
    corners: str
    module: str
    coder: str
    feature: str
    shadow: bool
    group_fill: Colour | None
    group_dash: bool
    transposed: bool
    target: int
    gap: int
    pad: int
    uniform: bool
    badge: str
    group_tint: bool

    def paint(self, role: str) -> Paint:
        """Returns the paint of a role; roles of one kind share it."""
        return self.paints[self.order[ROLES.index(role) % len(ROLES)]]


ROLES = ("input", "module", "coder", "feature", "loss", "output")

_PALETTES: dict[str, str] = {
    "drawio": "dae8fc6c8ebf d5e8d482b366 ffe6ccd79b00 f8ceccb85450 fff2ccd6b656 e1d5e79673a6",
    "tikz": "ccccff3333b3 ffcccccc3333 ccffcc2d8f2d ffe5cccc7a29 e5ccff7d3fb3 ccf2ff2b8fb3",
    "office": "4472c42f528f ed7d31ae5a21 a5a5a5787878 ffc000bc8c00 5b9bd541719c 70ad47507e32",
    "office-soft": "b4c7e74472c4 f8cbadc55a11 dbdbdb7b7b7b ffe699bf9000 bdd7ee2e75b6 c5e0b4548235",
    "mono": "ffffff000000 f2f2f2000000 ffffff000000 e6e6e6000000 ffffff000000 d9d9d9000000",
    "grey": "e8e8e8555555 d4d4d4555555 f5f5f5555555 c4c4c4444444 dedede555555 eeeeee555555",
    "nature": "cfe3df3c7d71 f6dfc4c58940 dcd6ec6e5ba8 f3c9c3b5483a e5ecc58a9a3b d3e4f23f7fb0",
    "deep": "264653264653 2a9d8f1f766b e9c46ab38f35 f4a261bd6f31 e76f51a84a32 8ab17d5d8251",
    "blueish": "deebf73182bd 9ecae12171b5 c6dbef4292c6 f7fbff6baed6 e5f5f92ca25f fee6cee6550d",
    "material": "bbdefb1976d2 c8e6c9388e3c ffe0b2f57c00 f8bbd0c2185b fff9c4fbc02d d1c4e9512da8",
    "sand": "f4ecd8a98e5b e4d3b6967a45 d6e2d0768f68 e8c9b5a8653f f7e3a8b8952d cfd8dc607d8b",
    "outline": "ffffff2f6db5 ffffffc0392b ffffff2d8659 ffffffd68910 ffffff7d3c98 ffffff34495e",
    "candy": "ffd6e0d6517d c1e7e34ba89f ffebc1d9a441 dcbfff8f56d6 cfe2ff4d7fd1 e4f5c07fae35",
    "set2": "66c2a53f8f76 fc8d62c5643d 8da0cb5f74a8 e78ac3b45c92 a6d8547ba335 ffd92fc9a40f",
    "ieee": "d9e7f51f4e79 fde9d9984807 e4dfec403151 ebf1de4f6228 f2dcdb632523 dbeef4215968",
}
_GROUPS = ("f7f7f7", "f3f7fc", "fbf7ef", "f2f8f3", "f6f3fa", "fff8f0", "eef2f5")


def _colour(code: str) -> Colour:
    return int(code[0:2], 16), int(code[2:4], 16), int(code[4:6], 16)


def _paint(pair: str, lined: bool) -> Paint:
    fill, line = _colour(pair[:6]), _colour(pair[6:])
    light = (299 * fill[0] + 587 * fill[1] + 114 * fill[2]) // 1000 > 148
    return Paint(fill, (40, 40, 40) if lined else line, (15, 15, 15) if light else (255, 255, 255))


def draw_style(rng: StableRng) -> Style:
    """Returns a random style without combinations that clash."""
    name = rng.choice(sorted(_PALETTES))
    lined = rng.chance(0.3)
    face, bold = rng.choice(
        (
            *(("sans", "sans-bold"),) * 5,
            *(("times", "times-bold"),) * 4,
            *(("texsans", "sans-bold"),) * 2,
            ("tex", "times-bold"),
            ("serif", "serif-bold"),
            ("sans-bold", "sans-bold"),
            ("mono", "sans-bold"),
        )
    )
    pen = rng.choice((1, 1, 2, 2, 2))
    bare = name in ("office", "deep", "set2", "office-soft") and rng.chance(0.6)
    return Style(
        face=face,
        bold=bold,
        size=rng.choice((13, 13, 14, 14, 15)),
        paints=tuple(_paint(pair, lined) for pair in _PALETTES[name].split()),
        order=tuple(rng.shuffled(range(6))),
        ink=rng.choice(((0, 0, 0), (30, 30, 30), (60, 60, 60), (35, 45, 70))),
        pen=pen,
        border=0 if bare else rng.choice((1, 1, 1, 2)),
        radius=rng.choice((0, 0, 3, 4, 6, 8, 10)),
        head=rng.choice(("triangle", "triangle", "stealth", "open")),
        head_size=7 + 2 * pen + rng.integer(-1, 1),
        corners=rng.choice(("sharp", "sharp", "rounded", "curved")),
        module=rng.choice(("box", "box", "box", "box", "pill", "stack")),
        coder=rng.choice(("trapezoid", "trapezoid", "box", "slab")),
        feature=rng.choice(("slab", "stack", "layers", "grid", "box", "tokens")),
        shadow=rng.chance(0.16),
        group_fill=_colour(rng.choice(_GROUPS)) if rng.chance(0.55) else None,
        group_dash=rng.chance(0.65),
        transposed=rng.chance(0.5),
        target=rng.integer(470, 536),
        gap=rng.integer(22, 32),
        pad=rng.integer(6, 10),
        uniform=rng.chance(0.7),
        badge=rng.choice(("", "", "layers", "neurons", "graph", "grid")),
        group_tint=rng.chance(0.35),
    )


def palette_names() -> list[str]:
    """Returns the names of the palettes that styles use, sorted."""
    return sorted(_PALETTES)


def palette(name: str, lined: bool) -> tuple[Paint, ...]:
    """Returns the six paints of a palette; ``lined`` draws every outline in dark grey."""
    return tuple(_paint(pair, lined) for pair in _PALETTES[name].split())
