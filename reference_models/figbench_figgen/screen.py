"""What a person sees while a model trains or samples: messages and progress on stderr."""

from __future__ import annotations

import os
import time
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

_EVERY_SECONDS = 30.0


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
        if not self._console.is_terminal:
            yield self._lines(what, done, total)
            return
        with self._bar("{task.fields[note]}") as bar:
            task = bar.add_task(what, total=total, completed=done, note="")
            yield lambda loss: bar.update(task, advance=1, note=f"loss {loss:.4f}")

    @contextmanager
    def counter(self, what: str, done: int, total: int) -> Iterator[Callable[[int], None]]:
        """Yields a function that advances the bar by a number of figures."""
        if not self._console.is_terminal:
            advance = self._lines(what, done, total)
            yield lambda count: advance(None, count)
            return
        with self._bar() as bar:
            task = bar.add_task(what, total=total, completed=done)
            yield lambda count: bar.update(task, advance=count)

    def _lines(self, what: str, done: int, total: int) -> Callable[..., None]:
        """Returns a function that prints a plain line twice a minute and at the end."""
        start = last = time.monotonic()
        first = done

        def advance(loss: float | None = None, count: int = 1) -> None:
            nonlocal done, last
            done += count
            now = time.monotonic()
            if now - last < _EVERY_SECONDS and done < total:
                return
            last = now
            rate = (done - first) / max(now - start, 1e-9)
            left = (total - done) / max(rate, 1e-9)
            note = "" if loss is None else f", loss {loss:.4f}"
            self.say(f"{what}: {done}/{total}, {rate:.2f}/s, {max(left, 0):.0f} s left{note}")

        return advance

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
