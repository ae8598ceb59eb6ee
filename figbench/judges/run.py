"""``judge``: two sets, one judge, verdicts with error bars and the judge's card."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from figbench._version import __version__
from figbench.data.load import load_manifest
from figbench.data.manifest import Manifest
from figbench.errors import UserError
from figbench.io.atomic import write_text_atomic
from figbench.io.json_files import dump_json, read_json
from figbench.judges.calibrate import fingerprint_of
from figbench.judges.calls.ledger import Ledger
from figbench.judges.images import ImageFolder
from figbench.judges.materials import Materials
from figbench.judges.measures.card import instrument_card
from figbench.judges.measures.fingerprint import FINGERPRINT_NAME
from figbench.judges.measures.summary import scores, votes
from figbench.judges.plan import Plan, Planner, items_of
from figbench.judges.protocol import JudgeProtocol
from figbench.judges.session import (
    CARD_NAME,
    JUDGE_NAME,
    LEDGER_NAME,
    VOTES_NAME,
    Advance,
    JudgeSettings,
    calls_document,
    execute,
    identity_of,
    opened,
    preview,
)
from figbench.judges.trials import GENERATED, REFERENCE

MAX_CARD_BYTES = 64 * 2**20


@dataclass(frozen=True, slots=True)
class JudgeResult:
    """Outcome of a run.

    Attributes:
        out: Folder with judge.json, card.json, verdicts.parquet, votes.jsonl and pictures/.
        document: Content of judge.json.
        card: Content of card.json.
    """

    out: Path
    document: dict[str, Any]
    card: dict[str, Any]

    @property
    def complete(self) -> bool:
        """Whether every call has an answer."""
        return bool(self.document["complete"])


def judge(
    generated: str | Path | Manifest,
    reference: str | Path | Manifest,
    *,
    endpoint: str,
    model: str,
    out: str | Path,
    protocol: str | Path | JudgeProtocol = "pairwise-blind",
    spec: str | Path | None = None,
    repeats: int = 1,
    controls: int = 20,
    anchors: int = 25,
    seed: int = 0,
    name: str | None = None,
    reference_name: str = "reference",
    settings: JudgeSettings | None = None,
    advance: Advance | None = None,
) -> JudgeResult:
    """Judges a generated set against a reference set (or a second model's).

    Every comparison is asked in both orders. The run resumes: an answer in the folder's log is
    never asked for again.

    Args:
        generated: Folder, index or manifest.
        reference: The same; its captions are the descriptions.
        endpoint: Base URL of an OpenAI-compatible server, for example ``http://localhost:8000/v1``.
        model: Model name for the server.
        out: Folder for results; it belongs to this judge, protocol and pair of sets.
        protocol: Shipped name, YAML path or protocol.
        spec: Questions or inventories for protocols that need them.
        repeats: Times each comparison is asked, 1 to 100.
        controls: Pairs of each control; 0 for none.
        anchors: SynthFig pairs of known order; 0 for none.
        seed: Chooses the pairs of the controls.
        name: Name of the generated set in votes; None takes the folder's name.
        reference_name: Name of the reference set in votes.
        settings: Budget, price, timeouts and concurrency; ``endpoint`` and ``model`` win.
        advance: Receives calls done and calls in all.

    Returns:
        The result; ``complete`` is False when the budget ended or calls failed.

    Raises:
        UserError: If an input is wrong, or the server rejects every call.

    Example:
        >>> import figbench.judges
        >>> result = figbench.judges.judge(  # doctest: +SKIP
        ...     "my_figures/", "refs/", endpoint="http://localhost:8000/v1", model="m", out="run/"
        ... )
    """
    job = Job.prepare(
        generated, reference, endpoint=endpoint, model=model, protocol=protocol, spec=spec,
        repeats=repeats, controls=controls, anchors=anchors, seed=seed, name=name,
        reference_name=reference_name, settings=settings,
    )  # fmt: skip
    return job.run(Path(out), advance)


@dataclass(frozen=True, slots=True)
class Job:
    """A judge run before it starts: inputs read and checked, nothing written."""

    generated: Manifest
    reference: Manifest
    protocol: JudgeProtocol
    materials: Materials
    settings: JudgeSettings
    repeats: int
    controls: int
    anchors: int
    seed: int
    names: dict[str, str]

    @classmethod
    def prepare(
        cls,
        generated: str | Path | Manifest,
        reference: str | Path | Manifest,
        *,
        endpoint: str,
        model: str,
        protocol: str | Path | JudgeProtocol,
        spec: str | Path | None,
        repeats: int,
        controls: int,
        anchors: int,
        seed: int,
        name: str | None,
        reference_name: str,
        settings: JudgeSettings | None,
    ) -> Job:
        """Reads the inputs; arguments as :func:`judge`."""
        if not 1 <= repeats <= 100 or controls < 0 or not 0 <= anchors <= 1000:
            raise UserError(
                f"repeats={repeats}, controls={controls}, anchors={anchors}: out of range.",
                remedy="Use 1 to 100 repeats, 0 or more controls and 0 to 1000 anchors.",
            )
        given = settings or JudgeSettings(endpoint, model)
        loaded = protocol if isinstance(protocol, JudgeProtocol) else JudgeProtocol.load(protocol)
        materials = Materials.load(Path(spec) if spec else None, loaded)
        references = reference if isinstance(reference, Manifest) else load_manifest(reference)
        offered = (
            generated
            if isinstance(generated, Manifest)
            else load_manifest(generated, reference=references)
        )
        label = name or Path(offered.source).name or GENERATED
        if label == reference_name:
            label = f"{label} (generated)"
        return cls(
            offered, references, loaded, materials,
            replace(given, endpoint=endpoint, model=model), repeats, controls, anchors, seed,
            {GENERATED: label, REFERENCE: reference_name},
        )  # fmt: skip

    def identity(self) -> dict[str, Any]:
        """Returns the identity of the run's folder."""
        return identity_of(
            self.protocol,
            self.settings,
            generated_digest=self.generated.digest,
            reference_digest=self.reference.digest,
        )

    def _plan(self, image_folder: ImageFolder) -> Plan:
        items, notes = items_of(self.generated, self.reference)
        rejected = len(self.generated.rejects)
        if rejected:
            notes.append(f"{rejected} generated files cannot be read: counted as missing figures")
        planner = Planner(self.protocol, image_folder, self.materials)
        return planner.plan(
            items, repeats=self.repeats, controls=self.controls, anchors=self.anchors,
            seed=self.seed, notes=notes,
        )  # fmt: skip

    def preview(self, out: Path) -> dict[str, Any]:
        """Returns calls, tokens and price; writes nothing and makes no call."""
        plan = self._plan(ImageFolder(None))
        ledger = Ledger(None)
        if (out / LEDGER_NAME).exists():
            ledger = Ledger.read(out / LEDGER_NAME)
        document = preview(plan.trials, self.protocol, self.settings, ledger)
        return {**document, "missing_figures": len(plan.missing), "notes": list(plan.notes)}

    def run(self, out: Path, advance: Advance | None = None) -> JudgeResult:
        """Makes the calls and writes the results."""
        with opened(out, self.identity()) as session:
            plan = self._plan(session.image_folder)
            resent = session.ledger.in_doubt
            judged, budget = execute(
                plan.trials, self.protocol, self.settings, session.image_folder, session.ledger,
                advance,
            )  # fmt: skip
            unanswered = sum(item.reply is None for item in judged)
            card = instrument_card(judged, self.protocol)
            rater = f"{self.settings.model} ({self.protocol.id})"
            document = {
                **self.identity(),
                "figbench_version": __version__,
                "complete": unanswered == 0,
                "calls_without_answer": unanswered,
                "names": self.names,
                "scores": scores(judged, plan, self.protocol),
                "card": card,
                "missing": [list(entry) for entry in plan.missing],
                "notes": list(plan.notes),
                "settings": {
                    "repeats": self.repeats, "controls": self.controls, "anchors": self.anchors,
                    "seed": self.seed, **calls_document(self.settings),
                },
                "budget": {
                    "limit_usd": budget.limit_usd,
                    "committed_usd": session.ledger.committed_usd,
                    "in_doubt_at_start": resent,
                    "in_doubt": session.ledger.in_doubt,
                    "damaged_log_lines": session.ledger.damaged_lines,
                    "price_assumed": self.settings.price.assumed,
                },
            }  # fmt: skip
            session.write_table(judged)
            lines = votes(judged, self.protocol, self.names, rater)
            text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
            write_text_atomic(out / VOTES_NAME, text)
            write_text_atomic(out / CARD_NAME, dump_json(card))
            fingerprint_of(judged, self.protocol, self.settings.model, plan.anchors_digest).save(
                out / FINGERPRINT_NAME
            )
            write_text_atomic(out / JUDGE_NAME, dump_json(document))
        return JudgeResult(out, document, card)


def load_judge_result(out: str | Path) -> JudgeResult:
    """Loads a finished run from its folder.

    Raises:
        UserError: If there is none.
    """
    folder = Path(out)
    if not (folder / JUDGE_NAME).is_file():
        raise UserError(
            f"{folder}: no {JUDGE_NAME}.",
            remedy="Make one with: figbench judge run GENERATED --reference REF --out DIR",
        )
    document = read_json(folder / JUDGE_NAME, limit=MAX_CARD_BYTES)
    if not isinstance(document, dict) or not isinstance(document.get("card"), dict):
        raise UserError(f"{folder / JUDGE_NAME}: not a judge run.")
    return JudgeResult(folder, document, document["card"])
