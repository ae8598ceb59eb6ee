"""The only module of the tests that reads a clock or sleeps.

A test never asserts how long something takes, and it passes on a machine of any speed:

- It waits for a condition (:func:`wait_until`) or an event, not for a number of seconds.
- Limits only end a test that hangs: :data:`HANG_S`, far above what any wait takes.
- :func:`pause` moves a kill to a random moment. No assertion may depend on its length.

``tests/test_clocks.py`` holds all other tests to this; ``tests/benchmarks`` measure ratios.
"""

import time

HANG_S = 500.0
"""Seconds after which a wait is taken for a hang; below the limit of a whole test."""

POLL_S = 0.01


def wait_until(condition, *, running=None):
    """Waits for a condition.

    Args:
        condition: Called without arguments until it returns something true.
        running: A ``subprocess.Popen`` that has to run for the condition to come true.

    Returns:
        What the condition returned.

    Raises:
        AssertionError: The process ended first, or this is a hang.
    """
    for _ in range(int(HANG_S / POLL_S)):
        outcome = condition()
        if outcome:
            return outcome
        if running is not None and running.poll() is not None:
            raise AssertionError(f"the process ended with {running.returncode} before that")
        time.sleep(POLL_S)
    raise AssertionError(f"the condition did not come true within {HANG_S:.0f} s")


def pause(seconds):
    """Lets other processes go on for a while, longer on a slow machine."""
    time.sleep(seconds)
