"""Plan, extract, score: from two manifests and a protocol to a RunResult."""

from figbench.evaluation.evaluate import contribute, evaluate
from figbench.evaluation.planning.options import Options
from figbench.evaluation.planning.prepare import Prepared, prepare
from figbench.evaluation.progress import Progress, RichProgress, SilentProgress
from figbench.evaluation.references.build import build_reference

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
