"""Results of one image that several consumers want, computed once."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

_Result = TypeVar("_Result")

CAPACITY = 3
"""Results that a thread holds: the reference's, one figure's, and what was made of either."""


class _Held(threading.local):
    def __init__(self) -> None:
        self.results: OrderedDict[tuple[object, ...], Any] | None = None


_held = _Held()


@contextmanager
def sharing() -> Iterator[None]:
    """Lets :func:`shared` hold results in this thread until the outermost such block ends."""
    if _held.results is not None:
        yield
        return
    _held.results = OrderedDict()
    try:
        yield
    finally:
        _held.results = None


def shared(compute: Callable[[], _Result], *owners: object) -> _Result:
    """Returns what ``compute`` returned for the same owners a moment ago, or computes it.

    Args:
        compute: Called without arguments; its result must not be changed.
        owners: What the result belongs to, compared by identity: a network and an image. They are
            kept alive as long as the result, so that no other object can take their place.
    """
    results = _held.results
    if results is None:
        return compute()
    key = tuple(id(owner) for owner in owners)
    if key in results:
        results.move_to_end(key)
        result: _Result = results[key][1]
        return result
    computed = compute()
    results[key] = (owners, computed)
    while len(results) > CAPACITY:
        results.popitem(last=False)
    return computed
