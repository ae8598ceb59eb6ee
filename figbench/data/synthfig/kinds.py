"""The arrangements that method figures come in, each as one builder of a ``Draft``."""

from __future__ import annotations

from collections.abc import Callable

from figbench.data.synthfig.content import Content, Draft
from figbench.data.synthfig.dice import Dice
from figbench.data.synthfig.words import BRANCHES, STAGES


def pipeline(d: Draft) -> None:
    """A main row with side inputs above and losses or a block's detail below."""
    count = d.dice.integer(2, 3)
    source = d.add("inputs", 0, 1)
    body = [d.add(d.dice.choice(("coders", "modules")), 1, 1)]
    body += [d.add(d.dice.choice(("modules", "features")), 2 + i, 1) for i in range(count - 1)]
    last = d.add("outputs", count + 1, 1)
    d.chain(source, *body, last)
    over = d.dice.integer(1, count)
    d.link(d.add(d.dice.choice(("stores", "inputs")), over, 0), body[over - 1])
    if d.dice.chance(0.5):
        inner = [d.add("modules", 1 + i, 2) for i in range(count)]
        d.chain(*inner)
        d.group(d.dice.choice(STAGES), *inner)
        d.link(inner[-1], last, "loss" if d.dice.chance(0.3) else "flow")
        d.link(source, inner[0])
    else:
        loss = d.add("losses", count + 1, 2)
        d.link(last, loss, "loss")
        d.link(d.add("inputs", count, 2), loss, "loss")
        if d.dice.chance(0.6):
            d.group(d.dice.choice(STAGES), *body)


def serpentine(d: Draft) -> None:
    """Two or three rows read in turn."""
    cols, rows = d.dice.choice(((3, 2), (3, 3), (4, 2), (4, 3)))
    order = []
    for row in range(rows):
        for i in range(cols):
            col = i if row % 2 == 0 else cols - 1 - i
            first, last = row == i == 0, row == rows - 1 and i == cols - 1
            kind = "inputs" if first else "outputs" if last else None
            kind = kind or d.dice.choice(("modules", "modules", "coders", "features"))
            order.append(d.add(kind, col, row))
    d.chain(*order)
    if d.dice.chance(0.7):
        titles = d.dice.sample(STAGES, rows)
        for row in range(rows):
            d.group(titles[row], *order[row * cols : (row + 1) * cols])


def transformer(d: Draft) -> None:
    """Two stacks of sub-layers with residual arrows and attention across."""
    depth = d.dice.integer(2, 3)
    left = [d.add("modules", 0, 1 + i) for i in range(depth)]
    right = [d.add("modules", 2, 1 + i) for i in range(depth)]
    ins = [d.add("inputs", 0, 0), d.add("inputs", 2, 0)]
    last = d.add("outputs", 2, depth + 1)
    d.chain(ins[0], *left)
    d.chain(ins[1], *right, last)
    middle = d.add(d.dice.choice(("features", "stores")), 0, depth + 1)
    d.link(left[-1], middle)
    d.link(middle, right[d.dice.integer(0, 1)], "skip")
    titles = d.dice.choice((("Encoder", "Decoder"), *BRANCHES))
    d.group(titles[0], *left)
    d.group(titles[1], *right)


def unet(d: Draft) -> None:
    """An encoder descending to a bottleneck, a decoder rising, skips across."""
    levels = d.dice.integer(2, 3)
    down = [d.add("modules" if i else "coders", i, i) for i in range(levels)]
    base = d.add("features", levels, levels)
    up = [d.add("modules", 2 * levels - i, i) for i in reversed(range(levels))]
    d.chain(*down, base, *up)
    for i in range(levels):
        d.link(down[i], up[levels - 1 - i], "skip", d.dice.choice(("", "", "concat", "skip")))
    if d.dice.chance(0.7):
        d.link(d.add("inputs", 0, levels), down[0])
        d.link(up[-1], d.add("outputs", 2 * levels, levels))


def siamese(d: Draft) -> None:
    """Two branches that meet, with shared weights."""
    tops: list[int] = []
    lows: list[int] = []
    depth = d.dice.integer(2, 3)
    for branch, row in ((tops, 0), (lows, 2)):
        branch.append(d.add("inputs", 0, row))
        branch.append(d.add("coders", 1, row))
        branch += [d.add("features" if i == 0 else "modules", 2 + i, row) for i in range(depth - 1)]
        d.chain(*branch)
    sign = d.dice.choice(("plus", "times", ""))
    meet = d.sign(sign, depth + 1, 1) if sign else d.add("modules", depth + 1, 1)
    d.link(tops[-1], meet)
    d.link(lows[-1], meet)
    d.link(meet, d.add(d.dice.choice(("outputs", "losses")), depth + 2, 1))
    if d.dice.chance(0.6):
        d.link(tops[1], lows[1], "share", "shared weights" if d.dice.chance(0.6) else "share")
    if d.dice.chance(0.55):
        titles = d.dice.choice(BRANCHES)
        d.group(titles[0], *tops[1:])
        d.group(titles[1], *lows[1:])


