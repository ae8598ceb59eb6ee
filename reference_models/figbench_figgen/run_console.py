"""Messages and progress of training and sampling, on stderr."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.markup import escape

from figbench.evaluation.progress import PlainProgress, Progress, RichProgress, SilentProgress

_EVERY_SECONDS = 30.0
_LOSS_EVERY = 100


class RunConsole:
    """Messages and progress; silent on all processes but the first, and when asked."""

    def __init__(self, *, quiet: bool = False) -> None:
        self._quiet = quiet
        self._console = Console(stderr=True, highlight=False)
        self._loss: float | None = None

    def log(self, message: str) -> None:
        """Prints one line."""
        if not self._quiet:
            self._console.print(escape(message), soft_wrap=True)

    @contextmanager
    def training(self, name: str, done: int, total: int) -> Iterator[Callable[[float], None]]:
        """Yields a function that counts a step and displays its loss.

        Args:
            name: Of the stage.
            done: Steps that an earlier run has done.
            total: Steps in all.
        """
        with self.counter(name, done, total) as advance:
            step = done

            def count(loss: float) -> None:
                nonlocal step
                step += 1
                self._loss = loss
                if self._console.is_terminal and step % _LOSS_EVERY == 0:
                    self.log(f"{name}: step {step}, loss {loss:.4f}")
                advance(1)

            yield count
        self._loss = None

    @contextmanager
    def counter(self, name: str, done: int, total: int) -> Iterator[Callable[[int], None]]:
        """Yields a function that counts items; rates are those of this run.

        Args:
            name: Of the items.
            done: Items that an earlier run has done.
            total: Items in all.
        """
        label = f"{name} after the first {done}" if done else name
        with self._progress().tasks({label: total - done}) as advance:
            yield lambda count: advance(label, count)

    def _progress(self) -> Progress:
        if self._quiet:
            return SilentProgress()
        if self._console.is_terminal:
            return RichProgress(self._console)
        return PlainProgress(self._line, every_s=_EVERY_SECONDS)

    def _line(self, line: str) -> None:
        self.log(line if self._loss is None else f"{line}, loss {self._loss:.4f}")


def first_process() -> bool:
    """Tells whether this is the process that prints, before any process group is made."""
    return os.environ.get("RANK", "0") == "0"
