"""Sweeps: one family of runs along one axis, such as the guidance scale."""
