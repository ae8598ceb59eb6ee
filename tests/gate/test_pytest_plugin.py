"""The plugin in a user's own suite, through pytest itself."""

import shutil
import subprocess
import sys

import pytest

from figbench.synthfig import blur, iter_synthfig, png_bytes

pytest_plugins = ["pytester"]

PROTOCOL = "id: quick\npreprocess: pad256\nmetrics: [{metric: ssim}, {metric: validity}]\n"
SUITE = """
import pytest

@pytest.mark.figbench
def test_figures(figbench):
    figbench.gate("generated", "reference", baseline="baseline", rules=["ssim:-0.01 & p<0.2"],
                  protocol="quick.yaml")
"""


@pytest.fixture
def suite(pytester, synthfig_root):
    shutil.copytree(synthfig_root, pytester.path / "reference")
    for name, radius in (("good", 0.5), ("generated", 0.5), ("bad", 4.0)):
        (pytester.path / name).mkdir()
        for one in iter_synthfig(12, 3, test_fraction=1.0):
            (pytester.path / name / f"{one.figure_id}.png").write_bytes(
                png_bytes(blur(one.image, radius))
            )
    (pytester.path / "quick.yaml").write_text(PROTOCOL)
    # pytester forgets modules that are imported while it runs, and torch cannot be imported twice.
    command = "evaluate good --reference reference --protocol quick.yaml --output baseline"
    subprocess.run(
        [sys.executable, "-m", "figbench", *command.split()], cwd=pytester.path, check=True
    )
    pytester.makepyfile(SUITE)
    return pytester


def test_pass_regression_and_deselection(suite):
    suite.runpytest_subprocess("-q").assert_outcomes(passed=1)
    shutil.rmtree(suite.path / "generated")
    shutil.copytree(suite.path / "bad", suite.path / "generated")
    failed = suite.runpytest_subprocess("-q")
    failed.assert_outcomes(failed=1)
    failed.stdout.fnmatch_lines(["*ssim:-0.01*regression*"])
    suite.runpytest_subprocess("-q", "-m", "not figbench").assert_outcomes(deselected=1)
