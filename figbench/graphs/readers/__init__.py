"""Readers of documents: text formats, SVG, draw.io, PowerPoint, TikZ, inventories."""
