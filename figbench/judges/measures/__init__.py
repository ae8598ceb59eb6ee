"""Scores of judged trials: verdicts, aggregation rules, intervals, instrument card."""
