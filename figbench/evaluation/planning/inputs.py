"""Both sides of a run: manifests read, filtered by the protocol, and paired."""

from __future__ import annotations

import os
from contextlib import nullcontext
from dataclasses import dataclass, replace
from pathlib import Path

from figbench.data.figures import FigureSource, load_figures
from figbench.data.manifest import Manifest
from figbench.data.pairing import FigurePair, pair
from figbench.data.remote.listing import remote_file
from figbench.data.remote.mirror import Advance
from figbench.data.remote.urls import is_url, localized
from figbench.data.types import Figure, OtherFile
from figbench.data.user_tables import (
    apply_captions,
    apply_pairs,
    is_pairs_table,
    read_captions,
    read_pairs,
)
from figbench.errors import UserError
from figbench.evaluation.planning.notes import (
    LEFT_OUT_SHARE,
    check_extra,
    check_stray_samples,
    few_samples,
    input_notes,
    prompt_notes,
    unmatched,
)
from figbench.evaluation.planning.options import Options
from figbench.evaluation.planning.sides import Sides
from figbench.evaluation.planning.tasks import GENERATED, Side
from figbench.evaluation.progress import Progress, copied
from figbench.evaluation.references.pack import is_pack, open_pack
from figbench.images.decode_pool import Probes
from figbench.protocol import Protocol
from figbench.store import Store
from figbench.store.decode_cache import DecodeCache


