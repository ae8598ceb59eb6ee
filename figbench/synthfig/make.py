"""Scenes from a seed and an index; the same content in another style."""

from __future__ import annotations

import itertools
from dataclasses import replace

from numpy.random import Generator

from figbench.errors import UserError
from figbench.synthfig.layout.compose import compose
from figbench.synthfig.layout.node import NoRoomError
from figbench.synthfig.method.caption import Prose
from figbench.synthfig.method.content import Content
from figbench.synthfig.method.kinds import make_content
from figbench.synthfig.rng import StableRng
from figbench.synthfig.scene import Scene
from figbench.synthfig.style import draw_style

_CONTENT, _STYLE, _PROSE, _RESTYLE = 11, 12, 13, 14
_ATTEMPTS = 24


def make_scene(rng_or_seed: Generator | int, index: int, *, number: int = 1) -> Scene:
    """Returns figure ``index`` of a seed; it does not depend on how many others are made.

    Args:
        rng_or_seed: A non-negative seed, or a generator that supplies one.
        index: Index of the figure, from 0.
        number: The ``k`` of the caption's "Figure k:".

    Raises:
        UserError: When the seed or the index is negative.
    """
    if isinstance(rng_or_seed, Generator):
        seed = int(rng_or_seed.integers(2**62))
    else:
        seed = rng_or_seed
    if seed < 0 or index < 0:
        raise UserError(
            f"SynthFig has no figure {index} of seed {seed}.",
            remedy="Seeds and indices start at 0.",
        )
    prose = Prose(number, (seed, index, _PROSE))
    for turn in itertools.count():
        content = make_content(StableRng(seed, index, _CONTENT, turn))
        for attempt in range(_ATTEMPTS):
            scene = _try_style(content, (seed, index, _STYLE, turn, attempt))
            if scene is not None:
                caption, paragraphs = prose.of(content)
                return replace(scene, caption=caption, paragraphs=paragraphs)
    raise AssertionError("unreachable")


def restyle(scene: Scene, seed: int) -> Scene:
    """Returns the same content in another style: equal labels, caption and links.

    Args:
        scene: A scene of ``make_scene``.
        seed: Seed of the style.

    Raises:
        UserError: When the scene has no content to draw from (see ``simple``).
    """
    if scene.content is None or scene.style is None:
        raise UserError("This scene has no content to restyle; use one of make_scene.")
    for attempt in itertools.count():
        restyled = _try_style(scene.content, (seed, _RESTYLE, attempt))
        if restyled is not None:
            return replace(restyled, caption=scene.caption, paragraphs=scene.paragraphs)
    raise AssertionError("unreachable")


def _try_style(content: Content, key: tuple[int, ...]) -> Scene | None:
    rng = StableRng(*key)
    try:
        return compose(content, draw_style(rng), rng)
    except NoRoomError:
        return None
