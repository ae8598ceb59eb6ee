"""Comparisons and regression gates: rules, decisions, annotations.

The package is callable: ``figbench.gate(result, baseline, rules)``; see
:func:`figbench.gate.decision.gate`.
"""

from figbench.callables import make_callable
from figbench.comparison.comparison import compare
from figbench.comparison.differences import Comparison, Difference
from figbench.gate.decision import Decision, gate
from figbench.gate.rules import Rule, parse_rule
from figbench.gate.verdicts import Verdict

__all__ = [
    "Comparison",
    "Decision",
    "Difference",
    "Rule",
    "Verdict",
    "compare",
    "gate",
    "parse_rule",
]

make_callable(__name__, "figbench.gate.decision:gate")
