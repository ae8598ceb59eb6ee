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
from figbench.data.types import Figure, OtherFile
from figbench.data.user_tables import apply_captions, apply_pairs, read_captions, read_pairs
from figbench.errors import UserError
from figbench.evaluation.planning.options import Options
from figbench.evaluation.planning.reading import (
    LEFT_OUT_SHARE,
    check_extra,
    few_samples,
    prompt_notes,
    reading_notes,
    unmatched,
)
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
    options: Options = Options(),
) -> Inputs:
    """Reads both sides and pairs them.

    ``options.pairs`` and ``options.captions`` are tables, see :mod:`figbench.data.user_tables`.

    Raises:
        UserError: If a side has no usable figure, or an index cannot be read.
    """
    probes = ProbeCache(store)
    try:
        with progress.stage("reading the reference") as say:
            references = load_reference(
                reference, protocol, store, probes, copied(say), options=options
            )
        with progress.stage("reading the generated figures") as say:
            offered = load_figures(
                generated,
                layout=options.layout,
                only=options.only,
                reference=None if options.pairs else references,
                probes=probes,
                advance=copied(say),
            )
    finally:
        probes.flush()
    if not offered.figures:
        raise _nothing_usable(offered, generated)
    if options.pairs is not None:
        offered = apply_pairs(offered, references, read_pairs(Path(options.pairs)))
    if options.captions is not None:
        table = read_captions(Path(options.captions))
        offered, references = apply_captions(offered, references, table)
    return _pair(offered, references, protocol, options)


def load_reference(
    path: FigureSource,
    protocol: Protocol,
    store: Store,
    probes: Probes | None = None,
    advance: Advance | None = None,
    *,
    options: Options = Options(),
) -> Manifest:
    """Returns the reference set after the protocol's filters.

    Raises:
        UserError: If nothing is left, or the protocol's split is not there.
    """
    spec = protocol.dataset
    manifest = _open_if_pack(path, store, advance)
    if manifest is None:
        manifest = load_figures(
            path,
            layout=options.reference_layout,
            split=options.split or spec.split,
            caption=spec.caption,
            is_reference=True,
            probes=probes,
            advance=advance,
        )
    if not manifest.figures:
        raise _nothing_usable(manifest, path)
    _check_repeated(manifest, path)
    kept = [figure for figure in manifest.figures if _aspect_kept(figure, protocol)]
    if not kept:
        raise UserError(
            f"{path}: none of {len(manifest.figures)} references has an aspect between "
            f"{spec.min_aspect} and {spec.max_aspect} (protocol '{protocol.id}')."
        )
    if len(kept) == len(manifest.figures):
        return manifest
    note = f"{len(manifest.figures) - len(kept)} references outside the protocol's aspect range"
    chosen = {id(figure) for figure in kept}
    dropped = [figure for figure in manifest.figures if id(figure) not in chosen]
    others = [OtherFile(one.path, "reference", one.figure_id) for one in dropped]
    return replace(manifest.select(kept, note), others=(*manifest.others, *others))


def _check_repeated(manifest: Manifest, path: FigureSource) -> None:
    """A reference set has no samples: a repeated id leaves a reference out."""
    first: dict[str, Figure] = {}
    repeated = []
    for figure in manifest.figures:
        if figure.figure_id in first:
            repeated.append((first[figure.figure_id], figure))
        first.setdefault(figure.figure_id, figure)
    if len(repeated) > LEFT_OUT_SHARE * len(manifest.figures):
        one, other = repeated[0]
        raise UserError(
            f"{path}: {len(repeated)} of {len(manifest.figures)} references repeat an id, for "
            f"example '{one.figure_id}': {one.path} and {other.path}.",
            remedy="Give every reference an id of its own; where ids come from names, choose with "
            "--reference-layout flat.",
        )


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


def _pair(generated: Manifest, reference: Manifest, protocol: Protocol, options: Options) -> Inputs:
    pairing = pair(
        generated.figures,
        reference.figures,
        protocol.samples_per_prompt,
        rejects=generated.rejects,
    )
    found = [row for row in pairing.rows if row.generated is not None]
    paired = bool(found)
    warnings = [*reading_notes(generated, reference), *pairing.notes]
    if paired:
        if not options.allow_rejects:
            check_extra(pairing.extra, pairing.missing, generated, reference)
        rows: tuple[Row, ...] = pairing.rows
        missing = tuple(f"{row.reference.figure_id}#{row.sample}" for row in pairing.missing)
        extra = tuple(f"{one.figure_id}#{one.sample}" for one in pairing.extra)
        if extra:
            warnings.append(
                f"{len(extra)} figures that no reference asks for are not scored"
                f"{unmatched(pairing.extra, pairing.missing)}."
            )
        warnings += prompt_notes(found, reference)
        warnings += few_samples(found, pairing.samples_per_prompt)
    else:
        rows = tuple(Row(figure, figure.sample, figure) for figure in generated.figures)
        missing, extra = (), ()
        warnings.append("No figure ids match: the sets are compared unpaired.")
    sides = Sides(rows, reference, paired, len(generated.rejects))
    return Inputs(generated, reference, sides, missing, extra, tuple(warnings))
