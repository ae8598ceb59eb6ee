"""Sets of figures: manifests, importers of each layout, pairing, and downloads."""
