"""One style for everything that figbench draws: colour-blind-safe, vector, the same everywhere."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

PALETTE = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
"""Okabe and Ito's colours, dark enough for a white page first."""

MARKERS = ("o", "s", "^", "D", "v", "P", "X")
INK, QUIET, GRID = "#1f2933", "#52606d", "#d9dee4"

SETTINGS: dict[str, Any] = {
    "svg.hashsalt": "figbench",
    "svg.fonttype": "none",
    "pdf.fonttype": 42,
    "text.parse_math": False,
    "font.size": 9,
    "axes.titlesize": 9.5,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": QUIET,
    "axes.labelcolor": INK,
    "text.color": INK,
    "xtick.color": QUIET,
    "ytick.color": QUIET,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": GRID,
    "grid.linewidth": 0.6,
    "legend.frameon": False,
    "lines.solid_capstyle": "butt",
}


@contextmanager
def figbench_style(**changes: Any) -> Iterator[None]:
    """Draws with :data:`SETTINGS`, and with ``changes`` on top."""
    import matplotlib

    settings: Any = {**SETTINGS, **changes}
    with matplotlib.rc_context(settings):
        yield


def save(figure: Any, path: Any) -> None:
    """Saves a figure without dates, so that the same numbers give the same bytes.

    Args:
        figure: A matplotlib figure.
        path: Ends in ``.pdf``, ``.svg`` or ``.png``.

    Raises:
        UserError: If the suffix is none of these.
    """
    from pathlib import Path

    from figbench.errors import UserError
    from figbench.io.atomic import atomic_path

    suffix = Path(path).suffix.lower().lstrip(".")
    metadata: dict[str, dict[str, None]] = {
        "pdf": {"CreationDate": None, "Creator": None, "Producer": None},
        "svg": {"Date": None, "Creator": None},
        "png": {"Software": None},
    }
    if suffix not in metadata:
        raise UserError(
            f"{path}: cannot be drawn as '.{suffix}'.", remedy="Use .pdf, .svg or .png."
        )
    with atomic_path(Path(path)) as temporary:
        figure.savefig(temporary, format=suffix, dpi=200, metadata=metadata[suffix])
