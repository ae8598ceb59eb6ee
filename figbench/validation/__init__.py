"""Which metric sees which flaw: metrics measured on figures whose truth is known.

``figbench validate-metrics`` evaluates graded flaws of ``figbench.synthfig.degrade`` and reports
sensitivity, monotonicity, false alarms, the figures needed and the cost of every metric.
"""

from figbench.validation.run import Request, validate

__all__ = ["Request", "validate"]
