"""Decisions before a network runs: options, inputs, plan, and the work that is missing.

The result of this room is ``Prepared``, which inference and scoring take.
"""
