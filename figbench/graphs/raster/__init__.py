"""Graphs from pixels: text, shapes and lines are found and joined."""
