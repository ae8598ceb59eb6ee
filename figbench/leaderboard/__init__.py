"""Boards, sweeps and reports as static pages."""
