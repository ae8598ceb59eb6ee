"""Data sets in object stores: URLs, lists of objects, and the local mirror.

The package uses fsspec. Every file that a run needs is copied into a cache before the layouts
read it.
"""
