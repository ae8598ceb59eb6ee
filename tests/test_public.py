"""What ``import figbench`` offers."""

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
