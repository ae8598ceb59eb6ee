"""Time against a peer in the same run: a ratio survives a slow machine, seconds do not.

The bounds lie half as much again above what an idle machine gives: they stop a regression, not
the noise of a busy runner.
"""

from time import perf_counter

import pytest

ROUNDS = 5


@pytest.fixture
def against(benchmark):
    """Times two calls in turns; returns ours / peer of their fastest rounds.

    The ratio and the peer's name stand in the benchmark's JSON (``extra_info``).
    """

    def run(ours, peer, *, name, rounds=ROUNDS):
        peer()
        theirs = []

        def peer_in_turn():
            start = perf_counter()
            peer()
            theirs.append(perf_counter() - start)

        benchmark.pedantic(ours, setup=peer_in_turn, rounds=rounds, warmup_rounds=1)
        # The peer's first timed round belongs to our warm-up.
        ratio = benchmark.stats.stats.min / min(theirs[1:])
        benchmark.extra_info["peer"] = name
        benchmark.extra_info["ratio_to_peer"] = ratio
        return ratio

    return run
