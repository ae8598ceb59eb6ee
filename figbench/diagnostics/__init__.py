"""Checks of an installation: weights, recorded outputs, package versions.

The command ``figbench doctor`` prints them.
"""
