"""A small world for runs in processes of their own, and what one process makes of it."""

import numpy as np
import pytest
from PIL import Image

from tests.evaluation.processes import PROTOCOL, command, run, scores


@pytest.fixture(scope="session")
def world(tmp_path_factory):
    from figbench.synthfig import blur, iter_synthfig

    root = tmp_path_factory.mktemp("processes")
    (root / "gen").mkdir()
    (root / "ref").mkdir()
    for number, one in enumerate(iter_synthfig(40, 8)):
        image = np.asarray(Image.fromarray(one.image).resize((240, 180)))
        Image.fromarray(image).save(root / "ref" / f"{one.figure_id}.png")
        if number:
            Image.fromarray(blur(image, 1.0)).save(root / "gen" / f"{one.figure_id}.png")
    (root / "p.yaml").write_text(PROTOCOL)
    return root


@pytest.fixture(scope="session")
def alone_root(world, tmp_path_factory):
    """Store and output of one process."""
    root = tmp_path_factory.mktemp("alone")
    done = run(command(world, root / "store", root / "out"))
    assert done.returncode == 0, done.stderr
    return root


@pytest.fixture(scope="session")
def alone(alone_root):
    return scores(alone_root / "out")


@pytest.fixture(scope="session")
def deterministic_root(world, tmp_path_factory):
    """As ``alone_root``, with ``--deterministic``."""
    root = tmp_path_factory.mktemp("deterministic")
    done = run([*command(world, root / "store", root / "out"), "--deterministic"])
    assert done.returncode == 0, done.stderr
    return root
