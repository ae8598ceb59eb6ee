"""Optional libraries: one import function, and one error that names the extra to install."""

from __future__ import annotations

import importlib
from types import ModuleType

from figbench.errors import UserError

EXTRAS = {
    "accelerate": "train",
    "cv2": "graphs",
    "diffusers": "train",
    "evalica": "ranking",
    "krippendorff": "ranking",
    "lightning": "lightning",
    "openvino": "openvino",
    "pandas": "frames",
    "pptx": "graphs",
    "pypdfium2": "vector",
    "pytesseract": "tesseract",
    "pytorch_lightning": "lightning",
    "ray": "ray",
    "resvg_py": "vector",
    "svgelements": "graphs",
    "tensorboard": "train",
    "tinycss2": "vector",
    "torchmetrics": "torchmetrics",
    "transformers": "train",
}
"""Import name to the extra of figbench that installs it."""


def require(*modules: str, purpose: str) -> ModuleType:
    """Imports an optional library.

    Args:
        modules: Import names in order of preference; the first that is installed is returned.
        purpose: What needs the library, as the subject of the error message: ``"--executor ray"``.

    Returns:
        The module.

    Raises:
        UserError: If none is installed; the remedy names the extra.
        ModuleNotFoundError: If an installed library lacks one of its own dependencies.
    """
    for name in modules:
        try:
            return importlib.import_module(name)
        except ModuleNotFoundError as error:
            if _root(error.name) != _root(name):
                raise
    raise missing(*modules, purpose=purpose)


def missing(*modules: str, purpose: str) -> UserError:
    """Returns the error for libraries that are not installed.

    Args:
        modules: Import names, of which one is needed.
        purpose: What needs the library, as the subject of the message.
    """
    extra = EXTRAS.get(_root(modules[0]))
    package = f'"figbench[{extra}]"' if extra else _root(modules[0])
    return UserError(
        f"{purpose} needs {' or '.join(modules)}, which is not installed.",
        remedy=f"pip install {package}",
    )


def explained(error: ModuleNotFoundError) -> UserError | None:
    """Returns the error of :func:`missing` for the failed import of an optional library.

    Args:
        error: The failed import.

    Returns:
        The error for users, or None for a module that no extra installs.
    """
    name = _root(error.name)
    return missing(name, purpose="This command") if name in EXTRAS else None


def _root(name: str | None) -> str:
    return (name or "").partition(".")[0]
