"""``Evaluator``: scores of images that arrive in batches, without files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from figbench.data.figures import Figures, FigureSource, ordered
from figbench.data.manifest import Manifest
from figbench.data.types import Figure, Reject
from figbench.errors import FigbenchError, UserError
from figbench.evaluation import evaluator_figures
from figbench.evaluation.distributed.gather import agree, gather, world
from figbench.evaluation.distributed.run import run_networks
from figbench.evaluation.distributed.shard import share
from figbench.evaluation.evaluate import evaluate
from figbench.evaluation.evaluator_state import require_same
from figbench.evaluation.planning.inputs import load_reference
from figbench.evaluation.planning.options import Options
from figbench.evaluation.planning.prepare import Prepared, prepare
from figbench.evaluation.planning.shard import Shard
from figbench.evaluation.planning.workload import image_key, workload_of
from figbench.evaluation.progress import SilentProgress
from figbench.evaluation.references.pack import is_pack
from figbench.features.reuse import Networks, reusing
from figbench.images.arrays import UNIT, ValueRange
from figbench.protocol import Protocol
from figbench.results.schema import ModelCard, RunResult
from figbench.store import MemoryStore, default_store
from figbench.store.memory import Records

BUFFER = 64
"""Number of images that are buffered before the networks run on them."""
STATE_VERSION = 1
MANY = 2**31
"""Larger than any metric's minimum number of figures."""


