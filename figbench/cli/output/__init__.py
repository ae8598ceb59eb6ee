"""Console, tables, exports and cards that the verbs share."""
