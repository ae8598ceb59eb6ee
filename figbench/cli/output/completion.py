"""Values that shells complete: protocols, metrics, comma-separated lists."""

from __future__ import annotations


def complete_protocol(incomplete: str) -> list[str]:
    """Returns the shipped protocols that begin with what was typed."""
    from figbench.protocol import shipped_protocols

    return [name for name in shipped_protocols() if name.startswith(incomplete)]


def complete_metrics(incomplete: str) -> list[str]:
    """Returns completions of the last name of a comma-separated list."""
    from figbench.metrics import metric_names
    from figbench.metrics.names import output_names

    before, comma, last = incomplete.rpartition(",")
    names = dict.fromkeys((*metric_names(), *output_names()))
    matches = [name.replace("EXTRACTOR", "") for name in names if name.startswith(last)]
    return [f"{before}{comma}{name}" for name in matches]
