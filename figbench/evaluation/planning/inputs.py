"""Both sides of a run: manifests read, filtered by the protocol, and paired."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass, replace
from pathlib import Path

from figbench.data.figures import FigureSource, load_figures
from figbench.data.manifest import Manifest
from figbench.data.pairing import Row, pair
from figbench.data.remote.listing import remote_file
from figbench.data.remote.mirror import Advance
from figbench.data.remote.urls import is_url, localized
from figbench.data.types import Figure
from figbench.errors import UserError
from figbench.evaluation.planning.sides import Sides
from figbench.evaluation.planning.tasks import GENERATED, Side
from figbench.evaluation.progress import Progress, copied
from figbench.evaluation.references.pack import is_pack, open_pack
from figbench.images.decode_pool import Probes
from figbench.protocol import Protocol
from figbench.store import Store
from figbench.store.decode_cache import ProbeCache


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

    def read(self, side: Side, figure: Figure) -> bytes:
        """Returns a figure's bytes; raises as :meth:`Manifest.read`."""
        return (self.generated if side == GENERATED else self.reference).read(figure)


def load_inputs(
    generated: FigureSource,
    reference: FigureSource,
    protocol: Protocol,
    store: Store,
    progress: Progress,
) -> Inputs:
    """Reads both sides and pairs them.

    Raises:
        UserError: If a side has no usable figure, or an index cannot be read.
    """
    probes = ProbeCache(store)
    try:
        with progress.stage("reading the reference") as say:
            references = load_reference(reference, protocol, store, probes, copied(say))
        with progress.stage("reading the generated figures") as say:
            offered = load_figures(
                generated, reference=references, probes=probes, advance=copied(say)
            )
    finally:
        probes.flush()
    if not offered.figures:
        raise _nothing_usable(offered, generated)
    return _pair(offered, references, protocol)


def load_reference(
    path: FigureSource,
    protocol: Protocol,
    store: Store,
    probes: Probes | None = None,
    advance: Advance | None = None,
) -> Manifest:
    """Returns the reference set after the protocol's filters.

    Raises:
        UserError: If nothing is left, or the protocol's split is not there.
    """
    spec = protocol.dataset
    manifest = _open_if_pack(path, store, advance)
    if manifest is None:
        manifest = load_figures(
            path, split=spec.split, caption=spec.caption, probes=probes, advance=advance
        )
    if not manifest.figures:
        raise _nothing_usable(manifest, path)
    kept = [figure for figure in manifest.figures if _aspect_kept(figure, protocol)]
    if not kept:
        raise UserError(
            f"{path}: none of {len(manifest.figures)} references has an aspect between "
            f"{spec.min_aspect} and {spec.max_aspect} (protocol '{protocol.id}')."
        )
    if len(kept) == len(manifest.figures):
        return manifest
    note = f"{len(manifest.figures) - len(kept)} references outside the protocol's aspect range"
    return manifest.select(kept, note)


def _open_if_pack(path: FigureSource, store: Store, advance: Advance | None) -> Manifest | None:
    if not isinstance(path, str | Path):
        return None
    place = localized(path)
    with remote_file(str(place), advance) if is_url(place) else nullcontext(Path(place)) as file:
        if file is None or not is_pack(file):
            return None
        return replace(open_pack(file, store), source=str(path))


def _aspect_kept(figure: Figure, protocol: Protocol) -> bool:
    aspect = figure.width / figure.height
    low, high = protocol.dataset.min_aspect, protocol.dataset.max_aspect
    return (low is None or aspect >= low) and (high is None or aspect <= high)


def _nothing_usable(manifest: Manifest, path: FigureSource) -> UserError:
    named = "; ".join(f"{item.path} ({item.code})" for item in manifest.rejects[:5])
    return UserError(
        f"{path}: none of {len(manifest.rejects)} files can be used: {named}.",
        remedy=f"Look at them with: figbench data inspect {path}",
    )


def _pair(generated: Manifest, reference: Manifest, protocol: Protocol) -> Inputs:
    pairing = pair(
        generated.figures,
        reference.figures,
        protocol.samples_per_prompt,
        rejects=generated.rejects,
    )
    found = [row for row in pairing.rows if row.generated is not None]
    paired = bool(found)
    warnings = list(pairing.notes)
    if paired:
        rows: tuple[Row, ...] = pairing.rows
        missing = tuple(f"{row.reference.figure_id}#{row.sample}" for row in pairing.missing)
        extra = tuple(f"{one.figure_id}#{one.sample}" for one in pairing.extra)
        if extra:
            warnings.append(f"{len(extra)} figures that no reference asks for are not scored.")
    else:
        rows = tuple(Row(figure, figure.sample, figure) for figure in generated.figures)
        missing, extra = (), ()
        warnings.append("No figure ids match: the sets are compared unpaired.")
    sides = Sides(rows, reference, paired, len(generated.rejects))
    return Inputs(generated, reference, sides, missing, extra, tuple(warnings))
