"""What a person must know about how both sides were read and matched."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from figbench.data.dataset_index import shown
from figbench.data.manifest import Manifest
from figbench.data.naming import DASHED, IdIndex
from figbench.data.pairing import Row
from figbench.data.types import Figure
from figbench.errors import UserError

LEFT_OUT_SHARE = 0.05
"""A larger share of images that lie in a set and are not scored needs a flag."""
_USUAL = ("figure id = file name without suffix",)
_COUNT = re.compile(r"(\d+) ")
_FEW_SHARE = 0.1


def reading_notes(generated: Manifest, reference: Manifest) -> list[str]:
    """Returns every importer's notes, those first that touch most of the set."""
    ranked = []
    for side, manifest in (("reference", reference), ("generated", generated)):
        for note in manifest.notes:
            if note in _USUAL:
                continue
            match = _COUNT.match(note)
            touched = int(match[1]) if match else 0
            whole = len(manifest.figures) + len(manifest.rejects) or 1
            ranked.append((-touched / whole, f"{side}: {note}"))
    return [text for _, text in sorted(ranked, key=lambda one: one[0])]


def check_left_out(manifest: Manifest, side: str, *, allowed: bool, strict: bool) -> None:
    """Refuses a set of which more than 5% would be left out without the user's word.

    Raises:
        UserError: Naming what would be left out and how to choose.
    """
    lost = [one for one in manifest.left_out if not one.excused]
    count = sum(one.count for one in lost)
    offered = len(manifest.figures) + len(manifest.rejects) + count
    if not count or (allowed and not strict):
        return
    if strict or count > LEFT_OUT_SHARE * offered:
        named = "; ".join(f"{one.count} {one.what}" for one in lost)
        raise UserError(
            f"{side}: {count} of {offered} images would be left out: {named}.",
            remedy="Give the folder of the set alone, choose with --layout (--reference-layout) or "
            "--only PATTERN, or accept it with --allow-rejects.",
        )


def check_extra(
    extra: Sequence[Figure], missing: Sequence[Row], generated: Manifest, reference: Manifest
) -> None:
    """Refuses a set of which more than 5% of the figures answer no reference.

    Figures of references that the protocol's filters leave out, or that cannot be read, and samples
    beyond the protocol's number are not counted.

    Args:
        extra: Generated figures that are not scored.
        missing: Expected figures that are not there.
        generated: The model's set.
        reference: The references after the protocol's filters.

    Raises:
        UserError: Showing ids of both sides, and how to choose.
    """
    listed = (*reference.figures, *reference.others, *reference.rejects)
    index = IdIndex(one.figure_id for one in listed if one.figure_id is not None)
    stray = [one for one in extra if index.find(one.figure_id) is None]
    offered = len(generated.figures) + len(generated.rejects)
    if len(stray) <= LEFT_OUT_SHARE * offered:
        return
    raise UserError(
        f"generated: {len(stray)} of {offered} figures have no reference and would not be scored"
        f"{unmatched(stray, missing)}.",
        remedy="Give the reference that these figures answer, give the folder of the set alone or "
        "choose with --only PATTERN, name pairs with --pairs, or accept it with --allow-rejects.",
    )


def unmatched(extra: Sequence[Figure], missing: Sequence[Row]) -> str:
    """Returns " (generated has X, the reference has Y)" for some ids that do not match."""
    ids = sorted({one.figure_id for one in extra})
    open_ids = sorted({row.reference.figure_id for row in missing})
    if not ids or not open_ids:
        return f": {', '.join(map(shown, ids[:3]))}" if ids else ""
    return f" ({pairwise(ids, open_ids)})"


def pairwise(generated: Sequence[str], reference: Sequence[str], most: int = 3) -> str:
    """Returns ids that do not match, each beside the most similar one, escaped where unequal."""
    index = IdIndex(reference)
    parts = []
    for one in generated[:most]:
        near = index.nearest(one)
        parts.append(f"generated has '{_visible(one)}', the reference has '{_visible(near or '')}'")
    return "; ".join(parts)


def _visible(text: str) -> str:
    return "".join(
        char if char.isprintable() and char != "\u00a0" else f"\\u{ord(char):04x}" for char in text
    )


def no_pairs_hint(generated: Manifest, reference: Manifest) -> str:
    """Returns a sentence that shows ids of both sides, for the error that nothing matches."""
    ids = list(dict.fromkeys(one.figure_id for one in generated.figures))
    others = list(dict.fromkeys(one.figure_id for one in reference.figures))
    text = pairwise(ids, others)
    index = IdIndex(others)
    dashed = [one for one in ids if (match := DASHED.fullmatch(one)) and index.find(match[1])]
    if dashed:
        text += (
            f". {len(dashed)} names end in a number that is not set off by an underscore "
            f"('{_visible(dashed[0])}'): samples are <id>_<k>"
        )
    return f"{text[:1].upper()}{text[1:]}."


def few_samples(found: Sequence[Row], expected: int) -> list[str]:
    """Returns a warning where the number of samples rests on a few ids."""
    counts = Counter(row.reference.figure_id for row in found)
    full = sum(count >= expected for count in counts.values())
    if expected > 1 and full <= _FEW_SHARE * len(counts):
        return [
            f"{expected} samples are expected of every id because {full} of {len(counts)} ids "
            "have so many; the protocol's samples_per_prompt sets it."
        ]
    return []


def prompt_notes(found: Sequence[Row], reference: Manifest) -> list[str]:
    """Returns a warning where figures were drawn from another caption than their reference's."""
    captions = {row.figure_id: set(map(_plain, row.captions)) for row in reference.rows}
    both = differing = 0
    example = ""
    for row in found:
        prompt = row.generated.prompt if row.generated else None
        if not prompt or not (row.reference.prompt or captions.get(row.reference.figure_id)):
            continue
        both += 1
        allowed = {*captions.get(row.reference.figure_id, ()), _plain(row.reference.prompt or "")}
        if _plain(prompt) not in allowed:
            differing += 1
            example = example or row.reference.figure_id
    if not differing:
        return []
    return [
        f"{differing} of {both} prompts are not the caption of their reference (for example "
        f"'{shown(example)}'): check that ids and captions belong together."
    ]


def _plain(text: str) -> str:
    return " ".join(text.split()).casefold()
