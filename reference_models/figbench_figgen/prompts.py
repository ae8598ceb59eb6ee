"""What to draw: captions with their figure ids, from any set that figbench reads."""

from __future__ import annotations

from pathlib import Path

from figbench.data.load import load_manifest
from figbench.errors import UserError
from figbench_figgen.sample import Work

_DATASET = "paper2fig100k"
_FOLDER = "Paper2Fig100k"


def load_prompts(
    source: str, *, caption: str, samples: int, limit: int | None
) -> tuple[list[Work], list[str]]:
    """Returns the figures to draw and notes for a person.

    Args:
        source: A set of figures with captions, ``ROOT:train`` or ``ROOT:test``,
            ``paper2fig100k:test`` (the folder Paper2Fig100k here), or a ``.txt`` file with one
            caption a line.
        caption: Caption field of a Paper2Fig100k root.
        samples: Figures per caption.
        limit: Only the first so many captions.

    Raises:
        UserError: If there is no caption.
    """
    if samples < 1 or (limit is not None and limit < 1):
        raise UserError("samples per prompt and limit must be at least 1.")
    pairs, notes = _from_text(source) if source.endswith(".txt") else _from_set(source, caption)
    if not pairs:
        raise UserError(
            f"{source}: no caption there ({'; '.join(notes) or 'the set is empty'}).",
            remedy="See what is there with: figbench data inspect PATH",
        )
    chosen = pairs[:limit]
    return [Work(name, k, text) for name, text in chosen for k in range(samples)], notes


def _from_text(source: str) -> tuple[list[tuple[str, str]], list[str]]:
    try:
        lines = Path(source).read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{source}: cannot be read ({error}).") from None
    texts = [line.strip() for line in lines if line.strip()]
    return [(f"prompt-{i:05d}", text) for i, text in enumerate(texts)], []


def _from_set(source: str, caption: str) -> tuple[list[tuple[str, str]], list[str]]:
    path, split = _split(source)
    manifest = load_manifest(path, split=split, caption=caption)
    first = {}
    for figure in manifest.figures:
        if figure.prompt:
            first.setdefault(figure.figure_id, figure.prompt)
    ids = {figure.figure_id for figure in manifest.figures}
    notes = [f"{len(ids) - len(first)} figures have no caption"] if len(first) < len(ids) else []
    return list(first.items()), notes


def _split(source: str) -> tuple[str, str | None]:
    path, separator, split = source.rpartition(":")
    if not separator or split not in ("train", "test") or Path(source).exists():
        path, split = source, ""
    if path == _DATASET and not Path(path).exists():
        path = _FOLDER
        if not Path(path).is_dir():
            raise UserError(
                f"{source}: {_FOLDER} is not in this folder.",
                remedy="figbench data download paper2fig100k, or give the path of its root.",
            )
    return path, split or None
