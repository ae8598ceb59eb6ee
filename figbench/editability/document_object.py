"""One object of a vector document."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from figbench.graphs.model import Box

ObjectKind = Literal["text", "shape", "image", "connector"]


@dataclass(frozen=True, slots=True)
class DocumentObject:
    """One object.

    Attributes:
        kind: ``text``, ``shape``, ``image`` or ``connector``; a shape may have a text.
        box: As shares of the page; None where the document states none.
        text: Its own text.
        visible: Whether it is drawn at all.
        attached: Ends that are attached to another object by id, 0 to 2; connectors only.
        ends: Ids of the objects that a connector is attached to, empty where loose.
        key: Id in the document.
        group: Whether it is inside a group with a name.
        print: What makes it a duplicate of another: kind, position, text and style.
    """

    kind: ObjectKind
    box: Box | None
    text: str = ""
    visible: bool = True
    attached: int = 0
    ends: tuple[str, str] = ("", "")
    key: str = ""
    group: bool = False
    print: str = ""
