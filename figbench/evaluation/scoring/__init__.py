"""Stored features to metric values with intervals.

Also holds the cache of set-level scores.
"""
