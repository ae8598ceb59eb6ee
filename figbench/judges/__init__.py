"""Vision-language models as judges of figures, with measured error.

A run asks a judge about pairs of figures through an OpenAI-compatible server and writes verdicts, a
win rate with bounds for failures, and the judge's instrument card.
"""

from figbench.judges.calibrate import calibrate
from figbench.judges.calls.client import KEY_VARIABLE
from figbench.judges.measures.fingerprint import Fingerprint, drift, require_same
from figbench.judges.protocol import JudgeProtocol, shipped_judge_protocols
from figbench.judges.run import JudgeResult, judge, load_judge_result
from figbench.judges.session import JudgeSettings

__all__ = [
    "KEY_VARIABLE",
    "Fingerprint",
    "JudgeProtocol",
    "JudgeResult",
    "JudgeSettings",
    "calibrate",
    "drift",
    "judge",
    "load_judge_result",
    "require_same",
    "shipped_judge_protocols",
]
