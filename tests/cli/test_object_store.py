"""The command line on an S3 server of this machine."""

import io
import json
import os
import shutil
import subprocess
import sys
import zipfile

import pytest

from tests.data.pictures import drawing, encoded
from tests.waiting import HANG_S

PROTOCOL = "id: tiny\npreprocess: pad256\nmetrics: [{metric: ssim}, {metric: validity}]\n"


@pytest.fixture
def figbench(object_store, tmp_path):
    """Runs the command against the server, with a cache and a store of the test's own."""
    (tmp_path / "p.yaml").write_text(PROTOCOL)

    def run(*arguments, **changes):
        environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("AWS_")},
            **object_store.environment,
            "FIGBENCH_MIRRORS": str(tmp_path / "mirrors"),
            "FIGBENCH_STORE": str(tmp_path / "store"),
            **changes,
        }
        return subprocess.run(
            [sys.executable, "-m", "figbench", *map(str, arguments)],
            capture_output=True, text=True, timeout=HANG_S, cwd=tmp_path,
            env={name: value for name, value in environment.items() if value is not None},
        )  # fmt: skip

    return run


@pytest.fixture
def root(tmp_path):
    """Five small figures in Paper2Fig100k's layout."""
    (tmp_path / "P" / "figures").mkdir(parents=True)
    names = [f"p{number}-Figure1-1" for number in range(5)]
    for number, name in enumerate(names):
        picture = encoded(drawing(80, 96, number))
        (tmp_path / "P" / "figures" / f"{name}.png").write_bytes(picture)
    records = [{"figure_id": name, "captions": ["boxes"]} for name in names]
    (tmp_path / "P" / "paper2fig_test.json").write_text(json.dumps(records))
    return tmp_path / "P"


@pytest.fixture
def inside(object_store, tmp_path, monkeypatch):
    """As ``figbench``, in this process, where torch is loaded already."""
    for name, value in object_store.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("FIGBENCH_MIRRORS", str(tmp_path / "mirrors"))
    (tmp_path / "p.yaml").write_text(PROTOCOL)
    monkeypatch.chdir(tmp_path)

    def run(*arguments):
        from typer.testing import CliRunner

        from figbench.cli.main import app

        return CliRunner().invoke(app, list(arguments), catch_exceptions=False)

    return run


def copies(mirrors):
    """What lies in the mirror of the run: (inode, time) by name."""
    [run] = [one for one in mirrors.iterdir() if not (one / "files" / "figures").exists()]
    states = {one.name: one.stat() for one in run.rglob("*.png")}
    return {name: (state.st_ino, state.st_mtime_ns) for name, state in states.items()}


def test_evaluate_records_the_url_and_copies_what_changed(figbench, object_store, root, tmp_path):
    reference = object_store.upload(root, "whole/Paper2Fig100k")
    generated = object_store.upload(root / "figures", "whole/run")
    arguments = ("evaluate", generated, "--reference", reference, "--protocol", "p.yaml", "--json")
    first = figbench(*arguments, "--output", "out")
    assert first.returncode == 0, first.stderr
    document = json.loads(first.stdout)
    assert document["manifests"]["generated"]["source"] == generated
    assert document["manifests"]["reference"]["layout"] == "paper2fig100k"
    assert document["metrics"]["ssim"]["value"] == pytest.approx(1.0)
    assert "mirrors" not in (tmp_path / "out" / "result.json").read_text()
    before = copies(tmp_path / "mirrors")

    names = sorted(one.name for one in (root / "figures").iterdir())
    object_store.put(f"whole/run/{names[0]}", (root / "figures" / names[1]).read_bytes())
    object_store.filesystem.rm(f"figures/whole/run/{names[2]}")
    second = figbench(*arguments)
    assert second.returncode == 0, second.stderr
    document = json.loads(second.stdout)
    assert document["manifests"]["generated"]["missing"] == [f"{names[2][:-4]}#0"]
    assert document["metrics"]["ssim"]["value"] < 0.99
    after = copies(tmp_path / "mirrors")
    assert set(after) == set(names) - {names[2]}
    assert [name for name in sorted(after) if after[name] != before[name]] == [names[0]]


def test_a_reference_pack_and_an_index_and_an_archive(figbench, inside, object_store, tmp_path):
    for side in ("ref", "gen"):
        (tmp_path / side).mkdir()
        for number in range(4):
            (tmp_path / side / f"a{number}.png").write_bytes(encoded(drawing(80, 96, number)))
    reference = object_store.upload(tmp_path / "ref", "packs/ref")
    built = inside("reference", "build", reference, "-o", "r.figref", "--protocol", "p.yaml")
    assert built.exit_code == 0, built.output
    object_store.put("packs/r.figref", (tmp_path / "r.figref").read_bytes())
    object_store.upload(tmp_path / "gen", "packs/gen/img")
    rows = [{"image": f"img/a{number}.png"} for number in range(4)]
    object_store.put("packs/gen/rows.jsonl", "\n".join(map(json.dumps, rows)).encode())
    shutil.rmtree(tmp_path / "ref")
    pack = "s3://figures/packs/r.figref"
    done = figbench(
        "evaluate", "s3://figures/packs/gen/rows.jsonl", "--reference", pack,
        "--protocol", "p.yaml", "--json",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    assert document["metrics"]["ssim"]["value"] == pytest.approx(1.0)
    assert document["manifests"]["reference"]["source"] == pack

    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for path in (tmp_path / "gen").iterdir():
            archive.write(path, path.name)
    object_store.put("packs/gen.zip", packed.getvalue())
    done = figbench("data", "inspect", "s3://figures/packs/gen.zip", "--json")
    assert done.returncode == 0, done.stderr
    facts = json.loads(done.stdout)
    assert (facts["source"], facts["n_figures"]) == ("s3://figures/packs/gen.zip", 4)


def test_sweep_expands_a_folder_of_points(inside, object_store, tmp_path):
    for scale in (1, 5):
        for number in range(3):
            data = encoded(drawing(80, 96, number + scale))
            object_store.put(f"sweep/in/evaluation_cfg_{scale}/a{number}.png", data)
    for number in range(3):
        object_store.put(f"sweep/ref/a{number}.png", encoded(drawing(80, 96, number + 1)))
    done = inside(
        "sweep", "s3://figures/sweep/in", "--reference", "s3://figures/sweep/ref",
        "--out", "sweep", "--protocol", "p.yaml",
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    document = json.loads((tmp_path / "sweep" / "sweep.json").read_text())
    assert [one["guidance_scale"] for one in document["points"]] == [1.0, 5.0]


@pytest.mark.parametrize(
    ("url", "changes", "message"),
    [
        (
            "s3://no-such-bucket/run",
            {},
            "s3://no-such-bucket/run: no such object, folder or bucket",
        ),
        (
            "s3://figures/run",
            {"AWS_ACCESS_KEY_ID": None, "AWS_SECRET_ACCESS_KEY": None},
            "s3://figures/run: cannot be read (Unable to locate credentials",
        ),
        (
            "s3://figures/run",
            {"AWS_ENDPOINT_URL": "http://127.0.0.1:9"},
            "s3://figures/run: cannot be read (Could not connect to the endpoint",
        ),
        ("s3://figures/run", {"FIGBENCH_OFFLINE": "1"}, "FIGBENCH_OFFLINE forbids downloads"),
    ],
)
def test_what_goes_wrong_is_said_without_a_traceback(figbench, url, changes, message):
    done = figbench("data", "inspect", url, "--json", **changes)
    assert done.returncode == 2
    assert message in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""