class Evaluator:
    """Scores generated figures batch by batch, in a training loop or a notebook.

    ``update`` takes images, ``compute`` returns the same :class:`RunResult` as ``evaluate`` on a
    folder of them, ``reset`` starts anew. Networks and everything computed about the reference stay
    in memory from one ``compute`` to the next. Nothing is written to disk, except that a
    ``.figref`` file is unpacked into the store.

    Inside an initialised ``torch.distributed`` job each process updates with its own images;
    ``compute`` gathers them and returns one result on every process. The same figure on several
    processes (the padding of a ``DistributedSampler``) counts once.

    Args:
        reference: Folder, archive, index, ``.figref`` file or :class:`Figures`.
        protocol: A shipped name, a YAML path or a :class:`Protocol`.
        metrics: A selection among the protocol's metrics; None for all.
        options: How runs behave (``device``, ``allow_unpaired``, ``skip_unavailable``, ...).
        store: Folder of a store whose features of the reference are read, for example the one of
            ``figbench reference build``; None for none.
        model: Model card, recorded in results.
        process_group: Group of ``torch.distributed``; None for the default group.
        distributed: False leaves ``torch.distributed`` alone: each process has its own result.

    Raises:
        UserError: If the protocol or reference cannot be read, or a metric is unknown.

    >>> import numpy as np
    >>> pages = np.random.default_rng(0).integers(0, 256, (4, 32, 32, 3), dtype=np.uint8)
    >>> reference = Figures.from_images(pages, ["a", "b", "c", "d"])
    >>> evaluator = Evaluator(reference, metrics=["ssim"])
    >>> evaluator.update(pages[:2], ["a", "b"])
    >>> evaluator.update(pages[2:], ["c", "d"])
    >>> evaluator.compute().value("ssim")
    1.0
    """

    def __init__(
        self,
        reference: FigureSource,
        protocol: str | Path | Protocol = "offline",
        metrics: Sequence[str] | None = None,
        *,
        options: Options = Options(),
        store: str | Path | None = None,
        model: ModelCard | None = None,
        process_group: Any = None,
        distributed: bool = True,
    ) -> None:
        self.protocol = protocol if isinstance(protocol, Protocol) else Protocol.load(protocol)
        self.metrics = None if metrics is None else tuple(metrics)
        self._options, self._model = options, model
        self._group, self._distributed = process_group, distributed
        base = Path(store) if store else None
        if base is None and isinstance(reference, str | Path) and is_pack(Path(reference)):
            base = default_store()
        self._store = MemoryStore(base)
        self._networks: Networks = {}
        manifest = load_reference(reference, self.protocol, self._store)
        self._reference = Figures.from_manifest(manifest)
        # Fails on unknown metrics and missing weights before any image is scored.
        self._prepare(self._reference, reference_only=True)
        self._reference_keys = {image_key(figure) for figure in manifest.figures}
        self._keys: set[bytes] = set()
        self.reset()

    def __len__(self) -> int:
        """Number of images since the last reset, on this process."""
        return len(self._figures) + len(self._rejects) + self._pending_count

    def reset(self) -> None:
        """Forgets the generated images; networks and the reference stay loaded."""
        self._figures: list[Figure] = []
        self._rejects: list[Reject] = []
        self._pending: list[Manifest] = []
        self._pending_count = 0
        self._samples: dict[str, int] = {}
        self._store.discard(self._keys - self._reference_keys)
        self._keys = set()

    def update(
        self,
        images: Any,
        figure_ids: Sequence[str] | None = None,
        prompts: Sequence[str | None] | None = None,
        *,
        samples: Sequence[int] | None = None,
        value_range: ValueRange = UNIT,
    ) -> None:
        """Adds images.

        Args:
            images: PIL images, uint8 arrays (n, h, w, 3), torch tensors (n, 3, h, w) or a list of
                single images.
            figure_ids: Reference id of each image; None numbers them (for unpaired metrics).
            prompts: Caption of each image, recorded only.
            samples: 0-based sample index of each image; None counts the images of an id since the
                last reset.
            value_range: Range of float images, (0, 1) or (-1, 1).

        Raises:
            UserError: If an image is not usable or lengths differ; nothing is added then.
        """
        numbered = figure_ids is None
        batch = Figures.from_images(
            images, figure_ids, prompts, samples=samples, value_range=value_range
        ).load()
        if numbered:
            batch = evaluator_figures.renumbered(batch, len(self))
        figures = evaluator_figures.count_samples(
            batch.figures, self._samples, given=samples is not None
        )
        self._pending.append(replace(batch, figures=figures))
        self._pending_count += len(batch.figures) + len(batch.rejects)
        if self._pending_count >= BUFFER:
            self._flush()

    def compute(self) -> RunResult:
        """Returns the scores of all images since the last reset.

        Raises:
            UserError: If there is no image, or as :func:`figbench.evaluate`.
        """
        error: str | None = None
        try:
            self._flush()
        except FigbenchError as problem:
            error = str(problem)
        self._agree(error)
        generated = self._gathered()
        if not generated.figures and not generated.rejects:
            raise UserError(
                "compute: no image since the last reset.", remedy="Call update(images, figure_ids)."
            )
        source = Figures.from_manifest(generated)
        with reusing(self._networks):
            self._compute_shared(source)
            return evaluate(
                source,
                self._reference,
                self.protocol,
                self.metrics,
                store=self._store,
                options=self._options,
                model=self._model,
                command=["figbench.Evaluator"],
            )

    def state_dict(self) -> dict[str, Any]:
        """Returns the images since the last reset as records and features, for a checkpoint."""
        self._flush()
        return {
            **self._identity(),
            "figures": [asdict(figure) for figure in self._figures],
            "rejects": [asdict(reject) for reject in self._rejects],
            "samples": dict(self._samples),
            "records": self._store.records(self._keys),
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Replaces the images by those of :meth:`state_dict`.

        Raises:
            UserError: If the state is of another protocol, reference or version.
        """
        self._require_same(state)
        self.reset()
        self._add_records(state["records"])
        self._figures = [Figure(**record) for record in state["figures"]]
        self._rejects = [Reject(**record) for record in state["rejects"]]
        self._samples = dict(state["samples"])

    def merge(self, state: Mapping[str, Any]) -> None:
        """Adds the images of another evaluator's :meth:`state_dict`.

        An image with the same id, sample and bytes counts once; another image of the same
        id and sample becomes the next sample.

        Raises:
            UserError: As :meth:`load_state_dict`.
        """
        self._flush()
        self._require_same(state)
        self._add_records(state["records"])
        figures = {(figure.figure_id, figure.sample): figure for figure in self._figures}
        for record in state["figures"]:
            evaluator_figures.add_figure(figures, Figure(**record))
        self._figures = list(figures.values())
        self._rejects += [Reject(**record) for record in state["rejects"]]

    def _require_same(self, state: Mapping[str, Any]) -> None:
        require_same(state, self._identity())

    def _identity(self) -> dict[str, Any]:
        return {
            "version": STATE_VERSION,
            "protocol": self.protocol.hash,
            "reference": self._reference.load().digest,
        }

    def _add_records(self, records: Records) -> None:
        self._store.add(records)
        self._keys.update(key for _, added in records.values() for key in added)

    def _world(self) -> tuple[int, int]:
        return world(self._group) if self._distributed else (0, 1)

    def _agree(self, error: str | None) -> None:
        if self._world()[1] > 1:
            agree(error, self._group)
        elif error is not None:
            raise UserError(error)

    def __getstate__(self) -> dict[str, Any]:
        """Networks are loaded anew after unpickling; a process group stays in its process."""
        return {**self.__dict__, "_networks": {}, "_group": None}

    def _prepare(self, generated: Figures, *, reference_only: bool = False) -> Prepared:
        options = replace(self._options, allow_unpaired=True, allow_rejects=True, strict=False)
        return prepare(
            generated,
            self._reference,
            self.protocol,
            self.metrics,
            store=self._store,
            options=options,
            reference_only=reference_only,
            expected_figures=MANY,
        )

    def _flush(self) -> None:
        """Runs the networks on the buffered images; only records and features stay."""
        pending, self._pending, self._pending_count = self._pending, [], 0
        if not pending:
            return
        figures = tuple(figure for batch in pending for figure in batch.figures)
        contents = {key: data for batch in pending for key, data in batch.contents.items()}
        merged = replace(pending[0], figures=figures, contents=contents, rejects=())
        if figures:
            prepared = self._prepare(Figures.from_manifest(merged))
            groups = [evaluator_figures.own_jobs(group) for group in prepared.workload.groups]
            work = workload_of([group for group in groups if group.jobs])
            with reusing(self._networks):
                run_networks(replace(prepared, workload=work), self._options, SilentProgress())
            self._keys.update(evaluator_figures.keys_of(prepared))
        self._figures += figures
        self._rejects += [reject for batch in pending for reject in batch.rejects]

    def _gathered(self) -> Manifest:
        """Returns the figures of all processes; their features come into the store."""
        size = self._world()[1]
        records = self._store.records() if size > 1 else {}
        own = (self._figures, self._rejects, records)
        gathered = gather(own, self._group) if size > 1 else [own]
        figures: dict[tuple[str, int], Figure] = {}
        rejects: list[Reject] = []
        for process_figures, process_rejects, process_records in gathered:
            self._store.add(process_records)
            rejects += process_rejects
            for figure in process_figures:
                evaluator_figures.add_figure(figures, figure)
        return ordered(figures.values(), rejects)

    def _compute_shared(self, generated: Figures) -> None:
        """Computes references and blank pages: each process a share, then all exchange them."""
        rank, count = self._world()
        if count == 1:
            return
        prepared = self._prepare(generated)
        work = share(prepared.workload, Shard(rank, count, rank))
        error: str | None = None
        try:
            run_networks(replace(prepared, workload=work), self._options, SilentProgress())
        except FigbenchError as problem:
            error = str(problem)
        self._agree(error)
        keys = [job.key for group in work.groups for job in group.jobs]
        for records in gather(self._store.records(keys), self._group):
            self._store.add(records)
