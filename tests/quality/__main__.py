"""figbench's own quality gate.

``python -m tests.quality draw FOLDER`` draws the figures that it scores: the reference is SynthFig;
half of the generated figures are redrawn well, half have garbled text, so that every metric is
somewhere between its ends and can move both ways.

``python -m tests.quality keep RUN`` makes a run the committed baseline.
"""

import json
import shutil
import sys
from pathlib import Path

from figbench.synthfig import degraded, iter_synthfig, png_bytes, synthesize

N, SEED = 16, 20261123
BASELINE = Path(__file__).parent / "baseline"


def draw(out: Path) -> None:
    """Writes ``reference/`` and ``generated/``; the same bytes on every machine."""
    synthesize(out / "reference", N, SEED, test_fraction=1.0)
    made = list(iter_synthfig(N, SEED, test_fraction=1.0))
    scenes = [one.scene for one in made]
    folder = out / "generated"
    folder.mkdir(parents=True, exist_ok=True)
    pictures = [list(degraded(flaw, scenes, SEED)) for flaw in ("redrawn", "garbled")]
    for place, one in enumerate(made):
        (folder / f"{one.figure_id}.png").write_bytes(png_bytes(pictures[place % 2][place]))


def keep(run: Path) -> None:
    """Copies what the gate reads; the store stays where it was, and is not named."""
    BASELINE.mkdir(exist_ok=True)
    document = json.loads((run / "result.json").read_text(encoding="utf-8"))
    document["store"] = None
    text = json.dumps(document, indent=1, sort_keys=True)
    (BASELINE / "result.json").write_text(text + "\n", encoding="utf-8")
    shutil.copyfile(run / "per_figure.parquet", BASELINE / "per_figure.parquet")


{"draw": draw, "keep": keep}[sys.argv[1]](Path(sys.argv[2]))
