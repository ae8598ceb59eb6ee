"""Scores of a model in training: a few figures of the test split, the offline protocol."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import figbench
from figbench.data.layouts.serialization import save_manifest
from figbench.data.load import load_manifest
from figbench.errors import FigbenchError
from figbench_figgen.config import FigGenConfig
from figbench_figgen.sample import Request, Work, draw_all


def score_pipeline(
    pipeline: Any, config: FigGenConfig, source: str, folder: Path
) -> dict[str, float]:
    """Samples, evaluates, and returns ``{metric id: value}`` of what could be measured.

    A benchmark that cannot run (too few figures, say) is reported in the folder's
    ``not-scored.txt`` and does not stop the training.
    """
    manifest = _test_part(source, config)
    chosen = manifest.select(manifest.figures[: config.run.evaluate_limit], "for scoring")
    folder.mkdir(parents=True, exist_ok=True)
    reference = folder / "reference.jsonl"
    save_manifest(chosen, reference)
    work = [Work(one.figure_id, 0, one.prompt or "") for one in chosen.figures]
    request = Request(
        seed=config.run.seed,
        guidance_scale=config.sample.guidance_scale,
        steps=min(50, config.sample.steps),
        eta=config.sample.eta,
        batch_size=config.sample.batch_size,
    )
    draw_all(pipeline, work, request, folder / "figures")
    try:
        result = figbench.evaluate(str(folder / "figures"), str(reference), output=folder)
    except FigbenchError as error:
        (folder / "not-scored.txt").write_text(str(error) + "\n", encoding="utf-8")
        return {}
    return {
        name: float(metric.value)
        for name, metric in result.metrics.items()
        if metric.value is not None
    }


def _test_part(source: str, config: FigGenConfig) -> Any:
    try:
        return load_manifest(source, split="test", caption=config.data.caption)
    except FigbenchError:
        return load_manifest(source)
