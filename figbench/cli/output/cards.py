"""``--model-card`` and ``--model-name``: who drew the figures."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from figbench.errors import UserError

if TYPE_CHECKING:
    from figbench.results.schema import ModelCard


def read_card(path: Path | None, name: str | None) -> ModelCard:
    """Returns the card in a YAML or JSON file, with ``name`` in place of its own if given.

    Raises:
        UserError: If there is no such file, or a field is unknown or wrong.
    """
    from pydantic import ValidationError

    from figbench.io.yaml_text import read_yaml
    from figbench.results.schema import ModelCard

    document: dict[str, object] = {}
    if path is not None:
        if not path.is_file():
            raise UserError(f"{path}: no such model card.")
        loaded = read_yaml(path)
        if not isinstance(loaded, dict):
            raise UserError(f"{path}: a model card is a mapping of names to values.")
        document = loaded
    if name is not None:
        document["name"] = name
    try:
        return ModelCard.model_validate(document)
    except ValidationError as error:
        problems = "; ".join(
            f"{'.'.join(map(str, item['loc']))}: {item['msg']}" for item in error.errors()
        )
        raise UserError(
            f"{path or 'model card'}: {problems}.",
            remedy=f"Known fields: {', '.join(ModelCard.model_fields)}.",
        ) from None
