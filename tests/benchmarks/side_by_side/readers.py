"""figbench's readers beside the stock engines: CPU time in turns, and every difference of text.

::

    python -m tests.benchmarks.side_by_side.readers --n 2 --rounds 5 --out DIR

One process and one thread; in each round every engine reads the round's figures (SynthFig at
512 px). Writes ``readers.json`` and ``readers.md``.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from tests.benchmarks.side_by_side.machine import machine
from tests.benchmarks.side_by_side.report import Table, markdown, spread, write_json

Texts = list[str]
STOCK = {"rapidocr": "RapidOCR, stock", "easyocr": "EasyOCR, stock"}
FIGBENCH = {"rapidocr": "RapidOCR in figbench", "easyocr": "EasyOCR in figbench"}


def main(arguments: list[str] | None = None) -> None:
    """Runs all engines in turns."""
    parser = argparse.ArgumentParser(prog="readers", description=__doc__.splitlines()[0])
    parser.add_argument("--n", type=int, default=8, help="Figures of a round.")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--engines", nargs="+", default=list(STOCK), choices=list(STOCK))
    parser.add_argument("--out", type=Path, required=True, help="Folder for the results.")
    chosen = parser.parse_args(arguments)
    chosen.out.mkdir(parents=True, exist_ok=True)
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    import torch

    from figbench.images.preprocess import preprocess
    from figbench.synthfig import iter_synthfig

    torch.set_num_threads(1)
    total = chosen.n * (chosen.rounds + 1)
    images = [preprocess(one.image, "pad512", "bicubic") for one in iter_synthfig(total, 29)]
    document: dict[str, Any] = {
        "part": "readers",
        "settings": {"n": chosen.n, "rounds": chosen.rounds},
        "machine": machine("cpu"),
        "runs": [],
    }
    engines = {name: (stock(name), from_figbench(name)) for name in chosen.engines}
    for turn in range(chosen.rounds + 1):
        some = images[turn * chosen.n : (turn + 1) * chosen.n]
        for name, pair in engines.items():
            texts, seconds = [], []
            for read in pair:
                start = time.process_time()
                texts.append([read(image) for image in some])
                seconds.append(time.process_time() - start)
            # The first round warms up.
            if turn:
                document["runs"].append(record(name, turn, seconds, texts))
                write_json(document, chosen.out / "readers.json")
                sys.stderr.write(f"{document['runs'][-1]}\n")
    (chosen.out / "readers.md").write_text(markdown("readers", document, tables(document)))


def record(name: str, turn: int, seconds: list[float], texts: list[list[Texts]]) -> dict[str, Any]:
    """Returns the record of a round: CPU seconds, lines, and the lines that differ."""
    pairs = list(zip(*texts, strict=True))
    return {
        "engine": name,
        "round": turn,
        "stock_s": seconds[0],
        "figbench_s": seconds[1],
        "figures": len(pairs),
        "lines": sum(len(stock_lines) for stock_lines, _ in pairs),
        "differences": [
            {"stock": stock_lines, "figbench": lines}
            for stock_lines, lines in pairs
            if stock_lines != lines
        ],
    }


def stock(name: str) -> Callable[[Any], Texts]:
    """Returns the engine as its package runs it, with the settings of figbench's."""
    if name == "rapidocr":
        from rapidocr import RapidOCR

        settings = {
            "Global.use_cls": False,
            "Global.log_level": "critical",
            "EngineConfig.onnxruntime.intra_op_num_threads": 1,
        }
        engine = RapidOCR(params=settings)
        return lambda image: list(engine(np.ascontiguousarray(image[..., ::-1])).txts or ())
    import cv2
    import easyocr

    from figbench.features.weights import require_weights

    folder = Path(require_weights("craft")).parent
    reader = easyocr.Reader(
        ["en"], gpu=False, model_storage_directory=str(folder), download_enabled=False,
        verbose=False, quantize=False,
    )  # fmt: skip

    def read(image: Any) -> Texts:
        # Of an array EasyOCR's detector sees red and blue exchanged, of bytes its recogniser
        # does; of a file neither.
        with tempfile.TemporaryDirectory() as folder:
            path = f"{folder}/figure.png"
            cv2.imwrite(path, np.ascontiguousarray(image[..., ::-1]))
            return [text for _, text, _ in reader.readtext(path)]

    return read


def from_figbench(name: str) -> Callable[[Any], Texts]:
    """Returns figbench's engine."""
    from figbench.ocr import load_engine

    engine = load_engine(name)
    return lambda image: [line.text for line in engine.read(image)]


def tables(document: dict[str, Any]) -> list[Table]:
    """Returns CPU milliseconds per figure, ratios of the rounds, and counts of differences."""
    rows = []
    for name in STOCK:
        runs = [run for run in document["runs"] if run["engine"] == name]
        if not runs:
            continue
        figures = sum(run["figures"] for run in runs)
        ratios = [run["stock_s"] / run["figbench_s"] for run in runs]
        differing = sum(len(run["differences"]) for run in runs)
        rows.append(
            [
                STOCK[name],
                f"{1000 * sum(run['stock_s'] for run in runs) / figures:.0f}",
                f"{1000 * sum(run['figbench_s'] for run in runs) / figures:.0f}",
                spread(ratios, 2),
                f"{differing} of {figures}",
                str(sum(run["lines"] for run in runs)),
            ]
        )
    head = (
        "peer",
        "peer, ms",
        "figbench, ms",
        "peer / figbench",
        "figures whose text differs",
        "lines",
    )
    return [Table(head, rows, "CPU milliseconds per figure of 512 px, one thread.")]


if __name__ == "__main__":
    main()
