"""The ``figbench`` command: one file per verb, heavy imports only inside a verb."""

from __future__ import annotations

import errno
import importlib
import os
import signal
import sys
from types import FrameType

import typer

from figbench._version import __version__
from figbench.cli.output.console import error_console, show_error
from figbench.cli.output.help_pages import use_plain_help
from figbench.cli.output.logs import configure_logging
from figbench.errors import EXIT_INTERNAL, EXIT_INTERRUPTED, EXIT_USER, FigbenchError
from figbench.io.optional import explained
from figbench.io.user_folders import ensure_home

VERBS = (
    "evaluate",
    "reference",
    "compare",
    "gate",
    "sweep",
    "people.rank",
    "people.study",
    "people.leaderboard",
    "people.report",
    "people.plot",
    "resources.list",
    "resources.protocol",
    "resources.data",
    "resources.graph",
    "resources.lint",
    "resources.weights",
    "resources.model",
    "validate_metrics",
    "people.judge",
    "demo",
    "resources.doctor",
)
"""Modules of ``figbench.cli``, in the order of ``--help``; each has ``register(app)``."""

app = typer.Typer(
    name="figbench",
    no_args_is_help=True,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
    context_settings={
        "help_option_names": ["-h", "--help"],
        "auto_envvar_prefix": "FIGBENCH",
    },
    help="Evaluate machine-generated scientific figures, with uncertainty and provenance.",
    epilog="Every option can be set by a variable, FIGBENCH_COMMAND_OPTION: for example "
    "FIGBENCH_EVALUATE_PROTOCOL=figgen.",
)


def _version(requested: bool) -> None:
    if requested:
        typer.echo(f"figbench {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: bool = typer.Option(
        False,
        "--version",
        callback=_version,
        is_eager=True,
        allow_from_autoenv=False,
        help="Print the version and exit.",
    ),
) -> None:
    """Runs before every verb."""


for _verb in VERBS:
    importlib.import_module(f"figbench.cli.{_verb}").register(app)
use_plain_help(app)


_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class _InterruptedRun(BaseException):
    """Ctrl-C or SIGTERM; not KeyboardInterrupt, which click would answer in its own words."""


def _interrupt(_signal: int, _frame: FrameType | None) -> None:
    raise _InterruptedRun


def run() -> None:
    """Entry point of the console script: errors become messages and exit codes."""
    _ignore_accidents()
    ensure_home()
    signal.signal(signal.SIGTERM, _interrupt)
    signal.signal(signal.SIGINT, _interrupt)
    try:
        configure_logging()
        app(standalone_mode=True)
    except FigbenchError as error:
        show_error(error)
        sys.exit(error.exit_code)
    except _InterruptedRun:
        error_console().print("Interrupted. Finished work is kept; run the same command to resume.")
        sys.exit(EXIT_INTERRUPTED)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except ModuleNotFoundError as error:
        problem = explained(error)
        if problem is None:
            _show_fault(error)
            sys.exit(EXIT_INTERNAL)
        show_error(problem)
        sys.exit(problem.exit_code)
    except OSError as error:
        prefix = f"{error.filename}: " if error.filename else ""
        full = error.errno in _FULL or "errno 28" in str(error)
        remedy = "Make room and run the same command again; finished work is kept." if full else ""
        show_error(FigbenchError(f"{prefix}{error.strerror or error}.", remedy=remedy))
        sys.exit(EXIT_USER)
    except Exception as error:
        # Python's own exit code of a traceback is 1, which a gate gives for a regression.
        _show_fault(error)
        sys.exit(EXIT_INTERNAL)


def _ignore_accidents() -> None:
    """Variables such as FIGBENCH_VERSION or FIGBENCH_GATE_HELP must not turn into options."""
    for name in list(os.environ):
        if name.startswith("FIGBENCH_") and name.endswith(
            ("_HELP", "_INSTALL_COMPLETION", "_SHOW_COMPLETION")
        ):
            del os.environ[name]


def _show_fault(error: Exception) -> None:
    """Names an unexpected error and its position; the whole traceback on request."""
    import traceback

    if os.environ.get("FIGBENCH_TRACEBACK") == "1":
        traceback.print_exception(error)
    frames = traceback.extract_tb(error.__traceback__)
    own = [entry for entry in frames if f"{os.sep}figbench{os.sep}" in entry.filename] or list(
        frames
    )
    position = f" in {own[-1].name} ({own[-1].filename}:{own[-1].lineno})" if own else ""
    text = str(error) or "no message"
    show_error(
        FigbenchError(
            f"Unexpected {type(error).__name__}{position}: {text[:500]}",
            remedy="This is a fault of figbench. Please report it with the command, figbench "
            f"{__version__}, and the output with FIGBENCH_TRACEBACK=1.",
        )
    )
