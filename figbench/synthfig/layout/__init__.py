"""The layout of a figure: sizes and positions of modules, routes of arrows, labels on arrows.

``compose`` turns content and style into a scene.
"""
