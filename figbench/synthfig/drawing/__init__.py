"""Drawing primitives: coverage of outlines, fonts, label markup, an RGB canvas, small images.

The pixels are equal on every machine.
"""