@dataclass(frozen=True, slots=True)
class Inputs:
    """Both sides of a run and their pairing.

    Attributes:
        generated: The model's figures.
        reference: The references after the protocol's filters.
        sides: The pairing.
        missing: ``figure_id#sample`` of expected figures that were not delivered.
        extra: ``figure_id#sample`` of figures without a reference; they are not scored.
        warnings: Messages for the user.
    """

    generated: Manifest
    reference: Manifest
    sides: Sides
    missing: tuple[str, ...]
    extra: tuple[str, ...]
    warnings: tuple[str, ...]

    def read(self, side: Side, figure: Figure) -> bytes:
        """Returns the bytes of a figure; raises as :meth:`Manifest.read`."""
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

    Args:
        generated: See :func:`figbench.evaluate`.
        reference: See :func:`figbench.evaluate`.
        protocol: Filters the references.
        store: Holds decode checks and unpacked reference packs.
        progress: Receives rates and counts.
        options: ``pairs`` and ``captions`` are tables, see :mod:`figbench.data.user_tables`.

    Raises:
        UserError: If a side has no usable figure, or an index cannot be read.
    """
    checks = DecodeCache(store)
    try:
        with progress.stage("reading the reference") as detail:
            references = load_reference(
                reference, protocol, store, checks, copied(detail), options=options
            )
        with progress.stage("reading the generated figures") as detail:
            delivered = load_figures(
                generated,
                layout=options.layout,
                only=options.only,
                reference=None if options.pairs else references,
                probes=checks,
                advance=copied(detail),
            )
    finally:
        checks.flush()
    if not delivered.figures:
        raise _nothing_usable(delivered, generated)
    if options.pairs is not None:
        delivered = apply_pairs(delivered, references, read_pairs(Path(options.pairs)))
    if options.captions is not None:
        table = read_captions(Path(options.captions))
        delivered, references = apply_captions(delivered, references, table)
    return _pair(delivered, references, protocol, options)


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

    Args:
        path: The references, see :func:`figbench.evaluate`.
        protocol: Split, caption field and range of aspects.
        store: Receives the records of a reference pack.
        probes: Cache of decode checks.
        advance: Receives the bytes copied from an object store, and the total.
        options: Layout and split that the user chose.

    Raises:
        UserError: If no reference is left, or the set has no such split.
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
    selected = [figure for figure in manifest.figures if _has_valid_aspect(figure, protocol)]
    if not selected:
        raise UserError(
            f"{path}: none of {len(manifest.figures)} references has an aspect between "
            f"{spec.min_aspect} and {spec.max_aspect} (protocol '{protocol.id}')."
        )
    if len(selected) == len(manifest.figures):
        return manifest
    note = f"{len(manifest.figures) - len(selected)} references outside the protocol's aspect range"
    identities = {id(figure) for figure in selected}
    dropped = [figure for figure in manifest.figures if id(figure) not in identities]
    others = [OtherFile(figure.path, "reference", figure.figure_id) for figure in dropped]
    return replace(manifest.select(selected, note), others=(*manifest.others, *others))


def _check_repeated(manifest: Manifest, path: FigureSource) -> None:
    """Refuses a set in which many references repeat an id: a reference has one sample."""
    first: dict[str, Figure] = {}
    repeated = []
    for figure in manifest.figures:
        if figure.figure_id in first:
            repeated.append((first[figure.figure_id], figure))
        first.setdefault(figure.figure_id, figure)
    if len(repeated) > LEFT_OUT_SHARE * len(manifest.figures):
        first_figure, second_figure = repeated[0]
        raise UserError(
            f"{path}: {len(repeated)} of {len(manifest.figures)} references repeat an id, for "
            f"example '{first_figure.figure_id}': {first_figure.path} and {second_figure.path}.",
            remedy="Give every reference an id of its own; where ids come from names, choose with "
            "--reference-layout flat.",
        )


def _open_if_pack(path: FigureSource, store: Store, advance: Advance | None) -> Manifest | None:
    if not isinstance(path, str | Path):
        return None
    location = localized(path)
    opened = (
        remote_file(str(location), advance) if is_url(location) else nullcontext(Path(location))
    )
    with opened as file:
        if file is None or not is_pack(file):
            return None
        return replace(open_pack(file, store), source=str(path))


def _has_valid_aspect(figure: Figure, protocol: Protocol) -> bool:
    aspect = figure.width / figure.height
    low, high = protocol.dataset.min_aspect, protocol.dataset.max_aspect
    return (low is None or aspect >= low) and (high is None or aspect <= high)


def _nothing_usable(manifest: Manifest, path: FigureSource) -> UserError:
    rejects = manifest.rejects
    named = "; ".join(f"{item.path} ({item.code})" for item in rejects[:3])
    more = "; ..." if len(rejects) > 3 else ""
    remedy = f"Inspect them with: figbench data inspect {path}"
    if manifest.layout in ("map", "records") and rejects[0].code == "missing-file":
        remedy = f"{_index_hint(manifest, rejects[0].path, path)}\n{remedy}"
    return UserError(
        f"{path}: none of {len(rejects)} files can be used: {named}{more}.", remedy=remedy
    )


def _index_hint(manifest: Manifest, missing: str, path: FigureSource) -> str:
    """Returns sentences about the file names of an index that lead nowhere."""
    hints = [f"The index's paths are relative to its folder, {manifest.root}."]
    if Path(missing).is_file():
        right = os.path.relpath(Path(missing).resolve(), manifest.root)
        hints.append(f"{missing} is in the current folder: write {right} instead.")
    if isinstance(path, str | Path) and is_pairs_table(Path(path)):
        hints.append(
            "Its columns make it a table of pairs: figbench evaluate FIGURES REFERENCE "
            f"--pairs {path}"
        )
    return " ".join(hints)


def _pair(generated: Manifest, reference: Manifest, protocol: Protocol, options: Options) -> Inputs:
    pairing = pair(
        generated.figures,
        reference.figures,
        protocol.samples_per_prompt,
        rejects=generated.rejects,
    )
    answered = [pair for pair in pairing.pairs if pair.generated is not None]
    paired = bool(answered)
    warnings = [*input_notes(generated, reference), *pairing.notes]
    if paired:
        if not options.allow_rejects:
            check_extra(pairing.extra, pairing.missing, generated, reference)
            if protocol.samples_per_prompt is None:
                check_stray_samples(answered, pairing.samples_per_prompt)
        pairs: tuple[FigurePair, ...] = pairing.pairs
        missing = tuple(f"{pair.reference.figure_id}#{pair.sample}" for pair in pairing.missing)
        extra = tuple(f"{figure.figure_id}#{figure.sample}" for figure in pairing.extra)
        if extra:
            warnings.append(
                f"{len(extra)} figures that no reference asks for are not scored"
                f"{unmatched(pairing.extra, pairing.missing)}."
            )
        warnings += prompt_notes(answered, reference)
        warnings += few_samples(answered, pairing.samples_per_prompt)
    else:
        pairs = tuple(FigurePair(figure, figure.sample, figure) for figure in generated.figures)
        missing, extra = (), ()
        warnings.append("No figure ids match: the sets are compared unpaired.")
    sides = Sides(pairs, reference, paired, len(generated.rejects))
    return Inputs(generated, reference, sides, missing, extra, tuple(warnings))
