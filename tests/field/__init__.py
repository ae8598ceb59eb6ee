"""Folders, indexes, archives and files as people have them: the right value, or a refusal."""
