"""Notes and warnings about how both sides were read and matched."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from figbench.data.dataset_index import escaped
from figbench.data.manifest import Manifest
from figbench.data.naming import DASHED, IdIndex
from figbench.data.pairing import FigurePair
from figbench.data.types import Figure
from figbench.errors import UserError

LEFT_OUT_SHARE = 0.05
"""A larger share of images that would not be scored needs a flag."""
_DEFAULT_NOTES = ("figure id = file name without suffix",)
_COUNT = re.compile(r"(\d+) ")
_FEW_SHARE = 0.1


def input_notes(generated: Manifest, reference: Manifest) -> list[str]:
    """Returns the notes of both importers, sorted by the share of the set that they concern."""
    ranked = []
    for side, manifest in (("reference", reference), ("generated", generated)):
        for note in manifest.notes:
            if note in _DEFAULT_NOTES:
                continue
            match = _COUNT.match(note)
            concerned = int(match[1]) if match else 0
            total = len(manifest.figures) + len(manifest.rejects) or 1
            ranked.append((-concerned / total, f"{side}: {note}"))
    return [text for _, text in sorted(ranked, key=lambda item: item[0])]


def check_left_out(manifest: Manifest, side: str, *, allowed: bool, strict: bool) -> None:
    """Refuses a set of which more than 5% would be left out, unless the user allows it.

    Args:
        manifest: The set.
        side: Name of the side, for messages.
        allowed: Whether the user accepted it.
        strict: Whether any image that is left out is an error.

    Raises:
        UserError: Naming what would be left out and how to choose.
    """
    omitted = [item for item in manifest.left_out if not item.excused]
    count = sum(item.count for item in omitted)
    offered = len(manifest.figures) + len(manifest.rejects) + count
    if not count or (allowed and not strict):
        return
    if strict or count > LEFT_OUT_SHARE * offered:
        listed = "; ".join(f"{item.count} {item.what}" for item in omitted)
        raise UserError(
            f"{side}: {count} of {offered} images would be left out: {listed}.",
            remedy="Give the folder of the set alone, choose with --layout (--reference-layout) or "
            "--only PATTERN, or accept it with --allow-rejects.",
        )


def check_extra(
    extra: Sequence[Figure], missing: Sequence[FigurePair], generated: Manifest, reference: Manifest
) -> None:
    """Refuses a set of which more than 5% of the figures have no reference.

    Figures of references that the protocol's filters leave out, or that cannot be read, and samples
    beyond the protocol's number are not counted.

    Args:
        extra: Generated figures that are not scored.
        missing: Expected figures that were not delivered.
        generated: The generated figures.
        reference: The references after the protocol's filters.

    Raises:
        UserError: With ids of both sides and the options to choose from.
    """
    ids = [figure.figure_id for figure in reference.figures]
    ids += [file.figure_id for file in reference.others if file.figure_id is not None]
    ids += [reject.figure_id for reject in reference.rejects if reject.figure_id is not None]
    index = IdIndex(ids)
    unreferenced = [figure for figure in extra if index.find(figure.figure_id) is None]
    total = len(generated.figures) + len(generated.rejects)
    if len(unreferenced) <= LEFT_OUT_SHARE * total:
        return
    raise UserError(
        f"generated: {len(unreferenced)} of {total} figures have no reference and would not be "
        f"scored{unmatched(unreferenced, missing)}.",
        remedy="Give the reference of these figures, give the folder of the set alone or "
        "choose with --only PATTERN, name pairs with --pairs, or accept it with --allow-rejects.",
    )


def unmatched(extra: Sequence[Figure], missing: Sequence[FigurePair]) -> str:
    """Returns " (generated has X, the reference has Y)" for some ids that do not match."""
    ids = sorted({figure.figure_id for figure in extra})
    open_ids = sorted({pair.reference.figure_id for pair in missing})
    if not ids or not open_ids:
        return f": {', '.join(map(escaped, ids[:3]))}" if ids else ""
    return f" ({similar_ids(ids, open_ids)})"


def similar_ids(generated: Sequence[str], reference: Sequence[str], most: int = 3) -> str:
    """Returns ids that do not match, each with the most similar id of the other side.

    Args:
        generated: Ids without a match.
        reference: Ids without a match.
        most: Number of ids to name.
    """
    index = IdIndex(reference)
    candidates = {figure_id: index.nearest(figure_id) for figure_id in generated[:most]}
    near = {figure_id: match for figure_id, match in candidates.items() if match is not None}
    if len(set(near.values())) == len(near):
        return "; ".join(
            f"generated has '{_visible(figure_id)}', the reference has '{_visible(match)}'"
            for figure_id, match in near.items()
        )
    return f"generated has {_listed(generated, most)}; the reference has {_listed(reference, most)}"


def _listed(ids: Sequence[str], most: int) -> str:
    names = ", ".join(f"'{_visible(name)}'" for name in ids[:most])
    return f"{names}, ..." if len(ids) > most else names


def _visible(text: str) -> str:
    return "".join(
        char if char.isprintable() and char != "\u00a0" else f"\\u{ord(char):04x}" for char in text
    )


def no_pairs_hint(generated: Manifest, reference: Manifest) -> str:
    """Returns a sentence with ids of both sides, for the error that nothing matches."""
    ids = list(dict.fromkeys(figure.figure_id for figure in generated.figures))
    reference_ids = list(dict.fromkeys(figure.figure_id for figure in reference.figures))
    text = similar_ids(ids, reference_ids)
    index = IdIndex(reference_ids)
    dashed = [name for name in ids if (match := DASHED.fullmatch(name)) and index.find(match[1])]
    if dashed:
        text += (
            f". {len(dashed)} names end in a number that is not set off by an underscore "
            f"('{_visible(dashed[0])}'): samples are <id>_<k>"
        )
    return f"{text[:1].upper()}{text[1:]}."


def few_samples(pairs: Sequence[FigurePair], expected: int) -> list[str]:
    """Returns a warning where few ids have the number of samples that the set itself suggests."""
    counts = Counter(pair.reference.figure_id for pair in pairs)
    full = sum(count >= expected for count in counts.values())
    if expected > 1 and full <= _FEW_SHARE * len(counts):
        return [
            f"{expected} samples are expected of every id because {full} of {len(counts)} ids "
            "have so many; the protocol's samples_per_prompt sets it."
        ]
    return []


def check_stray_samples(pairs: Sequence[FigurePair], expected: int) -> None:
    """Refuses a set of which a few ids alone have several samples.

    Args:
        pairs: Pairs with a generated figure.
        expected: The largest number of samples that an id has.

    Raises:
        UserError: If at most 5% of the ids have so many, and all others have fewer.
    """
    counts = Counter(pair.reference.figure_id for pair in pairs)
    full = sorted(figure_id for figure_id, count in counts.items() if count >= expected)
    if expected < 2 or not full or len(full) > LEFT_OUT_SHARE * len(counts):
        return
    first = [pair.generated for pair in pairs if pair.reference.figure_id == full[0]]
    names = [figure.path for figure in first if figure is not None]
    raise UserError(
        f"generated: {len(full)} of {len(counts)} ids have {expected} samples, all others fewer: "
        f"'{escaped(full[0])}' has {', '.join(map(escaped, names[:3]))}.",
        remedy="Leave stray files out with --only PATTERN, state samples_per_prompt in the "
        "protocol, or accept that the others count as missing with --allow-rejects.",
    )


def prompt_notes(pairs: Sequence[FigurePair], reference: Manifest) -> list[str]:
    """Returns a warning where prompts differ from the captions of their references."""
    captions = {entry.figure_id: set(map(_plain, entry.captions)) for entry in reference.records}
    both = differing = 0
    example = ""
    for pair in pairs:
        prompt = pair.generated.prompt if pair.generated else None
        if not prompt or not (pair.reference.prompt or captions.get(pair.reference.figure_id)):
            continue
        both += 1
        allowed = {*captions.get(pair.reference.figure_id, ()), _plain(pair.reference.prompt or "")}
        if _plain(prompt) not in allowed:
            differing += 1
            example = example or pair.reference.figure_id
    if not differing:
        return []
    return [
        f"{differing} of {both} prompts are not the caption of their reference (for example "
        f"'{escaped(example)}'): check that ids and captions belong together."
    ]


def _plain(text: str) -> str:
    return " ".join(text.split()).casefold()
