"""Decisions before a network runs: options, inputs, plan, and the missing records.

The result of this package is ``Prepared``, which inference and scoring take.
"""