def panels(d: Draft) -> None:
    """Four framed stages of two or three modules each."""
    depth = d.dice.integer(1, 2)
    titles = d.dice.sample(STAGES, 4)
    corners: list[list[int]] = []
    for index, (col, row) in enumerate(((0, 0), (1, 0), (1, 1), (0, 1))):
        kinds = ["inputs" if index == 0 else "modules", d.dice.choice(("coders", "features"))]
        if index == 3:
            kinds[-1] = "outputs"
        kinds = kinds if depth == 2 else [*kinds, "modules"] if index % 2 else kinds
        cells = [(2 * col + i % 2, 2 * row + i // 2) for i in range(len(kinds))]
        members = [d.add(kind, *cell) for kind, cell in zip(kinds, cells, strict=True)]
        d.chain(*members[:2])
        if len(members) > 2:
            d.link(members[0], members[2])
        d.group(titles[index], *members)
        corners.append(members)
    d.link(corners[0][1], corners[1][0])
    d.link(corners[1][1], corners[2][1])
    d.link(corners[2][0], corners[3][1])


def tree(d: Draft) -> None:
    """One source, experts or scales in parallel, and a merge or several heads."""
    width = d.dice.integer(3, 4)
    root = d.add("inputs", 0, width - 1)
    trunk = d.add("coders", 1, width - 1)
    d.chain(root, trunk)
    merge = d.dice.chance(0.6)
    ends = []
    for i in range(width):
        child = d.add("modules", 2, 2 * i)
        d.link(trunk, child)
        ends.append(child)
        if not merge or d.dice.chance(0.5):
            leaf = d.add("features" if merge else d.dice.choice(("outputs", "losses")), 3, 2 * i)
            d.link(child, leaf)
            ends[-1] = leaf
    if merge:
        meet = d.sign(d.dice.choice(("plus", "times")), 4, width - 1)
        for end in ends:
            d.link(end, meet)
        d.link(meet, d.add("outputs", 5, width - 1))
    elif d.dice.chance(0.5):
        d.group(d.dice.choice(("Task Heads", "Experts", "Multi-scale", "Decoders")), *ends)


def cycle(d: Draft) -> None:
    """A ring of modules around a store."""
    ring = d.dice.choice((
        ((0, 0), (2, 0), (2, 2), (0, 2)),
        ((0, 0), (1, 0), (2, 0), (2, 2), (1, 2), (0, 2)),
        ((0, 0), (2, 0), (2, 1), (2, 2), (0, 2)),
    ))  # fmt: skip
    numbers = []
    for i, (col, row) in enumerate(ring):
        kind = "inputs" if i == 0 else d.dice.choice(("modules", "coders", "features"))
        numbers.append(d.add(kind, col, row))
    d.chain(*numbers, numbers[0])
    store = d.add("stores", 1, 1)
    d.link(numbers[d.dice.integer(1, 2)], store)
    d.link(store, numbers[-1], "skip" if d.dice.chance(0.5) else "flow")


def adversarial(d: Draft) -> None:
    """Generator, real data and discriminator with the losses that train them."""
    noise = d.add("inputs", 0, 0)
    maker = d.add("coders", 1, 0, d.dice.choice(("Generator $G$", "Generator", "Decoder $G$")))
    fake = d.add("outputs", 2, 0)
    real = d.add("inputs", 1, 2, d.dice.choice(("Real Image@photo", "Real Data@frames")))
    judge = d.add("coders", 3, 1, d.dice.choice(("Discriminator|$D$", "Critic $D$")))
    verdict = d.add("modules", 4, 1, d.dice.choice(("Real / Fake", "Real or|Fake?")))
    d.chain(noise, maker, fake, judge, verdict)
    d.link(real, judge)
    loss = d.add("losses", 4, 0)
    d.link(verdict, loss, "loss")
    if d.dice.chance(0.7):
        rec = d.add("losses", 2, 2)
        d.link(fake, rec, "loss")
        d.link(real, rec, "loss")
    if d.dice.chance(0.5):
        extra = d.add(d.dice.choice(("inputs", "stores")), 0, 2)
        d.link(extra, real) if d.dice.chance(0.5) else d.link(extra, maker)
    if d.dice.chance(0.4):
        d.group(d.dice.choice(("Generation", "Synthesis Path")), maker, fake)


def fusion(d: Draft) -> None:
    """Several modalities, one encoder each, fused into a head."""
    width = d.dice.integer(2, 3)
    middle = width - 1
    sources = [d.add("inputs", 0, 2 * i) for i in range(width)]
    coders = [d.add("coders", 1, 2 * i) for i in range(width)]
    fuse = d.add("modules", 2, middle, d.dice.choice(
        ("Fusion|Module", "Cross-Modal|Attention", "Concat", "Joint|Embedding"))
    )  # fmt: skip
    head = d.add("modules", 3, middle)
    end = d.add("outputs", 4, middle)
    for source, coder in zip(sources, coders, strict=True):
        d.chain(source, coder, fuse)
    d.chain(fuse, head, end)
    if d.dice.chance(0.6):
        loss = d.add("losses", 4, middle + 1 if width == 3 else 0)
        d.link(end, loss, "loss")
    if d.dice.chance(0.6):
        d.group(d.dice.choice(("Encoders", "Modality Encoders", "Feature Extraction")), *coders)
    if d.dice.chance(0.3) and width == 2:
        d.link(d.add("stores", 3, 2), head)


BUILDERS: dict[str, Callable[[Draft], None]] = {
    "pipeline": pipeline,
    "serpentine": serpentine,
    "transformer": transformer,
    "unet": unet,
    "siamese": siamese,
    "panels": panels,
    "tree": tree,
    "cycle": cycle,
    "adversarial": adversarial,
    "fusion": fusion,
}


def make_content(dice: Dice) -> Content:
    """Returns the content of one figure."""
    kind = dice.choice(tuple(BUILDERS))
    draft = Draft(dice, kind)
    BUILDERS[kind](draft)
    draft.annotate(2)
    return draft.done()
