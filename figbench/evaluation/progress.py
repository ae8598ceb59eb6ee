"""Progress of a run: a protocol, and implementations for terminals, pipes, logs and silence.

Everything in figbench that reports progress uses one of them.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Protocol

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    ProgressColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.progress import Progress as RichBars
from rich.progress import Task as RichTask
from rich.text import Text

AdvanceByLabel = Callable[[str, int], None]
Report = Callable[[str], None]
"""Receives the state of a step, which is displayed after its name."""


class Progress(Protocol):
    """Receives the steps of a run."""

    def stage(self, name: str) -> AbstractContextManager[Report]:
        """Wraps a step of unknown length; yields ``report(text)``."""
        ...

    def tasks(self, totals: Mapping[str, int]) -> AbstractContextManager[AdvanceByLabel]:
        """Wraps steps of known length; yields ``advance(label, count)``."""
        ...


class SilentProgress:
    """Discards everything."""

    def stage(self, name: str) -> AbstractContextManager[Report]:
        """See :class:`Progress`."""
        return nullcontext(lambda _text: None)

    def tasks(self, totals: Mapping[str, int]) -> AbstractContextManager[AdvanceByLabel]:
        """See :class:`Progress`."""
        return nullcontext(lambda _label, _count: None)


class _Rate(ProgressColumn):
    def render(self, task: RichTask) -> Text:
        speed = task.finished_speed or task.speed
        return Text("" if speed is None else f"{speed:.1f}/s", style="progress.data.speed")


class PlainProgress:
    """Lines for logs and pipes: one when a step starts and ends, and one every ten seconds.

    Args:
        write: Receives each line.
        clock: Monotonic seconds.
        every_s: Time between two lines of a step.
    """

    def __init__(
        self,
        write: Callable[[str], None],
        *,
        clock: Callable[[], float] = time.monotonic,
        every_s: float = 10.0,
    ) -> None:
        self._write, self._clock, self._every_s = write, clock, every_s

    @contextmanager
    def stage(self, name: str) -> Iterator[Report]:
        """See :class:`Progress`."""
        self._write(f"{name} ...")
        last = self._clock()

        def report(text: str) -> None:
            nonlocal last
            if self._clock() - last >= self._every_s:
                last = self._clock()
                self._write(f"{name}: {text}")

        yield report

    @contextmanager
    def tasks(self, totals: Mapping[str, int]) -> Iterator[AdvanceByLabel]:
        """See :class:`Progress`."""
        done = dict.fromkeys(totals, 0)
        started = last = self._clock()
        lock = threading.Lock()

        def advance(label: str, count: int) -> None:
            nonlocal last
            with lock:
                done[label] += count
                now = self._clock()
                finished = done[label] >= totals[label]
                if now - last < self._every_s and not finished:
                    return
                last = now
                self._write(self._line(label, done[label], totals[label], now - started))

        yield advance

    def _line(self, label: str, done: int, total: int, elapsed_s: float) -> str:
        line = f"{label}: {done} of {total}, {elapsed_s:.0f} s"
        if 0 < done < total and elapsed_s > 0:
            rate = done / elapsed_s
            line += f", {rate:.1f}/s, about {(total - done) / rate:.0f} s left"
        return line


class LogProgress(PlainProgress):
    """Messages of level INFO of the logger ``figbench``: the default of the Python API.

    Args:
        clock: Monotonic seconds.
        every_s: Time between two messages of a step.
    """

    def __init__(
        self, *, clock: Callable[[], float] = time.monotonic, every_s: float = 10.0
    ) -> None:
        super().__init__(logging.getLogger("figbench").info, clock=clock, every_s=every_s)


class RichProgress:
    """Bars with rates and time left on a terminal, plain lines elsewhere."""

    def __new__(cls, console: Console) -> RichProgress | PlainProgress:  # type: ignore[misc]
        """Returns plain lines where the console is no terminal."""
        if console.is_terminal:
            return super().__new__(cls)
        return PlainProgress(lambda line: console.print(line, markup=False, soft_wrap=True))

    def __init__(self, console: Console) -> None:
        self._console = console

    @contextmanager
    def stage(self, name: str) -> Iterator[Report]:
        """See :class:`Progress`."""
        with self._console.status(f"{name} ...") as status:
            yield lambda text: status.update(f"{name}: {text} ...")

    @contextmanager
    def tasks(self, totals: Mapping[str, int]) -> Iterator[AdvanceByLabel]:
        """See :class:`Progress`."""
        bars = RichBars(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            _Rate(),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
            console=self._console,
        )
        with bars:
            ids = {label: bars.add_task(label, total=total) for label, total in totals.items()}
            yield lambda label, count: bars.advance(ids[label], count)


def copied(report: Report) -> Callable[[int, int], None]:
    """Returns a function that reports the bytes copied from an object store, of a total."""
    return lambda have, total: report(f"{have / 2**20:,.1f} of {total / 2**20:,.1f} MiB copied")
