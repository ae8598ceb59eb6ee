"""Arrangements with one main path, each a builder of a ``Draft``."""

from __future__ import annotations

from figbench.synthfig.method.content import Draft
from figbench.synthfig.method.words import BRANCHES, STAGES


def pipeline(d: Draft) -> None:
    """A main row with side inputs above and losses or a block's detail below."""
    count = d.rng.integer(2, 3)
    source = d.add("inputs", 0, 1)
    body = [d.add(d.rng.choice(("coders", "modules")), 1, 1)]
    body += [d.add(d.rng.choice(("modules", "features")), 2 + i, 1) for i in range(count - 1)]
    last = d.add("outputs", count + 1, 1)
    d.chain(source, *body, last)
    over = d.rng.integer(1, count)
    d.link(d.add(d.rng.choice(("stores", "inputs")), over, 0), body[over - 1])
    if d.rng.chance(0.5):
        inner = [d.add("modules", 1 + i, 2) for i in range(count)]
        d.chain(*inner)
        d.group(d.rng.choice(STAGES), *inner)
        d.link(inner[-1], last, "loss" if d.rng.chance(0.3) else "flow")
        d.link(source, inner[0])
    else:
        loss = d.add("losses", count + 1, 2)
        d.link(last, loss, "loss")
        d.link(d.add("inputs", count, 2), loss, "loss")
        if d.rng.chance(0.6):
            d.group(d.rng.choice(STAGES), *body)


def serpentine(d: Draft) -> None:
    """Two or three rows read in turn."""
    cols, rows = d.rng.choice(((3, 2), (3, 3), (4, 2), (4, 3)))
    order = []
    for row in range(rows):
        for i in range(cols):
            col = i if row % 2 == 0 else cols - 1 - i
            first, last = row == i == 0, row == rows - 1 and i == cols - 1
            kind = "inputs" if first else "outputs" if last else None
            kind = kind or d.rng.choice(("modules", "modules", "coders", "features"))
            order.append(d.add(kind, col, row))
    d.chain(*order)
    if d.rng.chance(0.7):
        titles = d.rng.sample(STAGES, rows)
        for row in range(rows):
            d.group(titles[row], *order[row * cols : (row + 1) * cols])


def transformer(d: Draft) -> None:
    """Two stacks of sub-layers with residual arrows and attention across."""
    depth = d.rng.integer(2, 3)
    left = [d.add("modules", 0, 1 + i) for i in range(depth)]
    right = [d.add("modules", 2, 1 + i) for i in range(depth)]
    ins = [d.add("inputs", 0, 0), d.add("inputs", 2, 0)]
    last = d.add("outputs", 2, depth + 1)
    d.chain(ins[0], *left)
    d.chain(ins[1], *right, last)
    middle = d.add(d.rng.choice(("features", "stores")), 0, depth + 1)
    d.link(left[-1], middle)
    d.link(middle, right[d.rng.integer(0, 1)], "skip")
    titles = d.rng.choice((("Encoder", "Decoder"), *BRANCHES))
    d.group(titles[0], *left)
    d.group(titles[1], *right)


def unet(d: Draft) -> None:
    """An encoder descending to a bottleneck, a decoder rising, skips across."""
    levels = d.rng.integer(2, 3)
    down = [d.add("modules" if i else "coders", i, i) for i in range(levels)]
    base = d.add("features", levels, levels)
    up = [d.add("modules", 2 * levels - i, i) for i in reversed(range(levels))]
    d.chain(*down, base, *up)
    for i in range(levels):
        d.link(down[i], up[levels - 1 - i], "skip", d.rng.choice(("", "", "concat", "skip")))
    if d.rng.chance(0.7):
        d.link(d.add("inputs", 0, levels), down[0])
        d.link(up[-1], d.add("outputs", 2 * levels, levels))


def panels(d: Draft) -> None:
    """Four framed stages of two or three modules each."""
    depth = d.rng.integer(1, 2)
    titles = d.rng.sample(STAGES, 4)
    corners: list[list[int]] = []
    for index, (col, row) in enumerate(((0, 0), (1, 0), (1, 1), (0, 1))):
        kinds = ["inputs" if index == 0 else "modules", d.rng.choice(("coders", "features"))]
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


def cycle(d: Draft) -> None:
    """A ring of modules around a store."""
    ring = d.rng.choice((
        ((0, 0), (2, 0), (2, 2), (0, 2)),
        ((0, 0), (1, 0), (2, 0), (2, 2), (1, 2), (0, 2)),
        ((0, 0), (2, 0), (2, 1), (2, 2), (0, 2)),
    ))  # fmt: skip
    numbers = []
    for i, (col, row) in enumerate(ring):
        kind = "inputs" if i == 0 else d.rng.choice(("modules", "coders", "features"))
        numbers.append(d.add(kind, col, row))
    d.chain(*numbers, numbers[0])
    store = d.add("stores", 1, 1)
    d.link(numbers[d.rng.integer(1, 2)], store)
    d.link(store, numbers[-1], "skip" if d.rng.chance(0.5) else "flow")
