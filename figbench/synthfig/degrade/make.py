"""Changed copies of figures: from a scene or an image, a flaw and a level to pixels or bytes."""

from __future__ import annotations

from figbench.errors import UserError
from figbench.images.types import RGBImage
from figbench.synthfig.degrade.base import Flaw
from figbench.synthfig.render import render_scene
from figbench.synthfig.scene import Scene


def change_scene(flaw: Flaw, scene: Scene, level: int, *, seed: int, index: int = 0) -> Scene:
    """Returns the scene under a flaw that changes scenes.

    Args:
        flaw: Of the families text, structure, layout or neutral.
        scene: Of one figure.
        level: 1 to 5.
        seed: Non-negative.
        index: Number of the figure.

    Raises:
        UserError: If the flaw changes pixels, files or sets.
    """
    if flaw.scene is None:
        raise UserError(f"'{flaw.name}' does not change scenes.")
    return flaw.scene(scene, flaw.strength(level), flaw.rng(seed, index))


def change_figure(
    flaw: Flaw, source: Scene | RGBImage, level: int, *, seed: int, index: int = 0
) -> RGBImage:
    """Returns the pixels of one figure under a flaw, shape (height, width, 3), uint8.

    Args:
        flaw: Of the families text, structure, layout, appearance or neutral.
        source: A scene, or the uint8 image (height, width, 3) of a real figure.
        level: 1 to 5.
        seed: Non-negative.
        index: Number of the figure, so that figures are changed independently.

    Raises:
        UserError: If the flaw needs a scene and ``source`` is an image, or it changes sets.
    """
    rng, strength = flaw.rng(seed, index), flaw.strength(level)
    if isinstance(source, Scene):
        if flaw.scene is not None:
            return render_scene(flaw.scene(source, strength, rng))
        if flaw.rendered is not None:
            return flaw.rendered(source, strength, rng)
        source = render_scene(source)
    if flaw.image is not None:
        return flaw.image(source, strength, rng)
    if flaw.needs_scene:
        raise UserError(
            f"'{flaw.name}' re-draws a figure and needs its scene; a real figure has none.",
            remedy="On real figures use: blur, jpeg, noise, low-contrast, shift, padding, encoding "
            "and the set-level flaws.",
        )
    raise UserError(f"'{flaw.name}' does not change the pixels of a figure.")
