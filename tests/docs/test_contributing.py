"""The metric of CONTRIBUTING's tutorial runs and keeps the contract."""

import re
from pathlib import Path

from figbench.testing import MetricContract

TEXT = (Path(__file__).resolve().parents[2] / "CONTRIBUTING.md").read_text(encoding="utf-8")


class TestTutorial(MetricContract):
    def metric(self):
        source = re.search(r"```python\n(.*?class InkDifference.*?)```", TEXT, re.S)[1]
        namespace = {}
        exec(compile(source, "CONTRIBUTING.md", "exec"), namespace)
        return namespace["INK"]

    def test_it_can_be_pickled(self):
        """Not asked of a class that is defined in a page."""
