"""Scripted edits of an SVG: rename a label, recolour and move a shape, and see what changes."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from xml.etree import ElementTree  # nosec B405 # writes; reading is figbench.graphs.limits

import numpy as np
import numpy.typing as npt

from figbench.errors import FigbenchError
from figbench.graphs.limits import local
from figbench.images.types import RGBImage

MAX_EDITS = 6
"""Objects of each kind that are edited."""
SIDE = 512
_SVG = "http://www.w3.org/2000/svg"
_CHANGED = 24
_NEAR = 6
"""Pixels around an object that its edit may change."""


@dataclass(frozen=True, slots=True)
class EditResult:
    """One scripted edit.

    Attributes:
        edit: ``rename``, ``recolour`` or ``move``.
        target: Text or id of the object.
        changed: Whether the picture changed at all.
        locality: Share of the changed pixels that lie in the region of the object (its old and
            new pixels, 6 around them), 0 to 1.
    """

    edit: str
    target: str
    changed: bool
    locality: float


def scripted_edits(root: Any) -> list[EditResult]:
    """Edits labels and shapes one at a time and compares the pictures.

    Args:
        root: Parsed SVG; it is not changed.

    Raises:
        UserError: When the document cannot be drawn.
    """
    base = _rendered(root)
    results = []
    for edit, tags in (("rename", ("text",)), ("recolour", _SHAPES), ("move", _SHAPES)):
        targets = [i for i, e in enumerate(root.iter()) if local(e) in tags and _is_target(e, edit)]
        for index in targets[:: max(1, len(targets) // MAX_EDITS)][:MAX_EDITS]:
            results.append(_edited(root, base, index, edit))
    return results


_SHAPES = ("rect", "circle", "ellipse", "polygon")


def _is_target(element: Any, edit: str) -> bool:
    if edit == "rename":
        return bool("".join(element.itertext()).strip())
    return bool(element.get("fill", "black") != "none" or element.get("stroke", "none") != "none")


def _edited(root: Any, base: RGBImage, index: int, edit: str) -> EditResult:
    changes: dict[str, Callable[[Any], None]] = {
        "rename": _rename,
        "recolour": _recolour,
        "move": _move,
    }
    element = list(root.iter())[index]
    target = element.get("id") or " ".join("".join(element.itertext()).split()) or local(element)
    edited = copy.deepcopy(root)
    changes[edit](list(edited.iter())[index])
    after = _rendered(edited)
    changed = _differs(base, after)
    if not changed.any():
        return EditResult(edit, target[:60], False, 0.0)
    # The object's own pixels, before and after: clones of it elsewhere do not belong to it.
    region = _own_pixels(root, index) | _own_pixels(edited, index)
    inside = float((changed & _grown(region)).sum())
    return EditResult(edit, target[:60], True, inside / float(changed.sum()))


def _own_pixels(root: Any, index: int) -> npt.NDArray[np.bool_]:
    """Pixels that change when an object is hidden, clones by ``use`` left out."""
    rendered = []
    for hidden in (False, True):
        document = copy.deepcopy(root)
        elements = list(document.iter())
        for element in elements:
            if local(element) == "use":
                _hide(element)
        if hidden:
            _hide(elements[index])
        rendered.append(_rendered(document))
    return _differs(rendered[0], rendered[1])


def _rename(element: Any) -> None:
    for child in list(element):
        element.remove(child)
    element.text = "Renamed"


def _recolour(element: Any) -> None:
    style = [p for p in (element.get("style") or "").split(";") if not p.strip().startswith("fill")]
    element.set("style", ";".join([*filter(None, style), "fill:#ff00ff"]))


def _move(element: Any) -> None:
    element.set("transform", f"translate(9,9) {element.get('transform') or ''}".strip())


def _hide(element: Any) -> None:
    element.set("style", f"{element.get('style') or ''};display:none".lstrip(";"))
    element.set("display", "none")


def _rendered(root: Any) -> RGBImage:
    from figbench.graphs.raster.reader import resized
    from figbench.images.decode import decode
    from figbench.images.limits import DecodeError

    document = copy.deepcopy(root)
    for element in document.iter():
        # ElementTree would write a prefix, which renderers do not take at the root.
        if isinstance(element.tag, str):
            element.tag = element.tag.removeprefix(f"{{{_SVG}}}")
    document.set("xmlns", _SVG)
    try:
        return resized(decode(ElementTree.tostring(document)).image, SIDE)
    except DecodeError as error:
        raise FigbenchError(f"the document cannot be drawn: {error}.") from None


def _differs(first: RGBImage, second: RGBImage) -> npt.NDArray[np.bool_]:
    return np.asarray(
        np.abs(first.astype(np.int16) - second.astype(np.int16)).max(axis=2) > _CHANGED
    )


def _grown(mask: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    from scipy.ndimage import binary_dilation

    return np.asarray(binary_dilation(mask, iterations=_NEAR), np.bool_)


def raster_share(root: Any) -> float:
    """Returns the share of the picture's ink that embedded images draw, 0 to 1.

    Args:
        root: Parsed SVG; it is not changed.

    Raises:
        UserError: When the document cannot be drawn.
    """
    if not any(local(e) == "image" for e in root.iter()):
        return 0.0
    bare = copy.deepcopy(root)
    for element in bare.iter():
        if local(element) == "image":
            _hide(element)
    base, without = _rendered(root), _rendered(bare)
    ink = _differs(base, np.full_like(base, 255))
    images = _differs(base, without)
    return float((images & ink).sum() / max(ink.sum(), 1))
