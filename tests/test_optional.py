"""Optional libraries: without one, a command says which extra to install."""

import re
import subprocess
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from figbench.errors import UserError
from figbench.io.optional import EXTRAS, explained, missing, require

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]

SVG = '<svg xmlns="http://www.w3.org/2000/svg" width="90" height="40"><rect width="9"/></svg>'
VOTE = (
    '{"prompt_id": "p%d", "paper_id": "p%d", "first": "a", "second": "b", "winner": "%s",'
    ' "rater": "x"}\n'
)

COMMANDS = {
    "resvg_py": "data inspect {figures}",
    "tinycss2": "data inspect {figures}",
    "pypdfium2": "data inspect {pdf}",
    "svgelements": "graph show {figures}/a.svg",
    "cv2": "graph show {png}",
    "evalica": "rank {votes}",
    "ray": "evaluate {pngs} {pngs} --metrics ssim --executor ray",
    "openvino": "evaluate {pngs} {pngs} --metrics ocr_sim --engine openvino --device cpu",
}
"""A command for each optional library that a command imports."""


@pytest.fixture
def paths(tmp_path):
    """Small inputs of every kind."""
    from PIL import Image

    figures, pngs = tmp_path / "svg", tmp_path / "png"
    for folder in (figures, pngs, tmp_path / "pdf"):
        folder.mkdir()
    (figures / "a.svg").write_text(SVG)
    (tmp_path / "pdf" / "a.pdf").write_bytes(b"%PDF-1.4\n")
    Image.new("RGB", (64, 48), "white").save(pngs / "a.png")
    winners = ["first", "second", "first"] * 4
    (tmp_path / "votes.jsonl").write_text(
        "".join(VOTE % (i, i, winner) for i, winner in enumerate(winners))
    )
    return {
        "figures": figures,
        "pdf": tmp_path / "pdf",
        "pngs": pngs,
        "png": pngs / "a.png",
        "votes": tmp_path / "votes.jsonl",
        "out": tmp_path / "out",
    }


@pytest.mark.parametrize("module", COMMANDS)
def test_a_command_without_the_library_names_the_extra(module, paths, monkeypatch):
    from typer.testing import CliRunner

    from figbench.cli.main import app
    from figbench.features.engines import openvino_engine

    # A network that an earlier test compiled needs no library any more.
    monkeypatch.setattr(openvino_engine, "_compiled", {})
    monkeypatch.setitem(sys.modules, module, None)
    arguments = [part.format(**paths) for part in COMMANDS[module].split()]
    result = CliRunner().invoke(app, arguments)
    assert isinstance(result.exception, UserError), result.output
    assert module in result.exception.message
    assert f"figbench[{EXTRAS[module]}]" in result.exception.remedy


def test_the_command_line_explains_any_failed_import_of_an_optional_library():
    code = (
        "import sys; sys.modules['diffusers'] = None; from figbench.cli.main import run;"
        "sys.argv = 'figbench model info figgen --config figgen-nano'.split(); run()"
    )
    done = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True, text=True)
    assert done.returncode == 2, done.stdout + done.stderr
    assert "figbench[train]" in done.stderr
    assert "Traceback" not in done.stderr


def without(monkeypatch, module):
    monkeypatch.setitem(sys.modules, module, None)
    return pytest.raises(UserError, match=re.escape(f"figbench[{EXTRAS[module]}]"))


def test_frames_need_pandas(monkeypatch):
    from figbench.metrics.external import read_table
    from tests.results.factory import make_result

    with without(monkeypatch, "pandas"):
        make_result().to_frame()
    with without(monkeypatch, "pandas"):
        read_table("scores.csv", ["metric"])


def test_agreement_needs_krippendorff(monkeypatch):
    import numpy as np

    from figbench.study.agreement import _alpha

    with without(monkeypatch, "krippendorff"):
        _alpha(np.array([[2, 0], [0, 2]]), [0, 1], "nominal")


def test_tesseract_needs_pytesseract(monkeypatch):
    from figbench.ocr import load_engine

    monkeypatch.delitem(sys.modules, "figbench.ocr.tesseract_engine", raising=False)
    with without(monkeypatch, "pytesseract"):
        load_engine("tesseract", {})


def test_pptx_export_needs_python_pptx(monkeypatch):
    from figbench.synthfig import make_scene
    from figbench.synthfig.export.pptx import scene_pptx

    with without(monkeypatch, "pptx"):
        scene_pptx(make_scene(0, 0))


@pytest.mark.parametrize("module", ["torchmetrics", "pytorch_lightning", "tensorboard"])
def test_every_other_library_is_explained(module):
    problem = explained(ModuleNotFoundError(f"No module named '{module}'", name=f"{module}.x"))
    assert f"figbench[{EXTRAS[module]}]" in str(problem)


def test_a_module_without_an_extra_is_not_explained_away():
    assert explained(ModuleNotFoundError("No module named 'numpy'", name="numpy")) is None
    assert "pip install nothing_known" in str(missing("nothing_known", purpose="This"))


def test_a_broken_library_is_not_reported_as_missing(monkeypatch):
    def fail(name):
        raise ModuleNotFoundError("No module named 'other'", name="other")

    monkeypatch.setattr("importlib.import_module", fail)
    with pytest.raises(ModuleNotFoundError, match="other"):
        require("pandas", purpose="This")


def normal(requirement):
    """Normalised name of a requirement."""
    return re.split(r"[><=\[]", requirement)[0].lower().replace("_", "-")


def test_every_extra_installs_its_libraries_and_the_core_has_none_of_them():
    extras = PROJECT["optional-dependencies"]
    distributions = {module: names for module, names in packages_distributions().items()}
    core = {normal(item) for item in PROJECT["dependencies"]}
    for module, extra in EXTRAS.items():
        listed = {normal(item) for item in extras[extra]}
        names = {normal(name) for name in distributions.get(module, [module])}
        names |= {"pytorch-lightning"} if module == "lightning" else set()
        assert listed & names, (module, extra, listed, names)
        assert not core & names, (module, core & names)
