"""A real text reader must be able to read the labels."""

from __future__ import annotations

import re
from collections import Counter

import pytest

from figbench.synthfig import make_scene, render_scene


def words(texts: list[str]) -> Counter[str]:
    found = (re.findall(r"[a-z0-9]+", text.lower()) for text in texts)
    return Counter(word for line in found for word in line if len(word) > 1)


@pytest.mark.slow
def test_rapidocr_reads_nearly_all_words() -> None:
    from rapidocr import RapidOCR

    engine = RapidOCR()
    wanted: Counter[str] = Counter()
    missed: Counter[str] = Counter()
    for i in range(20):
        scene = make_scene(1, i)
        read = engine(render_scene(scene)[:, :, ::-1].copy()).txts or ()
        here = words([line.text for line in scene.labels])
        wanted += here
        missed += here - words(list(read))
    assert 1 - missed.total() / wanted.total() >= 0.95, missed
