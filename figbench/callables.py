"""Packages that can be called: ``figbench.gate(...)``, ``figbench.features("craft")``.

``figbench.gate`` is a package, and Python binds a package to its parent's attribute whenever one of
its modules is imported. A function of the same name on ``figbench`` would be replaced then. The
package itself is therefore made callable; ``import figbench.gate.rules`` works as before.
"""

from __future__ import annotations

import importlib
import inspect
import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any


class CallablePackage(ModuleType):
    """A module that can be called; the call runs ``_target``, ``"module:function"``."""

    _target: str

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Calls the target, which is imported on the first call."""
        return _resolve(self._target)(*args, **kwargs)

    @property
    def __signature__(self) -> inspect.Signature:
        """Signature of the target, for ``help`` and notebooks."""
        return inspect.signature(_resolve(self._target))


def make_callable(package: str, target: str) -> None:
    """Makes an imported package callable.

    Args:
        package: Its ``__name__``.
        target: ``"module:function"`` that a call runs.
    """
    module = sys.modules[package]
    module.__class__ = CallablePackage
    module.__dict__["_target"] = target


def _resolve(target: str) -> Callable[..., Any]:
    module, _, name = target.partition(":")
    function: Callable[..., Any] = getattr(importlib.import_module(module), name)
    return function
