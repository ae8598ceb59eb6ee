"""Verbs for boards, reports and opinions: leaderboard, judge, study, rank, report, plot."""
