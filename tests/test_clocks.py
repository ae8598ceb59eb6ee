"""No test depends on the speed of the machine: see ``tests/waiting.py`` for the rule."""

import ast
from pathlib import Path

import pytest

from tests.waiting import HANG_S

ROOT = Path(__file__).parent
EXEMPT = {
    "waiting.py": "the helper itself",
    "test_clocks.py": "holds examples of what is forbidden",
    "faults/server.py": "polls a forked child; reports its duration and asserts nothing",
    "faults/soak.py": "prints durations in its report; asserts nothing about them",
}
CLOCKS = {
    "perf_counter", "perf_counter_ns", "monotonic", "monotonic_ns", "process_time", "time_ns",
    "thread_time", "timeit",
}  # fmt: skip
LIMITED = {
    "communicate", "wait", "run", "check_output", "check_call", "join", "get", "result",
    "wait_procs", "acquire", "WebDriverWait",
}  # fmt: skip
SHORTEST_LIMIT_S = 300


def violations(source):
    """Yields (line, reason) of clocks, sleeps and short limits in the source of a test."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module == "time":
            yield node.lineno, "imports from time: use tests.waiting"
        if isinstance(node, ast.Attribute) and (
            node.attr in CLOCKS
            or (
                (isinstance(node.value, ast.Name) and node.value.id == "time")
                and node.attr in ("time", "sleep")
            )
        ):
            yield node.lineno, f"reads a clock or sleeps ({node.attr}): use tests.waiting"
        if isinstance(node, ast.Call):
            yield from _short_limits(node)
            yield from _code_in_a_string(node)


def _short_limits(call):
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    if name not in LIMITED or (name == "run" and isinstance(call.func, ast.Name)):
        return
    limits = [keyword.value for keyword in call.keywords if keyword.arg == "timeout"]
    limits += call.args[1:2] if name == "WebDriverWait" else []
    for limit in limits:
        if isinstance(limit, ast.Constant) and isinstance(limit.value, int | float):
            if 0 < limit.value < SHORTEST_LIMIT_S:
                yield call.lineno, f"{name} gives up after {limit.value} s: use waiting.HANG_S"


def _code_in_a_string(call):
    """Programs that tests start with ``python -c`` read no clock either."""
    for node in ast.walk(call):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            if any(f"time.{name}(" in node.value for name in CLOCKS):
                yield node.lineno, "a program in a string reads a clock"


def test_no_test_reads_a_clock():
    named = []
    for path in sorted(ROOT.rglob("*.py")):
        name = path.relative_to(ROOT).as_posix()
        if name in EXEMPT or name.startswith(("benchmarks/", "device/")):
            continue
        named += [f"tests/{name}:{line} {reason}" for line, reason in violations(path.read_text())]
    assert not named, "\n".join(sorted(set(named)))


def test_every_exemption_is_needed():
    for name in EXEMPT:
        assert list(violations((ROOT / name).read_text())), f"{name} needs no exemption"


def test_no_property_has_a_deadline():
    """Hypothesis fails an example after 200 ms by default."""
    from hypothesis import settings

    assert settings.default.deadline is None


@pytest.mark.parametrize(
    "source",
    [
        "import time\nstart = time.perf_counter()\nassert time.perf_counter() - start < 30",
        "import time\ntime.sleep(0.3)",
        "from time import monotonic",
        "process.wait(timeout=20)",
        "WebDriverWait(browser, 10).until(ready)",
        "run([python, '-c', 'import time; print(time.perf_counter())'])",
    ],
)
def test_the_check_sees_what_it_forbids(source):
    assert list(violations(source))


@pytest.mark.parametrize(
    "source",
    ["process.wait(timeout=HANG_S)", "lock.acquire(timeout=0)", "event.set()", "run(timeout=600)"],
)
def test_the_check_leaves_guards_alone(source):
    assert not list(violations(source))


def test_a_hang_ends_before_the_whole_test_does(pytestconfig):
    assert SHORTEST_LIMIT_S <= HANG_S < float(pytestconfig.getini("timeout"))
