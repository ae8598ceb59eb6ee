"""Ranks models from pairwise votes of people or judges.

Contains the vote reader, aggregation rules, win rates, Bradley-Terry strengths, and power.
"""

from figbench.ranking.power import detectable_win_rate, pairs_needed
from figbench.ranking.ranked_models import Ranking, rank
from figbench.ranking.votes import Vote, read_votes, write_votes

__all__ = [
    "Ranking",
    "Vote",
    "detectable_win_rate",
    "pairs_needed",
    "rank",
    "read_votes",
    "write_votes",
]
