"""Regression gates: rules, decisions, annotations."""
