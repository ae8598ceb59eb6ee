"""docs/ci.md and docs/leaderboards.md, run as they are written."""

import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

ROOT = Path(__file__).parents[2]


def blocks(page, language=""):
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.DOTALL | re.MULTILINE)


def run(script, folder):
    """Runs commands as a reader types them, in a folder, with this Python's figbench."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path, "FIGBENCH_STORE": str(folder / "store")}
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, f"{script}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture
def folder(synthfig_root, tmp_path):
    """Eight references under both pages' names, and darker drawings of them."""
    for name in ("refs", "REF", "figures", "my_figures"):
        (tmp_path / name).mkdir()
    for path in sorted((synthfig_root / "figures").glob("*.png"))[:8]:
        image = np.asarray(Image.open(path).convert("RGB"))
        for name, pixels in (("refs", image), ("figures", image // 2 + 100)):
            Image.fromarray(pixels.astype(np.uint8)).save(tmp_path / name / path.name)
    for source, target in (("refs", "REF"), ("figures", "my_figures")):
        for path in (tmp_path / source).iterdir():
            (tmp_path / target / path.name).write_bytes(path.read_bytes())
    return tmp_path


@pytest.mark.slow
def test_the_page_on_ci_runs_as_written(folder):
    commands, *_ = blocks("ci.md")
    printed = run(commands, folder)
    assert "gate: PASSED, 2 rules" in printed
    assert (folder / "baseline" / "features.safetensors").is_file()
    [config] = blocks("ci.md", "toml")
    (folder / "figbench.toml").write_text(config)
    assert "gate: PASSED, 3 rules" in run("figbench gate", folder)


@pytest.mark.slow
def test_the_page_on_leaderboards_runs_as_written(folder):
    start, enter, *_ = blocks("leaderboards.md")
    run(start, folder)
    run(enter, folder)
    page = (folder / "BOARD" / "index.html").read_text()
    assert "<h1>My board</h1>" in page and "<strong>mine</strong>" in page
    run("figbench leaderboard build BOARD --check", folder)


def test_the_hooks_name_commands_that_exist():
    import yaml

    hooks = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())
    assert {one["id"] for one in hooks} == {"figbench-gate", "figbench-boards-fresh"}
    for hook in hooks:
        assert run(f"{re.search(r'figbench [a-z]+', hook['entry'])[0]} --help", ROOT)


def test_links_and_pictures_of_the_readme_are_absolute():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    targets = re.findall(r"\]\(([^)]+)\)", text)
    assert targets
    assert [one for one in targets if not one.startswith(("https://", "#"))] == []
