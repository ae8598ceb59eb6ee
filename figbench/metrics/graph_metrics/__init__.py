"""Metrics of graphs and of specs: structure, faithfulness, measured accuracy of readers."""
