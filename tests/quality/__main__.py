"""Draws the figures of figbench's own quality gate: ``python -m tests.quality FOLDER``.

The reference is SynthFig; half of the generated figures are redrawn well, half have garbled text,
so that every metric is somewhere between its ends and can move both ways.
"""

import sys
from pathlib import Path

from figbench.data.synthfig import degraded, iter_synthfig, png_bytes, synthesize

N, SEED = 16, 20261123


def main(out: Path) -> None:
    """Writes ``reference/`` and ``generated/``; the same bytes on every machine."""
    synthesize(out / "reference", N, SEED, test_fraction=1.0)
    made = list(iter_synthfig(N, SEED, test_fraction=1.0))
    scenes = [one.scene for one in made]
    folder = out / "generated"
    folder.mkdir(parents=True, exist_ok=True)
    pictures = [list(degraded(flaw, scenes, SEED)) for flaw in ("redrawn", "garbled")]
    for place, one in enumerate(made):
        (folder / f"{one.figure_id}.png").write_bytes(png_bytes(pictures[place % 2][place]))


main(Path(sys.argv[1]))
