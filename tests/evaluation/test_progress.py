"""Progress and log messages."""

import logging
import subprocess
import sys

import pytest

from figbench.cli.output.logs import ConsoleHandler, configure_logging
from figbench.errors import UserError
from figbench.evaluation.progress import LogProgress


def test_steps_are_logged_at_level_info(caplog):
    now = [0.0]
    progress = LogProgress(clock=lambda: now[0])
    with caplog.at_level(logging.INFO, logger="figbench"):
        with progress.stage("reading the reference"):
            pass
        with progress.tasks({"network": 100}) as advance:
            advance("network", 50)
            now[0] = 11.0
            advance("network", 1)
            advance("network", 49)
    messages = [record.getMessage() for record in caplog.records]
    assert {record.name for record in caplog.records} == {"figbench"}
    assert messages[0] == "reading the reference ..."
    assert [text.split(",")[0] for text in messages[1:]] == [
        "network: 51 of 100",
        "network: 100 of 100",
    ]


def test_the_library_prints_nothing_by_itself():
    code = (
        "import logging, figbench;"
        "assert isinstance(logging.getLogger('figbench').handlers[0], logging.NullHandler);"
        "logging.getLogger('figbench').error('not displayed')"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout == done.stderr == ""


@pytest.fixture
def own_handlers(monkeypatch):
    logger = logging.getLogger("figbench")
    level, handlers = logger.level, list(logger.handlers)
    yield monkeypatch
    logger.setLevel(level)
    logger.handlers[:] = handlers


def test_the_command_line_prints_messages_on_stderr(own_handlers, capsys):
    own_handlers.setenv("FIGBENCH_LOG_LEVEL", "info")
    configure_logging()
    configure_logging()
    logger = logging.getLogger("figbench")
    assert sum(isinstance(handler, ConsoleHandler) for handler in logger.handlers) == 1
    logger.info("scored [3] metrics")
    logger.debug("not displayed")
    captured = capsys.readouterr()
    assert captured.err == "info: scored [3] metrics\n"
    assert captured.out == ""


def test_an_unknown_level_is_refused(own_handlers):
    own_handlers.setenv("FIGBENCH_LOG_LEVEL", "loud")
    with pytest.raises(UserError, match="FIGBENCH_LOG_LEVEL=LOUD"):
        configure_logging()


def test_only_the_progress_module_draws_bars():
    """One progress implementation."""
    from pathlib import Path

    root = Path(__file__).resolve().parents[2]
    drawing = [
        path.relative_to(root).as_posix()
        for folder in ("figbench", "reference_models")
        for path in sorted((root / folder).rglob("*.py"))
        if "rich.progress" in path.read_text(encoding="utf-8")
    ]
    assert drawing == ["figbench/evaluation/progress.py"]
