"""Numbers for people: four significant digits, one scale, no rounding dust."""

from __future__ import annotations

from figbench.results.schema import MetricValue

DUST = 1e-9
"""Distances of equal sets come out this near to zero and are printed as 0."""


def format_number(value: float | None, scale: float = 1.0, *, digits: int = 4) -> str:
    """Returns a number with four significant digits, or a dash.

    Args:
        value: The number; None gives a dash.
        scale: Factor for display, 1000 for kernel distances.
        digits: Significant digits.
    """
    if value is None:
        return "-"
    if abs(value) < DUST:
        return "0"
    scaled = value * scale
    return f"{scaled:.0f}" if abs(scaled) >= 10**digits else f"{scaled:.{digits}g}"


def interval_text(metric: MetricValue, *, digits: int = 4) -> str:
    """Returns ``[low, high]`` on the metric's display scale, empty without an interval."""
    if metric.interval is None:
        return ""
    ends = (metric.interval.low, metric.interval.high)
    low, high = (format_number(end, metric.display_scale, digits=digits) for end in ends)
    return f"[{low}, {high}]"


def value_text(metric: MetricValue, *, digits: int = 4) -> str:
    """Returns ``value [low, high]``, or the status of a metric without a value."""
    if metric.value is None:
        return metric.status
    number = format_number(metric.value, metric.display_scale, digits=digits)
    return f"{number} {interval_text(metric, digits=digits)}".rstrip()


def factor_text(scale: float) -> str:
    """Returns `` (x1000)`` for a display scale other than 1."""
    return "" if scale == 1 else f" (x{scale:g})"


def arrow(higher_is_better: bool, *, ascii_only: bool = False) -> str:
    """Returns an arrow that points to better."""
    if ascii_only:
        return "^" if higher_is_better else "v"
    return "↑" if higher_is_better else "↓"


def heading(name: str, metric: MetricValue, *, ascii_only: bool = False) -> str:
    """Returns a metric's id with direction and factor: ``kid ↓ (x1000)``.

    Args:
        name: Output id.
        metric: Direction and display scale.
        ascii_only: Whether the text may hold ASCII characters alone.
    """
    mark = arrow(metric.higher_is_better, ascii_only=ascii_only)
    return f"{name} {mark}{factor_text(metric.display_scale)}"
