"""``evaluate()`` and ``Evaluator``: two sets of figures and a protocol give a RunResult.

The steps are in the sub-packages: planning, inference, distributed, scoring, artifacts, references.
"""

from figbench.evaluation.build_reference import build_reference
from figbench.evaluation.evaluate import contribute, evaluate
from figbench.evaluation.planning.options import Options
from figbench.evaluation.planning.prepare import Prepared, prepare
from figbench.evaluation.progress import LogProgress, Progress, RichProgress, SilentProgress

__all__ = [
    "LogProgress",
    "Options",
    "Prepared",
    "Progress",
    "RichProgress",
    "SilentProgress",
    "build_reference",
    "contribute",
    "evaluate",
    "prepare",
]
