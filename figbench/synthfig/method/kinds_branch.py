"""Arrangements of parallel paths that meet, each a builder of a ``Draft``."""

from __future__ import annotations

from itertools import pairwise

from figbench.synthfig.method.content import Draft
from figbench.synthfig.method.words import BRANCHES, STAGES


def siamese(d: Draft) -> None:
    """Two branches that meet, with shared weights."""
    tops: list[int] = []
    lows: list[int] = []
    depth = d.rng.integer(2, 3)
    for branch, row in ((tops, 0), (lows, 2)):
        branch.append(d.add("inputs", 0, row))
        branch.append(d.add("coders", 1, row))
        branch += [d.add("features" if i == 0 else "modules", 2 + i, row) for i in range(depth - 1)]
        d.chain(*branch)
    sign = d.rng.choice(("plus", "times", ""))
    meet = d.sign(sign, depth + 1, 1) if sign else d.add("modules", depth + 1, 1)
    d.link(tops[-1], meet)
    d.link(lows[-1], meet)
    d.link(meet, d.add(d.rng.choice(("outputs", "losses")), depth + 2, 1))
    if d.rng.chance(0.6):
        d.link(tops[1], lows[1], "share", "shared weights" if d.rng.chance(0.6) else "share")
    if d.rng.chance(0.55):
        titles = d.rng.choice(BRANCHES)
        d.group(titles[0], *tops[1:])
        d.group(titles[1], *lows[1:])


def tree(d: Draft) -> None:
    """One source, experts or scales in parallel, and a merge or several heads."""
    width = d.rng.integer(3, 4)
    root = d.add("inputs", 0, width - 1)
    stem = d.add("coders", 1, width - 1)
    d.chain(root, stem)
    merge = d.rng.chance(0.6)
    ends = []
    for i in range(width):
        child = d.add("modules", 2, 2 * i)
        d.link(stem, child)
        ends.append(child)
        if not merge or d.rng.chance(0.5):
            leaf = d.add("features" if merge else d.rng.choice(("outputs", "losses")), 3, 2 * i)
            d.link(child, leaf)
            ends[-1] = leaf
    if merge:
        meet = d.sign(d.rng.choice(("plus", "times")), 4, width - 1)
        for end in ends:
            d.link(end, meet)
        d.link(meet, d.add("outputs", 5, width - 1))
    elif d.rng.chance(0.5):
        d.group(d.rng.choice(("Task Heads", "Experts", "Multi-scale", "Decoders")), *ends)


def adversarial(d: Draft) -> None:
    """Generator, real data and discriminator with the losses that train them."""
    noise = d.add("inputs", 0, 0)
    maker = d.add("coders", 1, 0, d.rng.choice(("Generator $G$", "Generator", "Decoder $G$")))
    fake = d.add("outputs", 2, 0)
    real = d.add("inputs", 1, 2, d.rng.choice(("Real Image@photo", "Real Data@frames")))
    judge = d.add("coders", 3, 1, d.rng.choice(("Discriminator|$D$", "Critic $D$")))
    verdict = d.add("modules", 4, 1, d.rng.choice(("Real / Fake", "Real or|Fake?")))
    d.chain(noise, maker, fake, judge, verdict)
    d.link(real, judge)
    loss = d.add("losses", 4, 0)
    d.link(verdict, loss, "loss")
    if d.rng.chance(0.7):
        rec = d.add("losses", 2, 2)
        d.link(fake, rec, "loss")
        d.link(real, rec, "loss")
    if d.rng.chance(0.5):
        extra = d.add(d.rng.choice(("inputs", "stores")), 0, 2)
        d.link(extra, real) if d.rng.chance(0.5) else d.link(extra, maker)
    if d.rng.chance(0.4):
        d.group(d.rng.choice(("Generation", "Synthesis Path")), maker, fake)


def fusion(d: Draft) -> None:
    """Several modalities, one encoder each, fused into a head."""
    width = d.rng.integer(2, 3)
    middle = width - 1
    sources = [d.add("inputs", 0, 2 * i) for i in range(width)]
    coders = [d.add("coders", 1, 2 * i) for i in range(width)]
    fuse = d.add("modules", 2, middle, d.rng.choice(
        ("Fusion|Module", "Cross-Modal|Attention", "Concat", "Joint|Embedding"))
    )  # fmt: skip
    head = d.add("modules", 3, middle)
    end = d.add("outputs", 4, middle)
    for source, coder in zip(sources, coders, strict=True):
        d.chain(source, coder, fuse)
    d.chain(fuse, head, end)
    if d.rng.chance(0.6):
        loss = d.add("losses", 4, middle + 1 if width == 3 else 0)
        d.link(end, loss, "loss")
    if d.rng.chance(0.6):
        d.group(d.rng.choice(("Encoders", "Modality Encoders", "Feature Extraction")), *coders)
    if d.rng.chance(0.3) and width == 2:
        d.link(d.add("stores", 3, 2), head)


def overview(d: Draft) -> None:
    """Several inputs through a framed grid of modules to their outputs."""
    rows = d.rng.integer(2, 3)
    middle: list[list[int]] = []
    for row in range(rows):
        source = d.add("inputs", 0, row)
        cells = [d.add("coders", 1, row), d.add(d.rng.choice(("modules", "features")), 2, row)]
        end = d.add("outputs" if row % 2 == 0 else "losses", 3, row)
        d.chain(source, *cells)
        d.link(cells[-1], end, "flow" if row % 2 == 0 else "loss")
        middle.append(cells)
    for upper, lower in pairwise(middle):
        column = d.rng.integer(0, 1)
        d.link(upper[column], lower[column], "share" if column == 0 else "flow")
    first, second = d.rng.sample(STAGES, 2)
    if d.rng.chance(0.5):
        d.group(first, *(number for cells in middle for number in cells))
    else:
        d.group(first, *(cells[0] for cells in middle))
        d.group(second, *(cells[1] for cells in middle))


def towers(d: Draft) -> None:
    """Framed stacks side by side, joined at one end."""
    depth = d.rng.integer(2, 3)
    titles = d.rng.sample(STAGES, 3)
    tops = []
    for i in range(3):
        inner = [d.rng.choice(("coders", "modules", "features")) for _ in range(depth)]
        stack = [d.add(kind, 2 * i, row) for row, kind in enumerate(["inputs", *inner])]
        d.chain(*stack)
        d.group(titles[i], *stack[1:])
        tops.append(stack[-1])
    sign = d.rng.choice(("plus", ""))
    meet = d.sign(sign, 2, depth + 1) if sign else d.add("modules", 2, depth + 1)
    for top in tops:
        d.link(top, meet)
    d.link(meet, d.add("outputs", 4, depth + 1))
