"""The demo: four models of known quality, scored under one protocol.

The command ``figbench demo`` runs it offline.
"""
