"""Plan, extract, score: from two manifests and a protocol to a RunResult."""

from figbench.evaluation.build_reference import build_reference
from figbench.evaluation.evaluate import contribute, evaluate
from figbench.evaluation.planning.options import Options
from figbench.evaluation.planning.prepare import Prepared, prepare
from figbench.evaluation.progress import Progress, RichProgress, SilentProgress

__all__ = [
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
