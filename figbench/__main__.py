"""``python -m figbench``."""

from figbench.cli.main import run

run()
