"""Feature extractors and pair scorers, one module each."""
