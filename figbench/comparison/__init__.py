"""Differences between runs of one protocol, with paired tests.

The gate decides on these differences; the command ``figbench compare`` prints them.
"""
