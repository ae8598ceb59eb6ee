"""Wrong use: the documented exit code, and a message with the path or value and the remedy."""

import json
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image


def figbench(*arguments, cwd=None, env=None):
    """Runs the command as a user would."""
    return subprocess.run(
        [sys.executable, "-m", "figbench", *map(str, arguments)],
        capture_output=True,
        text=True,
        cwd=cwd,
        env=env,
        timeout=300,
    )


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """A small reference set and every wrong input of the table."""
    root = tmp_path_factory.mktemp("wrong-use")
    rng = np.random.default_rng(0)
    for folder, names in {"ref": "abcdef", "good": "abcdef", "unpaired": "uvwxyz"}.items():
        (root / folder).mkdir()
        for name in names:
            pixels = rng.integers(0, 255, (40, 60, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(root / folder / f"{name}.png")
    (root / "empty").mkdir()
    (root / "broken").mkdir()
    for name in "abcdef":
        (root / "broken" / f"{name}.png").write_bytes(b"\x89PNG\r\n\x1a\nnot really")
    (root / "bad.json").write_text('{"figure": ')
    (root / "isc.yaml").write_text("id: few\nmetrics: [{metric: is@efficientnet-lite0}]\n")
    (root / "bad.yaml").write_text("id: bad\nmetrics: [{metric: fid}]\nresamble: x\n")
    (root / "card.yaml").write_text("nam: typo\n")
    return root


TABLE = [
    (
        "unknown protocol",
        "good --reference ref --protocol figen",
        2,
        ["figen", "Did you mean 'figgen'"],
    ),
    (
        "protocol with a typo",
        "good --reference ref --protocol bad.yaml",
        2,
        ["bad.yaml", "resamble"],
    ),
    ("missing folder", "nowhere --reference ref", 2, ["nowhere"]),
    ("missing reference", "good --reference nowhere", 2, ["nowhere"]),
    ("empty folder", "empty --reference ref", 2, ["empty"]),
    ("empty reference", "good --reference empty", 2, ["empty"]),
    ("unreadable json", "bad.json --reference ref", 2, ["bad.json"]),
    ("only broken files", "broken --reference ref", 2, ["a.png"]),
    ("no pairs", "unpaired --reference ref", 2, ["--allow-unpaired"]),
    ("unknown metric", "good --reference ref --metrics fidd", 2, ["fidd", "Did you mean"]),
    ("metric of another protocol", "good --reference ref --metrics fid", 2, ["fid", "offline"]),
    (
        "below minimum n",
        "good --reference ref --protocol isc.yaml",
        2,
        ["needs at least", "found 6"],
    ),
    (
        "weights missing",
        "good --reference ref --protocol figgen",
        2,
        ["fid", "sha", "weights import", "--protocol offline"],
    ),
    ("unknown device", "good --reference ref --metrics ssim --device tpu9", 2, ["tpu9"]),
    ("bad model card", "good --reference ref --metrics ssim --model-card card.yaml", 2, ["nam"]),
    ("no reference", "good", 2, ["no reference set", "evaluate generated reference"]),
]


@pytest.mark.parametrize(
    ("line", "code", "words"), [row[1:] for row in TABLE], ids=[r[0] for r in TABLE]
)
def test_wrong_use(world, tmp_path, monkeypatch, line, code, words):
    monkeypatch.setenv("FIGBENCH_OFFLINE", "1")
    monkeypatch.setenv("FIGBENCH_WEIGHTS", str(tmp_path / "weights"))
    monkeypatch.setenv("FIGBENCH_STORE", str(tmp_path / "store"))
    monkeypatch.setenv("COLUMNS", "300")
    done = figbench("evaluate", *line.split(), cwd=world)
    assert done.returncode == code, done.stderr
    for word in words:
        assert word.lower() in done.stderr.lower()
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_skip_unavailable_records_the_reason(world, tmp_path, monkeypatch):
    monkeypatch.setenv("FIGBENCH_OFFLINE", "1")
    monkeypatch.setenv("FIGBENCH_WEIGHTS", str(tmp_path / "weights"))
    monkeypatch.setenv("FIGBENCH_STORE", str(tmp_path / "store"))
    done = figbench(
        "evaluate",
        "good",
        "--reference",
        "ref",
        "--protocol",
        "figgen",
        "--metrics",
        "fid,validity",
        "--skip-unavailable",
        "--json",
        cwd=world,
    )
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    assert document["metrics"]["fid"]["status"] == "skipped"
    assert document["metrics"]["fid"]["value"] is None
    assert "weights" in document["metrics"]["fid"]["reason"]


def test_import_and_help_are_light():
    code = (
        "import sys; import figbench, figbench.cli.main;"
        "heavy = {'torch', 'pandas', 'matplotlib', 'scipy', 'diffusers'} & set(sys.modules);"
        "assert not heavy, heavy"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    shown = figbench("--help")
    assert shown.returncode == 0
    for verb in ("evaluate", "reference", "data", "weights", "demo", "doctor"):
        assert verb in shown.stdout
