"""The result schema and its files."""
