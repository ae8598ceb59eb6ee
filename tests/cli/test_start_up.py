"""Imports of a run: what no stage needs is not imported."""

import subprocess
import sys

import pytest
from PIL import Image, ImageDraw, ImageFont

RUN = """
import sys
from figbench.cli.main import run
sys.argv = ["figbench", "evaluate", "generated", "--reference", "reference", "--protocol",
            "offline", "--metrics", sys.argv[1], "--store", "store", "--output", "run"]
try:
    run()
except SystemExit as end:
    assert not end.code, end.code
heavy = {"torch", "timm", "torchvision", "easyocr", "pandas", "matplotlib", "scipy.stats",
         "networkx", "numba", "sklearn", "onnxruntime", "datasets", "ray", "sympy"}
print(sorted(heavy & set(sys.modules)), file=sys.stderr)
"""


@pytest.mark.parametrize("metrics", ["ssim,validity", "label_fidelity"])
def test_metrics_without_torch_networks_import_no_heavy_package(metrics, tmp_path):
    for number, side in enumerate(("generated", "reference")):
        (tmp_path / side).mkdir()
        for name in ("Encoder", "Decoder"):
            image = Image.new("RGB", (240, 80), "white")
            ImageDraw.Draw(image).text((20, 20 + number), name, "black", ImageFont.load_default(32))
            image.save(tmp_path / side / f"{name}.png")
    done = subprocess.run(
        [sys.executable, "-c", RUN, metrics],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr.splitlines()[-1] == "[]", done.stderr
    assert (tmp_path / "run" / "result.json").exists()
