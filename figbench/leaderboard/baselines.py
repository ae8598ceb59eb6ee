"""Floor and ceilings of a board, drawn from the reference set itself."""

from __future__ import annotations

import shlex
from dataclasses import replace
from pathlib import Path

import numpy as np

from figbench.data.layouts.serialization import save_manifest
from figbench.data.load import load_manifest
from figbench.data.manifest import Manifest
from figbench.data.types import Figure
from figbench.errors import UserError
from figbench.io.atomic import atomic_path

FLOOR, SHUFFLED, BLANK = "real-vs-real", "shuffled-captions", "blank-page"
HALF_NAME = "half.jsonl"


def draw_baselines(reference: str, out: Path, *, seed: int) -> dict[str, tuple[str, str]]:
    """Writes the figures of each baseline and returns (figures, reference) to score, by name.

    ``real-vs-real``: half of the reference figures under the names of the other half, to be
    scored against that other half: the distance between two sets of real figures, at half the
    number. ``shuffled-captions``: every reference figure under the name of another paper's, so
    the pictures are real and answer the wrong caption. ``blank-page``: white pages. Documents
    beside the reference figures are copied too; a white page has a white SVG there.

    Args:
        reference: Reference set, in any layout.
        out: New or empty folder.
        seed: Of the split and of the shuffle.

    Raises:
        UserError: If ``out`` holds files, or there are fewer than four figures or two papers.
    """
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise UserError(f"{out}: holds files.", remedy="Choose a new folder with --out.")
    manifest = load_manifest(reference)
    order = np.random.default_rng(seed).permutation(len(manifest.figures))
    figures = [manifest.figures[index] for index in order]
    papers = {_paper(figure) for figure in figures}
    if len(figures) < 4 or len(papers) < 2:
        raise UserError(f"{reference}: {len(figures)} figures of {len(papers)} papers are too few.")
    half = len(figures) // 2
    first_half, second_half = figures[:half], figures[half : 2 * half]
    for name, pairs in (
        (FLOOR, list(zip(first_half, second_half, strict=True))),
        (SHUFFLED, _moved(figures)),
    ):
        for source, prompt in pairs:
            _copy(manifest, source, out / name / prompt.figure_id)
    for figure in figures:
        _write(out / BLANK / f"{figure.figure_id}.png", _white(figure))
        if figure.source is not None:
            _write(out / BLANK / f"{figure.figure_id}.svg", _white_svg(figure))
    ids = {figure.figure_id for figure in second_half}
    halved = _absolute(manifest).select(
        [figure for figure in manifest.figures if figure.figure_id in ids], f"half, seed {seed}"
    )
    save_manifest(halved, out / HALF_NAME)
    scored = {FLOOR: str(out / HALF_NAME), SHUFFLED: reference, BLANK: reference}
    return {
        name: (shlex.quote(str(out / name)), shlex.quote(halved)) for name, halved in scored.items()
    }


def _moved(figures: list[Figure]) -> list[tuple[Figure, Figure]]:
    """Pairs every figure with a prompt of another paper, by rotating the sorted list.

    Rotating the list sorted by paper by the size of the largest paper gives every figure a prompt
    of another paper, unless one paper holds more than half of all figures.
    """
    ordered = sorted(figures, key=_paper)
    sizes = [sum(_paper(each) == paper for each in ordered) for paper in {*map(_paper, ordered)}]
    step = max(sizes)
    turned = ordered[step:] + ordered[:step]
    return list(zip(turned, ordered, strict=True))


def _paper(figure: Figure) -> str:
    return figure.paper_id or figure.figure_id


def _absolute(manifest: Manifest) -> Manifest:
    return replace(manifest, root=str(Path(manifest.root).resolve()))


def _white(figure: Figure) -> bytes:
    from io import BytesIO

    from PIL import Image

    buffer = BytesIO()
    Image.new("RGB", (figure.width, figure.height), "white").save(buffer, format="PNG")
    return buffer.getvalue()


def _white_svg(figure: Figure) -> bytes:
    size = f'width="{figure.width}" height="{figure.height}"'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size}/>\n'.encode()


def _copy(manifest: Manifest, figure: Figure, target: Path) -> None:
    """Writes a figure, and its source document if it has one, under another name."""
    _write(target.with_name(target.name + Path(figure.path).suffix), manifest.read(figure))
    document = manifest.read_document(figure)
    if figure.source is not None and document is not None:
        _write(target.with_name(target.name + _suffix(figure.source)), document)


def _suffix(source: str) -> str:
    """Returns the suffix of a document; ``.graph.json`` is a suffix of two parts."""
    return ".graph.json" if source.endswith(".graph.json") else Path(source).suffix


def _write(target: Path, data: bytes) -> None:
    with atomic_path(target) as temporary:
        temporary.write_bytes(data)
