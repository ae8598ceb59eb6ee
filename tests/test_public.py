"""What ``import figbench`` offers."""

import doctest
import importlib
import subprocess
import sys

import pytest

import figbench


@pytest.mark.parametrize("name", figbench.__all__)
def test_a_public_name_loads(name):
    assert getattr(figbench, name) is not None
    assert name in dir(figbench)


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="figbench' has no attribute 'evaluat'"):
        figbench.evaluat  # noqa: B018


def test_compare_is_the_gates_and_costs_no_torch():
    assert figbench.compare is importlib.import_module("figbench.gate").compare
    code = "import sys, figbench; figbench.compare; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_the_import_is_light_and_typed():
    code = (
        "import sys, figbench; heavy = {'torch', 'numpy', 'pandas', 'pydantic'} & set(sys.modules);"
        "sys.exit(str(heavy) if heavy else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert len(figbench.__all__) < 35


@pytest.mark.parametrize("name", ["Figures", "Options", "RunResult", "functional", "gate", "Score"])
def test_these_names_need_no_torch(name):
    code = f"import sys, figbench; figbench.{name}; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize(
    "module",
    [
        "figbench.functional",
        "figbench.functional.distributions",
        "figbench.functional.labels",
        "figbench.data.figures",
        "figbench.evaluation.evaluator",
        "figbench.features.function",
    ],
)
def test_examples_of_docstrings_run(module):
    found = importlib.import_module(module)
    names = {"np": importlib.import_module("numpy")}
    result = doctest.testmod(found, extraglobs=names)
    assert result.attempted and not result.failed
