"""Reference sets computed once: building and opening ``.figref`` packs.

A pack holds the images, the labels and the stored features of one reference set.
"""
