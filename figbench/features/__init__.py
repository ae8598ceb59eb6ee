"""Frozen networks as feature extractors and pair scorers."""
