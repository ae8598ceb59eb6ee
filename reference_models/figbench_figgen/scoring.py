"""Scores of a model in training: a few figures of the test split, the offline protocol."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import figbench
from figbench.data.load import load_manifest
from figbench.errors import FigbenchError
from figbench.results.files import write_result
from figbench_figgen.config import FigGenConfig
from figbench_figgen.sample import Request, Work, draw_batch


def score_pipeline(
    pipeline: Any, config: FigGenConfig, source: str, folder: Path
) -> dict[str, float]:
    """Samples figures of the test split and evaluates them.

    The figures stay in memory. The function runs on one process of a job. A benchmark that cannot
    run (for example for too few figures) is reported in ``not-scored.txt`` of the folder and does
    not stop the training.

    Args:
        pipeline: On its device.
        config: Sections ``run``, ``sample`` and ``data``.
        source: Data set; its split ``test`` where it has one.
        folder: For ``result.json``; created if it is absent.

    Returns:
        Metric id to value, of the metrics that could be measured.
    """
    manifest = _test_split(source, config)
    selected = manifest.select(manifest.figures[: config.run.evaluate_limit], "for scoring")
    folder.mkdir(parents=True, exist_ok=True)
    work = [Work(figure.figure_id, 0, figure.prompt or "") for figure in selected.figures]
    request = Request(
        seed=config.run.seed,
        guidance_scale=config.sample.guidance_scale,
        steps=min(50, config.sample.steps),
        eta=config.sample.eta,
        batch_size=config.sample.batch_size,
    )
    try:
        evaluator = figbench.Evaluator(figbench.Figures.from_manifest(selected), distributed=False)
        for first in range(0, len(work), request.batch_size):
            batch = work[first : first + request.batch_size]
            images = list(draw_batch(pipeline, batch, request))
            captions = [item.caption for item in batch]
            evaluator.update(images, [item.figure_id for item in batch], captions)
        result = evaluator.compute()
        write_result(result, folder)
    except FigbenchError as error:
        (folder / "not-scored.txt").write_text(str(error) + "\n", encoding="utf-8")
        return {}
    return {
        name: float(metric.value)
        for name, metric in result.metrics.items()
        if metric.value is not None
    }


def _test_split(source: str, config: FigGenConfig) -> Any:
    try:
        return load_manifest(source, split="test", caption=config.data.caption)
    except FigbenchError:
        return load_manifest(source)
