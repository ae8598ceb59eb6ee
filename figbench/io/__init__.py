"""Files: atomic writes, bounded JSON, downloads, YAML.

The lowest room: it imports only ``figbench.errors``, and every other room may import it.
"""
