"""The rule grammar: ``label_f1:-0.01 & p<0.05``, ``fid:+2%``, ``label_f1>=0.8``."""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable
from dataclasses import dataclass

from figbench.errors import UserError
from figbench.metrics.names import find_output
from figbench.results.schema import MetricValue

_RULE = re.compile(
    r"\s*(?P<metric>[A-Za-z][\w.@-]*)\s*:\s*(?P<sign>[+-])\s*(?P<amount>\d+(?:\.\d*)?|\.\d+)"
    r"(?:[eE](?P<exponent>[+-]?\d{1,3}))?\s*(?P<percent>%)?"
    r"(?:\s*&\s*p\s*<\s*(?P<alpha>\d*\.?\d+))?\s*"
)
_ABSOLUTE = re.compile(
    r"\s*(?P<metric>[A-Za-z][\w.@-]*)\s*(?P<relation>>=|<=|>|<)\s*"
    r"(?P<bound>[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,3})?)\s*"
)
EXAMPLES = 'Examples: "label_f1:-0.01 & p<0.05", "fid:+2%", "label_f1>=0.8", "valid_rate>=0.99".'


_RELATIONS: dict[str, Callable[[float, float], bool]] = {
    ">=": operator.ge, ">": operator.gt, "<=": operator.le, "<": operator.lt,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Rule:
    """One condition under which a run is a regression.

    Attributes:
        text: As written.
        metric: Metric id.
        change: Signed change that is tolerated; beyond it is a regression.
        relative: Whether ``change`` is a share of the baseline's absolute value.
        alpha: Significance that is asked for besides, or None.
        relation: ``>=``, ``>``, ``<=`` or ``<`` of an absolute rule, else None.
        bound: Of an absolute rule, in the units of ``result.json``.
        budgeted: Whether ``alpha`` is a share of an alpha budget.
    """

    text: str
    metric: str
    change: float
    relative: bool
    alpha: float | None
    relation: str | None = None
    bound: float | None = None
    budgeted: bool = False

    @property
    def absolute(self) -> bool:
        """Whether the rule bounds the run's own value, without a baseline."""
        return self.bound is not None

    def holds(self, value: float) -> bool:
        """Returns whether a value satisfies an absolute rule."""
        if self.bound is None or self.relation is None:
            raise ValueError(f"{self.text}: not an absolute rule")
        return _RELATIONS[self.relation](value, self.bound)

    def limit(self, baseline: float) -> float:
        """Returns the value beyond which the rule is broken."""
        if self.bound is not None:
            return self.bound
        return baseline + (self.change * abs(baseline) if self.relative else self.change)


def parse_rule(text: str) -> Rule:
    """Returns the parsed rule.

    Raises:
        UserError: If it does not follow the grammar.
    """
    absolute = _ABSOLUTE.fullmatch(text)
    if absolute is not None:
        bound = float(absolute["bound"])
        if not math.isfinite(bound):
            raise UserError(f"Rule '{text}': a number is out of range.", remedy=EXAMPLES)
        relation = absolute["relation"]
        return Rule(text.strip(), absolute["metric"], 0.0, False, None, relation, bound)
    match = _RULE.fullmatch(text)
    if match is None:
        raise UserError(
            f"Rule '{text}' is not METRIC>=N, METRIC<=N, METRIC:+N, METRIC:-N or METRIC:+N%, or "
            "one of the last three with '& p<ALPHA'.",
            remedy=EXAMPLES,
        )
    amount = float(f"{match['amount']}e{match['exponent'] or 0}")
    amount = amount / 100 if match["percent"] else amount
    alpha = float(match["alpha"]) if match["alpha"] else None
    if not math.isfinite(amount) or (alpha is not None and not 0 < alpha < 1):
        raise UserError(f"Rule '{text}': a number is out of range.", remedy=EXAMPLES)
    change = amount if match["sign"] == "+" else -amount
    return Rule(text.strip(), match["metric"], change, bool(match["percent"]), alpha)


def require_direction(rule: Rule, higher_is_better: bool) -> None:
    """Raises if a rule would flag an improvement.

    Raises:
        UserError: With the sign that guards against getting worse.
    """
    if rule.relation is not None:
        if (rule.relation[0] == ">") != higher_is_better:
            right, word = (">=", "higher") if higher_is_better else ("<=", "lower")
            raise UserError(
                f"Rule '{rule.text}' would flag an improvement: {word} {rule.metric} is better.",
                remedy=f"Write {rule.metric}{right}N.",
            )
        return
    worse_is = -1.0 if higher_is_better else 1.0
    if math.copysign(1.0, rule.change) != worse_is:
        right, word = ("-", "higher") if higher_is_better else ("+", "lower")
        raise UserError(
            f"Rule '{rule.text}' would flag an improvement: {word} {rule.metric} is better.",
            remedy=f"Write {rule.metric}:{right}N to bound how much worse it may get.",
        )


def require_share(rule: Rule, baseline: MetricValue) -> None:
    """Raises where a share of the baseline's value bounds nothing.

    Ten percent of a value near 0 is near 0, so such a rule fails by chance.

    Raises:
        UserError: If the rule is in % and the metric can be negative, or the baseline's interval
            holds 0.
    """
    if not rule.relative:
        return
    output = find_output(rule.metric)
    ends = baseline.interval
    low = ends.low if ends else baseline.value or 0.0
    high = ends.high if ends else baseline.value or 0.0
    if output is not None and output[1].low < 0:
        reason = f"{rule.metric} can be negative and its target is 0"
    elif low <= 0 <= high:
        reason = f"the baseline's interval [{low:.4g}, {high:.4g}] holds 0"
    else:
        return
    width = (high - low) or abs(baseline.value or 0.0) or 1.0
    sign = "+" if rule.change > 0 else "-"
    raise UserError(
        f"Rule '{rule.text}': {reason}, so a share of it bounds nothing.",
        remedy=f'Give the change itself, for example "{rule.metric}:{sign}{width:.2g} & p<0.05" '
        "(the width of the baseline's interval).",
    )
