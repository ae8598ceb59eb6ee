"""How a run tells what it is doing; the command line draws it with rich."""

from __future__ import annotations

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
Say = Callable[[str], None]
"""Tells what a step is at, behind its name."""


class Progress(Protocol):
    """Receives what happens."""

    def stage(self, name: str) -> AbstractContextManager[Say]:
        """Wraps a step of unknown length; yields ``say(what)``."""
        ...

    def tasks(self, totals: Mapping[str, int]) -> AbstractContextManager[AdvanceByLabel]:
        """Wraps steps of known length; yields ``advance(label, count)``."""
        ...


class SilentProgress:
    """Says nothing: the default of the Python API."""

    def stage(self, name: str) -> AbstractContextManager[Say]:
        """See :class:`Progress`."""
        return nullcontext(lambda _what: None)

    def tasks(self, totals: Mapping[str, int]) -> AbstractContextManager[AdvanceByLabel]:
        """See :class:`Progress`."""
        return nullcontext(lambda _label, _count: None)


class _Rate(ProgressColumn):
    def render(self, task: RichTask) -> Text:
        speed = task.finished_speed or task.speed
        return Text("" if speed is None else f"{speed:.1f}/s", style="progress.data.speed")


class RichProgress:
    """Bars with rates and time left on a console."""

    def __init__(self, console: Console) -> None:
        self._console = console

    @contextmanager
    def stage(self, name: str) -> Iterator[Say]:
        """See :class:`Progress`."""
        with self._console.status(f"{name} ...") as status:
            yield lambda what: status.update(f"{name}: {what} ...")

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


def copied(say: Say) -> Callable[[int, int], None]:
    """Returns what tells of a copy from an object store, in bytes so far and in all."""
    return lambda have, total: say(f"{have / 2**20:,.1f} of {total / 2**20:,.1f} MiB copied")
