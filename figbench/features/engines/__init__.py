"""Execution of networks: exact arithmetic, OpenVINO, Winograd tiles, threads, shared passes."""
