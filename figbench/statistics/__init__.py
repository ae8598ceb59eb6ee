"""Intervals, paired tests, ties, minimum detectable effect."""
