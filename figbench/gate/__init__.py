"""Comparisons and regression gates: rules, decisions, annotations."""

from figbench.comparison.comparison import Comparison, Difference, compare
from figbench.gate.decision import Decision, Verdict, gate
from figbench.gate.rules import Rule, parse_rule

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
