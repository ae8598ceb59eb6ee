"""The standalone examples of docs/examples run from top to bottom and write nothing."""

import importlib.util

import pytest

from tests.docs.blocks import ROOT, blocks

FOLDER = ROOT / "docs" / "examples"


def run_example(name):
    spec = importlib.util.spec_from_file_location(f"example_{name}", FOLDER / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.main()


@pytest.fixture(autouse=True)
def in_an_empty_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    yield
    assert list(tmp_path.iterdir()) == []


def test_pytorch():
    scalars = run_example("pytorch")
    assert set(scalars) == {"ssim", "ssim/low", "ssim/high"}
    assert scalars["ssim/low"] <= scalars["ssim"] <= scalars["ssim/high"]


def test_lightning():
    pytest.importorskip("pytorch_lightning")
    assert 0 < run_example("lightning")["figbench/ssim"] < 1


def test_diffusers():
    result = run_example("diffusers")
    assert result["ssim"].n_expected == 4


def test_there_is_no_example_without_a_test():
    names = {path.stem for path in FOLDER.glob("*.py")}
    assert names == {"pytorch", "lightning", "diffusers"}


def test_the_extension_tutorials_parts_keep_their_contracts(monkeypatch):
    """The page's own test classes are called; the page's blocks run in test_blocks.py."""
    names = {"__name__": "extend"}
    for block in blocks("python"):
        if block.page == "docs/tutorials/extend.md":
            exec(compile(block.body, str(block), "exec"), names)
    for kind in ("TestThumbnail", "TestInkShare"):
        contract = names[kind]()
        tests = [getattr(contract, name) for name in dir(contract) if name.startswith("test_")]
        assert tests
        for test in tests:
            if test.__name__ != "test_it_can_be_pickled":  # Not asked of a page's class.
                test()
    from figbench.ocr import catalog

    monkeypatch.setitem(catalog.engines._loaded, "caption-box", names["READER"])
    reader = catalog.load_engine("caption-box", {"threshold": 100})
    assert reader.info.settings == {"threshold": 100}
    np = names["np"]
    assert reader.read(np.full((20, 20, 3), 255, np.uint8)) == []
    assert reader.read(np.zeros((20, 20, 3), np.uint8))[0].text == "text"
