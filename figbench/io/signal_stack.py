"""The alternate signal stack of a thread, which OpenVINO replaces."""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Iterator
from contextlib import contextmanager


class _Stack(ctypes.Structure):
    _fields_ = (("base", ctypes.c_void_p), ("flags", ctypes.c_int), ("size", ctypes.c_size_t))


@contextmanager
def preserved_signal_stack() -> Iterator[None]:
    """Gives the thread its own alternate signal stack back after the block.

    Python handles signals on that stack. OpenVINO registers another one when it compiles a model,
    and unmaps it with its last model; where another thread drops that model, the stack stays
    registered and the next signal, such as Ctrl-C or the end of a child process, ends the process
    by SIGSEGV. Systems other than Linux are left alone.
    """
    if sys.platform != "linux":
        yield
        return
    sigaltstack = ctypes.CDLL(None).sigaltstack
    before = _Stack()
    saved = sigaltstack(None, ctypes.byref(before)) == 0
    try:
        yield
    finally:
        if saved:
            sigaltstack(ctypes.byref(before), None)
