"""The notebook tour runs from top to bottom."""

import nbformat
import pytest
from nbclient import NotebookClient

from tests.docs.blocks import ROOT

NOTEBOOKS = sorted(path.name for path in (ROOT / "docs").glob("*.ipynb"))


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_a_notebook_runs(name, tmp_path):
    notebook = nbformat.read(ROOT / "docs" / name, as_version=4)
    NotebookClient(
        notebook, timeout=500, kernel_name="python3", resources={"metadata": {"path": tmp_path}}
    ).execute()
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", ())]
    pages = [output["data"] for output in outputs if "data" in output]
    assert any("<svg" in page.get("text/html", "") for page in pages)
    assert not [output for output in outputs if output.output_type == "error"]
    assert list(tmp_path.iterdir()) == []


def test_notebooks_are_stored_without_outputs():
    for name in NOTEBOOKS:
        notebook = nbformat.read(ROOT / "docs" / name, as_version=4)
        assert not any(cell.get("outputs") for cell in notebook.cells)
