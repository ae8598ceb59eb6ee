"""What a person sees while a model trains or samples: messages and progress on stderr."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TextColumn,
    TimeRemainingColumn,
)
from rich.text import Text


class Screen:
    """Messages and progress bars; silent on all processes but the first, and when asked."""

    def __init__(self, *, quiet: bool = False) -> None:
        self._quiet = quiet
        self._console = Console(stderr=True, highlight=False)

    def say(self, message: str) -> None:
        """Prints one line."""
        if not self._quiet:
            self._console.print(escape(message), soft_wrap=True)

    @contextmanager
    def progress(self, what: str, done: int, total: int) -> Iterator[Callable[[float], None]]:
        """Yields a function that advances the bar by one and shows a loss."""
        with self._bar("{task.fields[note]}") as bar:
            task = bar.add_task(what, total=total, completed=done, note="")
            yield lambda loss: bar.update(task, advance=1, note=f"loss {loss:.4f}")

    @contextmanager
    def counter(self, what: str, done: int, total: int) -> Iterator[Callable[[int], None]]:
        """Yields a function that advances the bar by a number of figures."""
        with self._bar() as bar:
            task = bar.add_task(what, total=total, completed=done)
            yield lambda count: bar.update(task, advance=count)

    def _bar(self, *texts: str) -> Progress:
        columns: list[Any] = [
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            _Rate(),
            TimeRemainingColumn(),
            *(TextColumn(text) for text in texts),
        ]
        return Progress(*columns, console=self._console, disable=self._quiet, transient=True)


class _Rate(ProgressColumn):
    """Things per second."""

    def render(self, task: Task) -> Text:
        """Returns the rate of the last half minute."""
        speed = task.finished_speed or task.speed
        return Text("" if speed is None else f"{speed:.2f}/s")


def first_process() -> bool:
    """Tells whether this is the process that speaks, before any process group is made."""
    return os.environ.get("RANK", "0") == "0"
