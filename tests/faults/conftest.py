"""The fork server, and a small world to score, train and sample in."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.waiting import HANG_S

ROOT = Path(__file__).parents[2]
PROTOCOL = """
id: cheap
preprocess: none
metrics: [{metric: ssim}, {metric: validity}]
"""


@dataclass
class Ended:
    """How a command ended."""

    code: int
    seconds: float
    out: str
    err: str


class Server:
    """Runs ``figbench`` commands as forks of one prepared process; see ``tests.faults.server``."""

    def __init__(self, folder, *more):
        self.folder = folder
        environment = {k: v for k, v in os.environ.items() if k not in ("RANK", "WORLD_SIZE")}
        environment |= {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "COLUMNS": "200"}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.server", *more],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            env=environment,
        )
        assert self.process.stdout.readline() == "ready\n"

    def __call__(self, *arguments, **request):
        request["arguments"] = [str(one) for one in arguments]
        request |= {name: str(self.folder / name) for name in ("out", "err")}
        self.process.stdin.write(json.dumps(request) + "\n")
        self.process.stdin.flush()
        reply = json.loads(self.process.stdout.readline())
        said = [(self.folder / name).read_text(errors="replace") for name in ("out", "err")]
        return Ended(reply["code"], reply["seconds"], *said)

    def stop(self):
        self.process.stdin.close()
        self.process.wait(timeout=HANG_S)


@pytest.fixture(scope="session")
def figbench_command(tmp_path_factory):
    server = Server(tmp_path_factory.mktemp("server"))
    yield server
    server.stop()


@pytest.fixture(scope="session")
def model_command(tmp_path_factory):
    server = Server(tmp_path_factory.mktemp("server"), "--models")
    yield server
    server.stop()


@dataclass
class World:
    """Folders: references, what a model drew, the same at two guidance scales, a protocol."""

    root: Path

    @property
    def protocol(self):
        return self.root / "cheap.yaml"

    def evaluate(self, store, out, *more, generated="gen"):
        return (
            "evaluate", self.root / generated, "--reference", self.root / "ref", "--protocol",
            self.protocol, "--store", store, "--output", out, "--device", "cpu", *more,
        )  # fmt: skip


@pytest.fixture(scope="session")
def world(tmp_path_factory):
    from figbench.synthfig import blur, iter_synthfig

    root = tmp_path_factory.mktemp("world")
    folders = [root / name for name in ("ref", "gen", "sweep/cfg_1", "sweep/cfg_5")]
    for folder in folders:
        folder.mkdir(parents=True)
    for one in iter_synthfig(60, 21):
        image = np.asarray(Image.fromarray(one.image).resize((96, 72)))
        for folder, radius in zip(folders, (0, 0.7, 1.0, 0.4), strict=True):
            shown = blur(image, radius) if radius else image
            Image.fromarray(shown).save(folder / f"{one.figure_id}.png")
    (root / "cheap.yaml").write_text(PROTOCOL)
    return World(root)


@pytest.fixture(scope="session")
def trained(model_command, tmp_path_factory):
    """Small figures, and a run of both stages."""
    root = tmp_path_factory.mktemp("figgen")
    made = model_command(
        "data", "synth", "--simple", "--n", "24", "--seed", "5", "--split-fraction", "0.34",
        "--out", root / "figures",
    )  # fmt: skip
    assert made.code == 0, made.err
    assert train(model_command, root, root / "run", "autoencoder").code == 0
    ended = train(model_command, root, root / "run", "diffusion", "--autoencoder", root / "run")
    assert ended.code == 0, ended.err
    return root


def train(model_command, root, out, stage, *more, **request):
    return model_command(
        "model", "train", "figgen", "--stage", stage, "--config", "figgen-ci", "--data",
        root / "figures", "--out", out, "--device", "cpu", "--set", "run.checkpoint_every=2",
        *more, **request,
    )  # fmt: skip


def weights(folder):
    """Every tensor's bytes in every weight file of a run."""
    return {
        path.relative_to(folder): path.read_bytes()
        for path in sorted(folder.rglob("*.safetensors"))
    }
