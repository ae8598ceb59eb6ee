"""The revision of figbench in ``result.json``: that of its checkout."""

import subprocess
from pathlib import Path

import figbench
from figbench.evaluation.artifacts.provenance import CHECKOUT, git_state

GIT = ("git", "-c", "user.name=Tester", "-c", "user.email=tester@example.org")


def git(folder, *arguments):
    done = subprocess.run(
        [*GIT, "-C", str(folder), *arguments], capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def test_the_checkout_is_the_folder_of_the_package():
    assert Path(figbench.__file__).resolve().parents[1] == CHECKOUT


def test_revision_and_changes(tmp_path):
    git(tmp_path, "init", "--quiet")
    (tmp_path / "file").write_text("a")
    git(tmp_path, "add", "file")
    git(tmp_path, "commit", "--quiet", "--message", "first")
    revision = git(tmp_path, "rev-parse", "HEAD")
    assert len(revision) == 40 and git_state(tmp_path) == (revision, False)
    (tmp_path / "new").write_text("untracked files are no change")
    assert git_state(tmp_path) == (revision, False)
    (tmp_path / "file").write_text("b")
    assert git_state(tmp_path) == (revision, True)


def test_no_checkout(tmp_path):
    assert git_state(tmp_path) == (None, None)
