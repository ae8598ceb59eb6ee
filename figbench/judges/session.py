"""A judge's output folder: identity, lock, verdict log, and the files written at the end."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import httpx
from filelock import FileLock, Timeout

from figbench.errors import UserError
from figbench.io.atomic import atomic_path, write_text_atomic
from figbench.io.json_files import dump_json, read_json
from figbench.judges.calls.budget import Budget, Price, prompt_token_bound, prompt_token_estimate
from figbench.judges.calls.client import Client, completions_url
from figbench.judges.calls.execute import CallSettings, Executor
from figbench.judges.calls.ledger import Ledger
from figbench.judges.images import ImageFolder
from figbench.judges.measures.summary import verdict_columns
from figbench.judges.measures.verdicts import Judged, judge_trials
from figbench.judges.protocol import JudgeProtocol
from figbench.judges.trials import Trial

IDENTITY_NAME, LEDGER_NAME, TABLE_NAME = "identity.json", "ledger.log", "verdicts.parquet"
JUDGE_NAME, CARD_NAME, VOTES_NAME = "judge.json", "card.json", "votes.jsonl"
Advance = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class JudgeSettings:
    """Who judges and how calls are made.

    Attributes:
        endpoint: Base URL of an OpenAI-compatible server.
        model: Model name for the server.
        budget_usd: Never passed, earlier attempts of the same folder included; None for no limit.
        price: Per million tokens.
        timeout_s: Longest time of one attempt.
        calls: Concurrency, rate limit and retries.
        transport: For tests and simulations.
    """

    endpoint: str
    model: str
    budget_usd: float | None = None
    price: Price = field(default_factory=Price)
    timeout_s: float = 120.0
    calls: CallSettings = field(default_factory=CallSettings)
    transport: httpx.AsyncBaseTransport | None = None


def preview(
    trials: Sequence[Trial], protocol: JudgeProtocol, settings: JudgeSettings, ledger: Ledger
) -> dict[str, Any]:
    """Returns calls, tokens and price of a plan without a call; answered calls cost nothing.

    Args:
        trials: Calls of the plan.
        protocol: Of the judge.
        settings: Model and price.
        ledger: Answers of earlier runs.
    """
    calls: dict[str, Trial] = {}
    for trial in trials:
        calls.setdefault(trial.key(settings.model, protocol), trial)
    left = [trial for key, trial in calls.items() if key not in ledger.replies]
    purposes: dict[str, int] = {}
    for trial in left:
        purposes[trial.purpose] = purposes.get(trial.purpose, 0) + 1
    likely = sum(map(prompt_token_estimate, left))
    most = sum(map(prompt_token_bound, left))
    answer = protocol.sampling.max_tokens
    price = settings.price
    return {
        "calls": len(left),
        "calls_by_purpose": purposes,
        "answered_before": len(calls) - len(left),
        "prompt_tokens": {"estimate": likely, "at_most": most},
        "completion_tokens": {"estimate": len(left) * min(answer, 120),
                              "at_most": len(left) * answer},
        "usd": {
            "estimate": price.of(likely, len(left) * min(answer, 120)),
            "at_most": price.of(most, len(left) * answer),
            "spent_before": ledger.committed_usd,
        },
        "price_per_million_tokens": {
            "input_usd": price.input_usd,
            "output_usd": price.output_usd,
            "assumed": price.assumed,
        },
    }  # fmt: skip


def check_identity(out: Path, identity: dict[str, Any]) -> None:
    """Writes the identity of a new folder, or refuses a folder that belongs to another run.

    Raises:
        UserError: Naming what differs.
    """
    path = out / IDENTITY_NAME
    if not path.exists():
        if out.exists() and not out.is_dir():
            raise UserError(f"{out}: is a file, expected a folder.", remedy="Choose another --out.")
        write_text_atomic(path, dump_json(identity))
        return
    before = read_json(path)
    before = before if isinstance(before, dict) else {}
    changed = [name for name in identity if before.get(name) != identity[name]]
    if changed:
        changes = (f"{n} was {before.get(n)!r} and is {identity[n]!r}" for n in changed)
        raise UserError(
            f"{out}: holds another judge run: {'; '.join(changes)}.", remedy="Choose another --out."
        )


def execute(
    trials: Sequence[Trial],
    protocol: JudgeProtocol,
    settings: JudgeSettings,
    image_folder: ImageFolder,
    ledger: Ledger,
    advance: Advance | None = None,
) -> tuple[list[Judged], Budget]:
    """Makes the calls that have no answer and returns every trial with its verdict.

    Args:
        trials: Calls of the plan.
        protocol: Of the judge.
        settings: Server, budget and retries.
        image_folder: Holds the encoded images.
        ledger: Receives every request and answer.
        advance: Receives calls done and calls in all.
    """
    budget = Budget(settings.budget_usd, ledger.committed_usd)

    async def work() -> None:
        client = Client(
            settings.endpoint, timeout_s=settings.timeout_s, transport=settings.transport
        )
        try:
            executor = Executor(
                client, ledger, budget, settings.price, protocol, settings.model, image_folder,
                settings.calls,
            )  # fmt: skip
            await executor.run(trials, advance)
        finally:
            await client.close()

    _run(work())
    return judge_trials(trials, ledger, protocol, settings.model), budget


def _run(work: Coroutine[Any, Any, None]) -> None:
    """Runs a coroutine, in a thread of its own where a notebook already runs a loop."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        try:
            asyncio.run(work)
        except BaseExceptionGroup as group:
            raise _first(group) from None
        return
    errors: list[BaseException] = []

    def target() -> None:
        try:
            asyncio.run(work)
        except BaseException as error:
            errors.append(_first(error))

    thread = threading.Thread(target=target, name="figbench-judge")
    thread.start()
    thread.join()
    if errors:
        raise errors[0]


