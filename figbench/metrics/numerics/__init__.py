"""Formulas on arrays: no figures, no settings, no I/O."""
