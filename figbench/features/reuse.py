"""Networks that several runs of one process share, so that each is loaded once."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, TypeVar

T = TypeVar("T")
Networks = dict[Hashable, Any]

_ACTIVE: ContextVar[Networks | None] = ContextVar("figbench_networks", default=None)


@contextmanager
def reusing(networks: Networks) -> Iterator[None]:
    """Loads networks through a cache inside the ``with`` block.

    Args:
        networks: The cache, filled on the way; its owner decides how long networks live.
    """
    token = _ACTIVE.set(networks)
    try:
        yield
    finally:
        _ACTIVE.reset(token)


def loaded(key: Hashable, load: Callable[[], T]) -> T:
    """Returns the network of the active cache, or loads it."""
    networks = _ACTIVE.get()
    if networks is None:
        return load()
    if key not in networks:
        networks[key] = load()
    network: T = networks[key]
    return network