def _first(error: BaseException) -> BaseException:
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


class Session:
    """One output folder while a run holds it.

    Args:
        out: Folder.
        identity: What must not change between runs in the same folder.

    Raises:
        UserError: If another run holds the folder, or it belongs to another judge.
    """

    def __init__(self, out: Path, identity: dict[str, Any]) -> None:
        check_identity(out, identity)
        self.out = out
        self._lock = FileLock(out / ".lock")
        try:
            self._lock.acquire(timeout=0)
        except Timeout:
            raise UserError(
                f"{out}: another judge run is writing there.", remedy="Wait until it ends."
            ) from None
        self.image_folder = ImageFolder(out / "pictures")
        self.ledger = Ledger(out / LEDGER_NAME)

    def close(self) -> None:
        """Releases the folder."""
        self.ledger.__exit__(None, None, None)
        self._lock.release()

    def write_table(self, judged: Sequence[Judged]) -> None:
        """Writes the verdict table."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        with atomic_path(self.out / TABLE_NAME) as temporary:
            pq.write_table(pa.table(verdict_columns(judged)), temporary)


def opened(out: Path, identity: dict[str, Any]) -> closing[Session]:
    """Returns the session of a folder as a context manager."""
    return closing(Session(out, identity))


def identity_of(protocol: JudgeProtocol, settings: JudgeSettings, **more: Any) -> dict[str, Any]:
    """Returns the identity of a run: what its folder belongs to."""
    return {
        "schema_version": 1,
        "endpoint": completions_url(settings.endpoint),
        "model": settings.model,
        "protocol": protocol.id,
        "protocol_hash": protocol.hash,
        "definition": protocol.model_dump(mode="json"),
        **more,
    }


def calls_document(settings: JudgeSettings) -> dict[str, Any]:
    """Returns the call settings for provenance."""
    return {**asdict(settings.calls), "timeout_s": settings.timeout_s,
            "budget_usd": settings.budget_usd}  # fmt: skip
