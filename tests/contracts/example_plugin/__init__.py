"""A third party's package: one distribution metric, registered under an entry point."""
