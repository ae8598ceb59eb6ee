"""The result of an evaluation: schema, files, integrity checks, tables."""
