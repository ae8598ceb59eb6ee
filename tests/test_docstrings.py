"""Docstrings: arguments of public functions, shapes of returned arrays."""

import ast
import re

import pytest

from tests.test_vocabulary import ROOT, sources

ARRAYS = re.compile(r"NDArray|RGBImage|FloatArray|\bArray\b|\bMask\b|\bSegments\b|ndarray")
SHAPE = re.compile(r"shape|\([a-z0-9]+,( [a-z0-9.]+)*\)|\(len\(", re.IGNORECASE)
INHERITED = re.compile(r"^See :(class|meth|func):|\bas :(class|meth|func):|:meth:")
FEW = 3
"""A function of this many arguments documents each of them."""

EXCEPTIONS = (
    # Commands: the help of an option documents it.
    *(
        f"figbench/cli/{path.relative_to(ROOT / 'figbench/cli').as_posix()}"
        for path in (ROOT / "figbench/cli").rglob("*.py")
    ),
    # Flaws have the signature of their kind of change: scene or pixels, strength, generator.
    *(
        f"figbench/synthfig/degrade/{name}.py"
        for name in ("appearance", "layout", "neutral", "sets", "structure", "text")
    ),
    # Each module of drawings has one signature, which its docstring states.
    "figbench/synthfig/drawing/drawings.py",
    "figbench/synthfig/drawing/icons.py",
    # Coordinates of a box or a colour, and axis-parallel geometry, whose names say everything.
    "figbench/synthfig/drawing/raster.py",
    "figbench/synthfig/drawing/canvas.py",
)


def public_functions(tree):
    """Yields the public functions and methods of a module."""
    for node in tree.body:
        members = node.body if isinstance(node, ast.ClassDef) else [node]
        if isinstance(node, ast.ClassDef) and node.name.startswith("_"):
            continue
        for member in members:
            if isinstance(member, ast.FunctionDef) and not member.name.startswith("_"):
                yield member


def arguments(function):
    """Names of the arguments, without ``self`` and ``cls``."""
    spec = function.args
    names = [arg.arg for arg in (*spec.posonlyargs, *spec.args, *spec.kwonlyargs)]
    return [name for name in names if name not in ("self", "cls")]


def gaps(name):
    """Returns the public functions of a file whose docstrings are incomplete."""
    problems = []
    for function in public_functions(ast.parse((ROOT / name).read_text(encoding="utf-8"))):
        text = ast.get_docstring(function) or ""
        where = f"{name}:{function.lineno}: {function.name}"
        if INHERITED.search(text) or function.name.startswith("test_"):
            continue
        if len(arguments(function)) >= FEW and "Args:" not in text and name not in EXCEPTIONS:
            problems.append(f"{where}: no Args")
        returned = ast.unparse(function.returns) if function.returns else ""
        if ARRAYS.search(returned) and not SHAPE.search(text) and name not in EXCEPTIONS:
            problems.append(f"{where}: no shape of {returned}")
    return problems


@pytest.mark.parametrize("name", sources())
def test_arguments_and_shapes_are_documented(name):
    assert gaps(name) == []
