"""What is scored: manifests, importers, decoding, preprocessing, data sets."""
