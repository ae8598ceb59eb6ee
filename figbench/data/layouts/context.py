"""Information on a set that the user and the reference set give to the importers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from figbench.data.types import SourceRecord


@dataclass(frozen=True, slots=True)
class ImportContext:
    """Information on a set that its files do not contain.

    Attributes:
        prompts: Ids of the reference set, in order, with their captions. They decide which meaning
            an ambiguous name has.
        records: All records of the reference's data set, with usable and unusable images.
        is_reference: Whether the set is the reference set: its names have no sample numbers.
        only: Pattern of relative names; other images are left out.
        local: Whether the set is on this machine. Paths of an index that the user gives may then
            contain ``..``.
    """

    prompts: Mapping[str, str | None] = field(default_factory=dict)
    records: Sequence[SourceRecord] = ()
    is_reference: bool = False
    only: str | None = None
    local: bool = False
