"""The content of a figure: modules and links of a method, its arrangement, words and caption.

Nothing here depends on the style.
"""
