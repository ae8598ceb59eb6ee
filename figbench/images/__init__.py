"""Bytes of one image to RGB as seen on a white page.

Contains format detection, decoding, colour, vector rendering, preprocessing, and the decode pool.
"""
