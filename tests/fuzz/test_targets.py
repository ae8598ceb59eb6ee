"""The corpus and bytes near it, in every run; Atheris with a fixed number of runs in the slow lane.

The mutations here are deterministic and need no further package.
"""

import subprocess
import sys
from importlib.util import find_spec

import numpy as np
import pytest

from tests.fuzz.targets import CORPUS, TARGETS, corpus

EACH = 12


def _mutated(data, rng):
    """The bytes with a few of them replaced, cut, doubled or inserted."""
    changed = bytearray(data)
    for _ in range(int(rng.integers(1, 5))):
        at = int(rng.integers(0, len(changed) + 1))
        kind = int(rng.integers(0, 4))
        if kind == 0 and at < len(changed):
            changed[at] = int(rng.integers(0, 256))
        elif kind == 1:
            changed[at:at] = rng.integers(0, 256, int(rng.integers(1, 6)), np.uint8).tobytes()
        elif kind == 2:
            del changed[at : at + int(rng.integers(1, 9))]
        else:
            changed[at:at] = changed[at : at + 16]
    return bytes(changed)


@pytest.mark.parametrize("name", TARGETS)
def test_the_corpus_and_bytes_near_it(name):
    rng = np.random.default_rng(2026)
    seeds = corpus(name)
    assert len(seeds) >= 5
    for seed in seeds:
        TARGETS[name](seed)
        for _ in range(EACH):
            TARGETS[name](_mutated(seed, rng))


@pytest.mark.slow
@pytest.mark.parametrize("name", TARGETS)
def test_atheris(name, tmp_path):
    if find_spec("atheris") is None:
        pytest.skip("atheris has no wheel for this Python; the mutations above run everywhere")
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "tests.fuzz.targets",
            name,
            "-runs=1500",
            "-seed=7",
            "-max_len=4096",
            "-rss_limit_mb=4096",
            f"-artifact_prefix={tmp_path}/",
            str(tmp_path),
            str(CORPUS / name),
        ],
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert done.returncode == 0, done.stderr[-3000:]
