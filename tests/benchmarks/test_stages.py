"""Two versions take turns; a version that fails is named."""

import pytest

from tests.benchmarks.side_by_side import stages

CHILD = """
import json, os, sys
name = os.path.basename(os.getcwd())
for number in range(3 if name == "before" else 2):
    print("turn", flush=True)
    sys.stdin.readline()
    with open(os.path.join(sys.argv[1], "log"), "a") as log:
        log.write(f"{name} {number}, ")
print(json.dumps({"total": len(name)}), flush=True)
"""


@pytest.fixture
def checkouts(tmp_path):
    (tmp_path / "generated").mkdir()
    folders = {name: tmp_path / name for name in ("before", "after")}
    for folder in folders.values():
        folder.mkdir()
    return folders


def test_versions_take_turns_until_both_are_done(checkouts, tmp_path, monkeypatch):
    monkeypatch.setattr(stages, "CHILD", CHILD)
    assert stages.measure(checkouts, tmp_path) == {"before": {"total": 6}, "after": {"total": 5}}
    log = (tmp_path / "generated" / "log").read_text()
    assert log == "before 0, after 0, before 1, after 1, before 2, "


def test_a_version_that_fails_is_named_with_its_error(checkouts, tmp_path, monkeypatch):
    monkeypatch.setattr(
        stages, "CHILD", "print('turn', flush=True); input(); raise OSError('lost')"
    )
    with pytest.raises(SystemExit, match=r"before failed:[\s\S]*OSError: lost"):
        stages.measure(checkouts, tmp_path)
