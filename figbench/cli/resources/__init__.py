"""Verbs for figures, documents, weights and models: data, graph, lint, list, model."""
