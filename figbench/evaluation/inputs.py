"""Both sides of a run: manifests read, filtered by the protocol, and paired."""

from __future__ import annotations

from collections.abc import Iterator, MutableMapping
from dataclasses import dataclass
from pathlib import Path

from figbench.data.manifest import Manifest, load_manifest
from figbench.data.pairing import Row, pair
from figbench.errors import UserError
from figbench.evaluation.probes import ProbeCache
from figbench.evaluation.progress import Progress
from figbench.evaluation.score import Sides
from figbench.protocol import Protocol
from figbench.store import Store


@dataclass(frozen=True, slots=True)
class Inputs:
    """What was offered and how it pairs.

    Attributes:
        generated: The model's figures.
        reference: The references after the protocol's filters.
        sides: Expected rows.
        missing: ``figure_id#sample`` of expected figures that are not there.
        extra: ``figure_id#sample`` of figures that no reference asks for; they are not scored.
        warnings: What to tell the user.
    """

    generated: Manifest
    reference: Manifest
    sides: Sides
    missing: tuple[str, ...]
    extra: tuple[str, ...]
    warnings: tuple[str, ...]
