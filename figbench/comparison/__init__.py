"""Differences between runs of one protocol, with paired tests.

The gate decides on these differences; the command ``figbench compare`` prints them.
"""

from figbench.comparison.comparison import compare
from figbench.comparison.differences import Comparison, Difference
from figbench.comparison.external_scores import add_scores

__all__ = ["Comparison", "Difference", "add_scores", "compare"]
