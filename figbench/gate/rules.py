"""The rule grammar: ``fid:+2% & p<0.05``, ``label_f1:-0.01``."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from figbench.errors import UserError

_RULE = re.compile(
    r"\s*(?P<metric>[A-Za-z][\w.@-]*)\s*:\s*(?P<sign>[+-])\s*(?P<amount>\d+(?:\.\d*)?|\.\d+)"
    r"(?:[eE](?P<exponent>[+-]?\d{1,3}))?\s*(?P<percent>%)?"
    r"(?:\s*&\s*p\s*<\s*(?P<alpha>\d*\.?\d+))?\s*"
)
EXAMPLES = 'Examples: "fid:+2% & p<0.05", "label_f1:-0.01", "ocr_sim:+5%".'


@dataclass(frozen=True, slots=True)
class Rule:
    """One condition under which a run is a regression.

    Attributes:
        text: As written.
        metric: Metric id.
        change: Signed change that is tolerated; beyond it is a regression.
        relative: Whether ``change`` is a share of the baseline's absolute value.
        alpha: Significance that is asked for besides, or None.
    """

    text: str
    metric: str
    change: float
    relative: bool
    alpha: float | None

    def limit(self, baseline: float) -> float:
        """Returns the value beyond which the rule is broken."""
        return baseline + (self.change * abs(baseline) if self.relative else self.change)


def parse_rule(text: str) -> Rule:
    """Returns the parsed rule.

    Raises:
        UserError: If it does not follow the grammar.
    """
    found = _RULE.fullmatch(text)
    if found is None:
        raise UserError(
            f"Rule '{text}' is not METRIC:+N, METRIC:-N or METRIC:+N%, or one of these with "
            "'& p<ALPHA'.",
            remedy=EXAMPLES,
        )
    amount = float(f"{found['amount']}e{found['exponent'] or 0}")
    amount = amount / 100 if found["percent"] else amount
    alpha = float(found["alpha"]) if found["alpha"] else None
    if not math.isfinite(amount) or (alpha is not None and not 0 < alpha < 1):
        raise UserError(f"Rule '{text}': a number is out of range.", remedy=EXAMPLES)
    change = amount if found["sign"] == "+" else -amount
    return Rule(text.strip(), found["metric"], change, bool(found["percent"]), alpha)


def require_direction(rule: Rule, higher_is_better: bool) -> None:
    """Raises if a rule would flag an improvement.

    Raises:
        UserError: With the sign that guards against getting worse.
    """
    worse_is = -1.0 if higher_is_better else 1.0
    if math.copysign(1.0, rule.change) != worse_is:
        right, word = ("-", "higher") if higher_is_better else ("+", "lower")
        raise UserError(
            f"Rule '{rule.text}' would flag an improvement: {word} {rule.metric} is better.",
            remedy=f"Write {rule.metric}:{right}N to bound how much worse it may get.",
        )
