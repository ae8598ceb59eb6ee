"""Metrics of graphs, documents and specs, and the measured accuracy of graph readers."""
