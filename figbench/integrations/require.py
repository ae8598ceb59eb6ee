"""Import of an optional library with an error that names the extra."""

from __future__ import annotations

import importlib
from types import ModuleType

from figbench.errors import UserError


def require(*modules: str, extra: str) -> ModuleType:
    """Returns the first module that can be imported.

    Args:
        modules: Import names in order of preference.
        extra: The extra of figbench that installs one.

    Raises:
        UserError: If none is installed.
    """
    for name in modules:
        try:
            return importlib.import_module(name)
        except ModuleNotFoundError as error:
            if (error.name or "").split(".")[0] != name.split(".")[0]:
                raise
    raise UserError(
        f"{' or '.join(modules)} is not installed.", remedy=f"pip install 'figbench[{extra}]'"
    )
