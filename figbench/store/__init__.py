"""Content-addressed, crash-safe storage of features, readings and pair scores."""
