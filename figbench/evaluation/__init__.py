"""Plan, extract, score: from two manifests and a protocol to a RunResult."""
