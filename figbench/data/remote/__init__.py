"""Data sets in object stores: URLs, listings, and the local mirror.

Uses fsspec; every file that a run needs is copied into a cache before the layouts read it.
"""
