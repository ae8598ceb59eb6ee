"""Every damaged file by its code, through the command: printed, counted, and in result.json."""

import json
import os
import shutil

import pytest

from tests.faults.damage import WAYS, damage


@pytest.fixture(scope="module")
def wild(world, tmp_path_factory):
    """The model's figures, 25 of them damaged in a way each; and names that are no names."""
    root = tmp_path_factory.mktemp("wild") / "gen"
    shutil.copytree(world.root / "gen", root)
    names = sorted(path.name for path in root.iterdir())
    expected = {}
    for name, way in zip(names[::2], WAYS, strict=False):
        expected[name] = damage(root / name, way)
    assert len(expected) == 25
    good = (root / names[-1]).read_bytes()
    closed = names[1]
    (root / closed).chmod(0)
    expected[closed] = "unreadable"
    (root / "device.png").symlink_to("/dev/zero")
    expected["device.png"] = "not-a-file"
    for name, shown, code in (
        (b"new\nline.png", "new\\nline.png", "bad-name"),
        (b"latin-\xe9.png", "latin-\\udce9.png", "bad-name"),
        (b"._a.png", "._a.png", "apple-double"),
        (b".hidden.png", ".hidden.png", "hidden"),
    ):
        (root / os.fsdecode(name)).write_bytes(good)
        expected[shown] = code
    return root, expected


def test_each_is_named_with_its_code_and_counts_against_the_model(
    figbench_command, world, wild, tmp_path
):
    root, expected = wild
    ended = figbench_command(
        *world.evaluate(tmp_path / "store", tmp_path / "out", "--allow-rejects", generated=root),
        as_user=True,
    )
    assert ended.code == 0, ended.err
    document = json.loads((tmp_path / "out" / "result.json").read_text())
    record = document["manifests"]["generated"]
    assert {one["path"]: one["code"] for one in record["rejects"]} == expected
    assert all(one["reason"] for one in record["rejects"])
    assert len(record["missing"]) == 26
    ssim = document["metrics"]["ssim"]
    assert (ssim["n_used"], ssim["n_expected"]) == (34, 60)
    assert document["metrics"]["missing_rate"]["value"] == pytest.approx(26 / 60)
    shown = ended.err + ended.out
    assert "n: 34 of 60 expected figures" in shown
    assert shown.count("Rejected") == 10
    assert "and 21 more (all are in result.json)" in shown
    assert "26 of 60 expected figures are missing" in shown


def test_inspect_names_every_one(figbench_command, wild):
    root, expected = wild
    ended = figbench_command("data", "inspect", root, "--json", as_user=True)
    assert ended.code == 0, ended.err
    found = json.loads(ended.out)["rejects"]
    assert {one["path"]: one["code"] for one in found} == expected


def with_damage(world, folder, count):
    shutil.copytree(world.root / "gen", folder)
    for path, way in zip(sorted(folder.iterdir())[:count], WAYS, strict=False):
        damage(path, way)
    return sorted(path.name for path in folder.iterdir())[:count]


@pytest.mark.parametrize(
    ("damaged", "flags", "code"),
    [
        (0, ("--strict",), 0),
        (1, ("--strict",), 2),
        (1, ("--strict", "--allow-rejects"), 2),
        (3, (), 0),
        (4, (), 2),
        (4, ("--allow-rejects",), 0),
    ],
)
def test_strict_and_the_five_percent_rule(figbench_command, world, tmp_path, damaged, flags, code):
    """3 of 60 are 5%; 4 are over."""
    names = with_damage(world, tmp_path / "gen", damaged)
    ended = figbench_command(
        *world.evaluate(tmp_path / "store", tmp_path / "out", *flags, generated=tmp_path / "gen")
    )
    assert ended.code == code, ended.err
    assert (tmp_path / "out" / "result.json").exists() == (code == 0)
    for name in names:
        assert name in ended.out + ended.err
    if code:
        assert f"{damaged} of 60 generated files cannot be used" in ended.err
        assert ("--strict" if "--strict" in flags else "--allow-rejects") in ended.err
        assert "Traceback" not in ended.err


def test_a_damaged_reference_is_named_too(figbench_command, world, tmp_path):
    """A reference that cannot be read is no figure that the model owes, and is not hidden."""
    shutil.copytree(world.root / "ref", tmp_path / "ref")
    gone = sorted((tmp_path / "ref").iterdir())[0]
    damage(gone, "png cut in half")
    ended = figbench_command(
        "evaluate", world.root / "gen", "--reference", tmp_path / "ref", "--protocol",
        world.protocol, "--store", tmp_path / "store", "--json", "--device", "cpu",
    )  # fmt: skip
    assert ended.code == 0, ended.err
    manifests = json.loads(ended.out)["manifests"]
    assert [one["path"] for one in manifests["reference"]["rejects"]] == [gone.name]
    assert manifests["generated"]["extra"] == [f"{gone.stem}#0"]
    assert f"Rejected reference {gone.name}: truncated" in ended.err


@pytest.mark.parametrize(("damaged", "flags"), [(1, ("--strict",)), (4, ())])
def test_the_reference_keeps_the_same_rules(figbench_command, world, tmp_path, damaged, flags):
    shutil.copytree(world.root / "ref", tmp_path / "ref")
    for path in sorted((tmp_path / "ref").iterdir())[:damaged]:
        damage(path, "no bytes")
    ended = figbench_command(
        "evaluate", world.root / "gen", "--reference", tmp_path / "ref", "--protocol",
        world.protocol, "--store", tmp_path / "store", "--device", "cpu", *flags,
    )  # fmt: skip
    assert ended.code == 2, ended.err
    assert f"{damaged} of 60 reference files cannot be used" in ended.err


@pytest.mark.parametrize("flag", [None, "--allow-rejects"])
@pytest.mark.parametrize("verb", ["reference", "sweep"])
def test_other_verbs_keep_the_rules_too(figbench_command, world, tmp_path, verb, flag):
    """4 of 60 unreadable: refused with the flag's name, done with the flag."""
    shutil.copytree(world.root / "ref", tmp_path / "ref")
    for path in sorted((tmp_path / "ref").iterdir())[:4]:
        damage(path, "HTML")
    common = ("--protocol", world.protocol, "--out", tmp_path / "out", *([flag] if flag else []))
    store = {"FIGBENCH_STORE": str(tmp_path / "store")}
    if verb == "reference":
        line = ("reference", "build", tmp_path / "ref", *common)
    else:
        line = ("sweep", world.root / "sweep", "--reference", tmp_path / "ref", *common)
    ended = figbench_command(*line, environment=store)
    assert ended.code == (0 if flag else 2), ended.err
    assert (tmp_path / "out").exists() == bool(flag)
    if not flag:
        assert "4 of 60 reference files cannot be used" in ended.err
        assert "--allow-rejects" in ended.err
