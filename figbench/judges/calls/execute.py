"""Runs the calls of a plan: concurrency, retries, rate limits, budget and the verdict log."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from figbench.errors import UserError
from figbench.judges.calls.budget import Budget, Price, prompt_token_bound
from figbench.judges.calls.client import Client, Failure
from figbench.judges.calls.ledger import Ledger, Reply
from figbench.judges.images import ImageFolder
from figbench.judges.prompts import request_body
from figbench.judges.protocol import JudgeProtocol
from figbench.judges.trials import Trial

MOST_CONSECUTIVE_REJECTIONS = 10
"""Calls in a row that the server rejects before the run stops."""


@dataclass(frozen=True, slots=True)
class CallSettings:
    """How calls are made.

    Attributes:
        concurrency: Calls in flight at once.
        requests_per_minute: None for no limit.
        attempts: Requests for one answer, at most.
        backoff_s: Pause after the first failed attempt; doubled after each.
    """

    concurrency: int = 4
    requests_per_minute: float | None = None
    attempts: int = 6
    backoff_s: float = 1.0


class _RateLimit:
    """When the next request may leave."""

    def __init__(self, per_minute: float | None) -> None:
        self._gap = 60.0 / per_minute if per_minute else 0.0
        self._next = 0.0

    def pause(self, seconds: float) -> None:
        self._next = max(self._next, time.monotonic() + seconds)

    async def wait(self) -> None:
        while (delay := self._next - time.monotonic()) > 0:
            await asyncio.sleep(delay)
        self._next = max(self._next, time.monotonic()) + self._gap


class Executor:
    """Makes calls until all have an answer, the budget ends or the server rejects everything."""

    def __init__(
        self,
        client: Client,
        ledger: Ledger,
        budget: Budget,
        price: Price,
        protocol: JudgeProtocol,
        model: str,
        image_folder: ImageFolder,
        settings: CallSettings,
    ) -> None:
        self.client, self.ledger, self.budget, self.price = client, ledger, budget, price
        self.protocol, self.model, self.image_folder = protocol, model, image_folder
        self.settings = settings
        self.exhausted = False
        self._fatal: str | None = None
        self._rejected = 0
        self._rate_limit = _RateLimit(settings.requests_per_minute)
        self._random = random.Random()  # nosec B311 # timing and sampling, no secret

    async def run(
        self, trials: Sequence[Trial], advance: Callable[[int, int], None] | None = None
    ) -> None:
        """Asks for every trial without an answer, each key once.

        Raises:
            UserError: If the server rejects every call; the answers so far are in the log.
        """
        calls = {trial.key(self.model, self.protocol): trial for trial in trials}
        waiting = [(key, trial) for key, trial in calls.items() if key not in self.ledger.replies]
        done = len(calls) - len(waiting)
        queue = iter(waiting)

        async def worker() -> None:
            nonlocal done
            for key, trial in queue:
                if self.exhausted or self._fatal:
                    return
                await self._answer(key, trial)
                done += 1
                if advance:
                    advance(done, len(calls))

        if advance:
            advance(done, len(calls))
        # The first call goes alone: its reported tokens check the bounds of the others.
        if waiting and self.budget.limit_usd is not None:
            key, trial = next(queue)
            await self._answer(key, trial)
            done += 1
        async with asyncio.TaskGroup() as group:
            for _ in range(max(1, self.settings.concurrency)):
                group.create_task(worker())
        if self._fatal:
            raise UserError(
                f"{self.client.url}: the server rejects the calls: {self._fatal}",
                remedy="Check --endpoint, --model, --structured and the API key; run the same "
                "command to resume.",
            )

    async def _answer(self, key: str, trial: Trial) -> None:
        body = request_body(trial, self.model, self.protocol, self.image_folder)
        for attempt in range(1, self.settings.attempts + 1):
            await self._rate_limit.wait()
            reserved = self.budget.bound(trial, self.protocol, self.price)
            if self.exhausted or self._fatal:
                return
            if not self.budget.reserve(reserved):
                self.exhausted = True
                return
            self.ledger.sent(key, reserved)
            try:
                reply = await self.client.ask(body, key)
            except Failure as failure:
                charged = reserved if failure.charged else 0.0
                self.ledger.lost(key, charged, failure.reason)
                self.budget.settle(reserved, charged)
                if not failure.retry:
                    self._reject(failure)
                    return
                await self._back_off(attempt, failure)
                continue
            self._rejected = 0
            usd = self._charge(reply, trial, reserved)
            self.ledger.answered(key, replace(reply, usd=usd, attempts=attempt))
            self.budget.settle(reserved, usd)
            return

    def _charge(self, reply: Reply, trial: Trial, reserved: float) -> float:
        if reply.prompt_tokens is None or reply.completion_tokens is None:
            return reserved
        ratio = reply.prompt_tokens / prompt_token_bound(trial)
        if ratio > self.budget.inflation:
            self.budget.inflation = 1.25 * ratio
        return self.price.of(reply.prompt_tokens, reply.completion_tokens)

    def _reject(self, failure: Failure) -> None:
        self._rejected += 1
        if failure.fatal or self._rejected >= MOST_CONSECUTIVE_REJECTIONS:
            self._fatal = failure.reason

    async def _back_off(self, attempt: int, failure: Failure) -> None:
        pause = self.settings.backoff_s * 2 ** (attempt - 1) * self._random.uniform(0.5, 1.0)
        if failure.wait_s is not None:
            pause = max(pause, failure.wait_s)
        pause = min(pause, 300.0)
        if failure.rate_limited:
            self._rate_limit.pause(pause)
        elif attempt < self.settings.attempts:
            await asyncio.sleep(pause)
