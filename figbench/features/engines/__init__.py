"""Execution of networks: exact arithmetic, OpenVINO, distinct tiles, threads, shared passes."""
