import hashlib
import shlex

import numpy as np
import pytest
from PIL import Image

from figbench.data.load import load_manifest
from figbench.errors import UserError
from figbench.leaderboard.baselines import draw_baselines


def _digest(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_baselines_answer_the_prompts_they_claim_to(tmp_path, synthfig_root):
    out = tmp_path / "out"
    made = draw_baselines(str(synthfig_root), out, seed=0)
    reference = load_manifest(synthfig_root)
    true = {one.figure_id: one for one in reference.figures}
    owner = {one.sha256: one for one in reference.figures}

    shuffled = {path.stem: owner[_digest(path)] for path in (out / "shuffled-captions").iterdir()}
    assert shuffled.keys() == true.keys()
    assert sorted(one.figure_id for one in shuffled.values()) == sorted(true)
    assert all(one.paper_id != true[name].paper_id for name, one in shuffled.items())

    kept = {one.figure_id for one in load_manifest(out / "half.jsonl").figures}
    given = {path.stem: owner[_digest(path)].figure_id for path in (out / "real-vs-real").iterdir()}
    assert given.keys() == kept and not kept & set(given.values())
    assert len(kept) == len(true) // 2

    for path in (out / "blank-page").iterdir():
        page = Image.open(path)
        assert page.size == (true[path.stem].width, true[path.stem].height)
        assert (np.asarray(page) == 255).all()
    assert shlex.split(made["real-vs-real"][1]) == [str(out / "half.jsonl")]


def test_a_folder_that_holds_files_is_left_alone(tmp_path, synthfig_root):
    (tmp_path / "mine.txt").write_text("x")
    with pytest.raises(UserError, match="holds files"):
        draw_baselines(str(synthfig_root), tmp_path, seed=0)
    assert [one.name for one in tmp_path.iterdir()] == ["mine.txt"]
