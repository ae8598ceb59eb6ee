"""figbench: evaluate machine-generated scientific figures."""

__version__ = "0.1.0"
