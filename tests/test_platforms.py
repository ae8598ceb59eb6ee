"""Nothing that Windows or macOS lacks is used without a way around; both are simulated here."""

import ast
import os
import signal
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SOURCES = sorted(
    path for name in ("figbench", "reference_models") for path in (ROOT / name).rglob("*.py")
)
POSIX_MODULES = {"fcntl", "grp", "pty", "pwd", "resource", "termios", "tty"}
POSIX_CALLS = {"fork", "forkpty", "geteuid", "getuid", "killpg", "mkfifo", "setsid", "uname"}
POSIX_SIGNALS = {"SIGALRM", "SIGHUP", "SIGKILL", "SIGUSR1", "SIGUSR2"}


def hazards(source):
    """Yields (line, name) of modules, calls and signals that Windows does not have."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, one.name) for one in node.names if one.name in POSIX_MODULES)
        if isinstance(node, ast.ImportFrom) and node.module in POSIX_MODULES:
            yield node.lineno, node.module
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            names = {"os": POSIX_CALLS, "signal": POSIX_SIGNALS}.get(node.value.id, ())
            if node.attr in names:
                yield node.lineno, f"{node.value.id}.{node.attr}"
        if isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "get_context":
            if any(isinstance(a, ast.Constant) and a.value == "fork" for a in node.args):
                yield node.lineno, "the start method fork"


def text_without_encoding(source):
    """Yields lines that read or write text in the machine's own encoding."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            if node.func.attr in ("read_text", "write_text"):
                positional = {"read_text": 1, "write_text": 2}[node.func.attr]
                named = {keyword.arg for keyword in node.keywords}
                if "encoding" not in named and len(node.args) < positional:
                    yield node.lineno, node.func.attr


def violations(check):
    """Lines of all sources that a check names; a line that asks first with hasattr is fine."""
    for path in SOURCES:
        source = path.read_text(encoding="utf-8")
        for line, name in check(source):
            if "hasattr(" not in source.splitlines()[line - 1]:
                yield f"{path.relative_to(ROOT)}:{line} {name}"


def test_no_source_needs_posix():
    assert list(violations(hazards)) == []


def test_text_files_name_their_encoding():
    assert list(violations(text_without_encoding)) == []


def test_the_rule_sees_what_it_forbids():
    assert list(hazards("import signal\nsignal.SIGUSR1"))
    assert list(hazards("import fcntl"))
    assert list(hazards("import os\nos.fork()"))
    assert not list(hazards("import signal\nsignal.SIGTERM\nhasattr(signal, 'SIGUSR1')"))
    assert list(text_without_encoding("path.read_text()"))
    assert not list(text_without_encoding("path.write_text('a', encoding='utf-8')"))


def test_no_file_name_of_the_project_is_reserved():
    """Windows refuses some characters and names, and cannot tell A from a."""
    seen = set()
    folders = [ROOT / name for name in ("figbench", "docs", "tests")]
    for path in (path for folder in folders for path in folder.rglob("*")):
        relative = path.relative_to(ROOT).as_posix()
        assert not set(path.name) & set('<>:"|?*\\'), relative
        assert path.name.split(".")[0].upper() not in {"CON", "PRN", "AUX", "NUL", "COM1", "LPT1"}
        assert relative.lower() not in seen, f"{relative} differs from another name by case only"
        seen.add(relative.lower())


@pytest.fixture
def windows(monkeypatch):
    """As on Windows: folders cannot be opened, and only a handle that may write is flushed."""
    usual_open, usual_sync = os.open, os.fsync

    def opened(path, flags, *more, **options):
        if Path(path).is_dir():
            raise PermissionError(13, "Permission denied", str(path))
        return usual_open(path, flags, *more, **options)

    def synced(handle):
        import fcntl

        if fcntl.fcntl(handle, fcntl.F_GETFL) & os.O_ACCMODE == os.O_RDONLY:
            raise OSError(9, "Bad file descriptor")
        usual_sync(handle)

    pytest.importorskip("fcntl")
    monkeypatch.setattr(os, "open", opened)
    monkeypatch.setattr(os, "fsync", synced)
    monkeypatch.delattr(signal, "SIGUSR1")


def test_files_are_written_as_on_windows(windows, tmp_path):
    from figbench.io.atomic import write_text_atomic

    write_text_atomic(tmp_path / "result.json", "{}")
    assert (tmp_path / "result.json").read_text() == "{}"


def test_checkpoints_and_signals_as_on_windows(windows, tmp_path):
    from figbench_figgen.checkpoint import _sync
    from figbench_figgen.loop import _stop_numbers, _stop_signals

    (tmp_path / "state").write_text("x")
    _sync(tmp_path / "state")
    _sync(tmp_path)
    assert _stop_numbers() == [signal.SIGTERM, signal.SIGINT]
    with _stop_signals() as received:
        signal.raise_signal(signal.SIGTERM)
    assert received == [signal.SIGTERM]
