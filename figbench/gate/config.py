"""Rules from ``figbench.toml`` or ``[tool.figbench]`` in ``pyproject.toml``."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from figbench.errors import UserError
from figbench.registry import suggest

KEYS = ("result", "baseline", "rules", "allow_no_baseline", "require_update")


@dataclass(frozen=True, slots=True)
class GateConfig:
    """What ``figbench gate`` takes when the command line does not say it."""

    source: Path | None = None
    result: str | None = None
    baseline: str | None = None
    rules: tuple[str, ...] = ()
    allow_no_baseline: bool = False
    require_update: bool = False


def load_config(folder: Path) -> GateConfig:
    """Returns the ``[gate]`` table of ``figbench.toml`` or ``[tool.figbench.gate]``.

    Paths in it are relative to the file.

    Raises:
        UserError: If the file is no TOML, or has unknown or mistyped keys.
    """
    for name in ("figbench.toml", "pyproject.toml"):
        path = folder / name
        if path.is_file():
            document = _parse(path)
            if name == "pyproject.toml":
                document = document.get("tool", {}).get("figbench", {})
            table = document.get("gate")
            if table is not None:
                return _validated(table, path)
    return GateConfig()


def _parse(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UserError(f"{path}: not valid TOML ({error}).") from None


def _validated(table: Any, path: Path) -> GateConfig:
    if not isinstance(table, dict):
        raise UserError(f"{path}: 'gate' is a table.")
    for key in table:
        if key not in KEYS:
            raise UserError(
                f"{path}: unknown key 'gate.{key}'.{suggest(key, KEYS)}",
                remedy=f"Known: {', '.join(KEYS)}.",
            )
    rules = table.get("rules", [])
    if not isinstance(rules, list) or not all(isinstance(rule, str) for rule in rules):
        raise UserError(f"{path}: 'gate.rules' is a list of strings.")
    for key in ("allow_no_baseline", "require_update"):
        if not isinstance(table.get(key, False), bool):
            raise UserError(f"{path}: 'gate.{key}' is true or false.")
    return GateConfig(
        path,
        _baseline_path(table, "result", path),
        _baseline_path(table, "baseline", path),
        tuple(rules),
        table.get("allow_no_baseline", False),
        table.get("require_update", False),
    )


def _baseline_path(table: dict[str, Any], key: str, path: Path) -> str | None:
    value = table.get(key)
    if value is None:
        return None
    if not isinstance(value, str):
        raise UserError(f"{path}: 'gate.{key}' is a path.")
    return str(path.parent / value)
