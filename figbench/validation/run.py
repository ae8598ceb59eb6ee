"""``validate``: evaluates every cell, resumable, and writes what each metric sees."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from figbench.errors import UserError
from figbench.evaluation import evaluate
from figbench.evaluation.planning.options import Options
from figbench.evaluation.progress import Progress, SilentProgress
from figbench.images.types import RGBImage
from figbench.io.atomic import write_text_atomic
from figbench.io.json_files import dump_json, read_json
from figbench.protocol import Protocol
from figbench.synthfig.degrade import LEVELS, get_flaw
from figbench.validation.cells import CLEAN, Cell, Source, cells, synthetic_source, write_cell
from figbench.validation.cost import measured_costs
from figbench.validation.document import build_document
from figbench.validation.effects import Measurement
from figbench.validation.measurements import read_run
from figbench.validation.merge import merge_documents
from figbench.validation.scores import read_scores
from figbench.validation.tables import markdown

OPTIONS = Options(skip_unavailable=True, allow_rejects=True, allow_unpaired=True)


@dataclass(frozen=True, slots=True)
class Request:
    """What to validate.

    Attributes:
        out: Folder of the figures, runs and results; a second run goes on where one stopped.
        protocol: Whose metrics are validated.
        n: Figures of the SynthFig reference, or the most taken from ``reference``.
        seed: Of the figures and the changes.
        reference: A real reference set; None for SynthFig.
        flaws: Names; None for all.
        levels: Among 1 to 5.
        metrics: Requests among the protocol's; None for all.
        scores: ``name=file`` or ``name=file:lower`` of other tools' scores of the same figures.
        finished: Compute nothing; report the cells that an earlier run finished.
        structure: Graph readers, ``exact`` and ``svg``, whose scores are validated too.
        merge: Folders of other validations whose metrics join this one's; without metrics of
            its own the run only merges.
        store: Feature store.
        cost: Whether to time each metric.
    """

    out: Path
    protocol: Protocol
    n: int = 100
    seed: int = 0
    reference: Path | None = None
    flaws: tuple[str, ...] | None = None
    levels: tuple[int, ...] = LEVELS
    metrics: tuple[str, ...] | None = None
    scores: tuple[str, ...] = ()
    structure: tuple[str, ...] = ()
    finished: bool = False
    merge: tuple[Path, ...] = ()
    store: Path | None = None
    cost: bool = True


def validate(request: Request, progress: Progress = SilentProgress()) -> dict[str, Any]:  # noqa: B008
    """Evaluates every cell and writes ``validation.json``, ``.md``, ``.png`` and ``.svg``.

    Cells that an earlier run in the same folder finished are read, not computed.

    Args:
        request: What to validate.
        progress: Receives stages.

    Returns:
        The document of ``validation.json``.

    Raises:
        UserError: If the folder holds another validation, or an argument is out of range.
    """
    if request.n < 8:
        raise UserError(f"--n {request.n}: too few figures.", remedy="Use --n 8 or more.")
    for name in request.flaws or ():
        get_flaw(name)
    _claim(request)
    if request.metrics == ():
        document = _merged(request, None)
        write_outputs(request.out, document)
        return document
    folder = request.out / "reference"
    with progress.stage("drawing the reference"):
        source = (
            real_source(request.reference, request.n)
            if request.reference
            else synthetic_source(folder, request.n, request.seed)
        )
    reference = request.reference or folder
    clean = _run(request, source, None, reference, progress)
    done: dict[str, dict[int, dict[str, Measurement]]] = {}
    todo = cells(request.flaws, request.levels, source.synthetic)
    for cell in todo:
        if request.finished and not (request.out / "runs" / cell.name / "result.json").is_file():
            continue
        measurements = _run(request, source, cell, reference, progress)
        done.setdefault(cell.flaw.name, {})[cell.level] = measurements
    costs = _costs(request, reference) if request.cost else {}
    foreign = [read_scores(text, dict(_papers(clean))) for text in request.scores]
    for scores in foreign:
        clean |= scores.clean
        for name, levels in scores.cells.items():
            for level, measured in levels.items():
                done.setdefault(name, {}).setdefault(level, {}).update(measured)
    if request.structure and source.synthetic:
        _add_structure(request, clean, done)
    own = build_document(clean, done, costs, _settings(request, len(source.ids)))
    document = _merged(request, own)
    write_outputs(request.out, document)
    return document


def _add_structure(
    request: Request,
    clean: dict[str, Measurement],
    done: dict[str, dict[int, dict[str, Measurement]]],
) -> None:
    from figbench.validation.structure import structure_measurements

    first, levels = structure_measurements(
        request.n, request.seed, request.levels, request.flaws, request.structure,
        folder=request.out / "structure", finished=request.finished,
    )  # fmt: skip
    clean |= first
    for name, by_level in levels.items():
        for level, measurements in by_level.items():
            done.setdefault(name, {}).setdefault(level, {}).update(measurements)


def _merged(request: Request, own: dict[str, Any] | None) -> dict[str, Any]:
    """Returns the run's document with those of ``--merge``; without metrics, structure alone."""
    documents = [own] if own else []
    if own is None and request.structure:
        clean: dict[str, Measurement] = {}
        done: dict[str, dict[int, dict[str, Measurement]]] = {}
        _add_structure(request, clean, done)
        documents.append(build_document(clean, done, {}, _settings(request, request.n)))
    documents += [read_json(folder / "validation.json") for folder in request.merge]
    return merge_documents(documents)


def write_outputs(out: Path, document: dict[str, Any]) -> None:
    """Writes the JSON, the Markdown and the heat map."""
    from figbench.validation.plots import write_heat_map

    write_text_atomic(out / "validation.json", dump_json(document))
    write_text_atomic(out / "validation.md", markdown(document))
    for suffix in (".png", ".svg"):
        write_heat_map(document, out / f"validation{suffix}")


def _papers(clean: dict[str, Measurement]) -> dict[str, str]:
    return dict(next(iter(clean.values())).clusters) if clean else {}


def _run(
    request: Request, source: Source, cell: Cell | None, reference: Path, progress: Progress
) -> dict[str, Measurement]:
    name = cell.name if cell else CLEAN
    figures, run = request.out / "figures" / name, request.out / "runs" / name
    if not (run / "result.json").is_file():
        with progress.stage(f"{name}"):
            write_cell(figures, source, cell, request.seed)
            evaluate(
                figures, reference, request.protocol,
                list(request.metrics) if request.metrics else None,
                output=run, store=request.store or request.out / "store", options=OPTIONS,
                command=["figbench", "validate-metrics"],
            )  # fmt: skip
    return read_run(run)


def _costs(request: Request, reference: Path) -> dict[str, float]:
    path = request.out / "cost.json"
    if path.is_file():
        costs: dict[str, float] = json.loads(path.read_text(encoding="utf-8"))
        return costs
    costs = measured_costs(
        request.out / "figures" / CLEAN, reference, request.protocol, request.metrics
    )
    write_text_atomic(path, dump_json(costs))
    return costs


def _settings(request: Request, n: int) -> dict[str, Any]:
    return {
        "n": n,
        "seed": request.seed,
        "protocol": request.protocol.id,
        "protocol_hash": request.protocol.hash,
        "reference": str(request.reference.name) if request.reference else "SynthFig",
        "levels": sorted(request.levels),
    }


def _claim(request: Request) -> None:
    marker = request.out / "validation.settings.json"
    settings = dump_json(
        {"n": request.n, "seed": request.seed, "protocol": request.protocol.hash,
         "metrics": list(request.metrics or ()),
         "reference": str(request.reference) if request.reference else None}
    )  # fmt: skip
    if marker.is_file():
        if marker.read_text(encoding="utf-8") != settings:
            raise UserError(
                f"{request.out}: holds a validation of another --n, --seed, --protocol, --metrics "
                "or --reference.",
                remedy="Choose another --out, or repeat the earlier options to resume.",
            )
        return
    if request.out.exists() and any(request.out.iterdir()):
        raise UserError(f"{request.out}: holds other files.", remedy="Choose another --out.")
    write_text_atomic(marker, settings)


def real_source(reference: Path, n: int) -> Source:
    """Reads real figures; the clean set is the references themselves.

    Args:
        reference: Any layout that ``evaluate`` reads.
        n: Take at most this many, evenly spread.
    """
    from figbench.data.load import load_manifest
    from figbench.images.decode import decode

    manifest = load_manifest(reference)
    figures = manifest.figures
    step = max(1, len(figures) // n)
    selected = figures[::step][:n]
    images: list[RGBImage] = [
        np.asarray(decode(manifest.read(figure)).image) for figure in selected
    ]
    return Source([figure.figure_id for figure in selected], images, images)


__all__ = ["Request", "validate", "write_outputs"]
