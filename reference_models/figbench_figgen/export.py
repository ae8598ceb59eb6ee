"""A trained pipeline as released weights: float16 safetensors with digests, for the package.

Run: ``python -m figbench_figgen.export RUN OUT``.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import sys
from pathlib import Path
from typing import Any

import torch

from figbench.errors import FigbenchError, UserError
from figbench.io.atomic import write_text_atomic
from figbench_figgen.artefact import load_pipeline, quiet_libraries, write_metadata
from figbench_figgen.shipped import CARD

MOST_BYTES = 20_000_000


def export(run: Path, out: Path, **more: Any) -> dict[str, Any]:
    """Writes a pipeline folder of float16 weights, and ``card.json`` with their digests.

    Args:
        run: A diffusion run's folder.
        out: New folder.
        more: Entries for the card: JSON.

    Returns:
        The card.

    Raises:
        UserError: If ``out`` exists, or the weights exceed 20 MB.
    """
    if out.exists():
        raise UserError(f"{out}: exists already.", remedy="Choose another folder.")
    quiet_libraries()
    pipeline, config, metadata = load_pipeline(run)
    pipeline.to(torch.float16)
    pipeline.save_pretrained(out, safe_serialization=True)
    _remove_paths(out)
    weights = sorted(out.rglob("*.safetensors"))
    size = sum(path.stat().st_size for path in weights)
    if size > MOST_BYTES:
        shutil.rmtree(out)
        raise UserError(f"{run}: its weights take {size:,} bytes; at most {MOST_BYTES:,}.")
    write_metadata(out, config, "pipeline", steps=metadata.get("steps"), data=metadata.get("data"))
    card = {
        "name": config.name,
        "dtype": "float16",
        "bytes": size,
        "sha256": {
            path.relative_to(out).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in weights
        },
        "licence": "Apache-2.0",
        **more,
    }
    write_text_atomic(out / CARD, json.dumps(card, indent=2, sort_keys=True) + "\n")
    return card


def _remove_paths(folder: Path) -> None:
    """Removes the folder that a pipeline was loaded from, which diffusers writes into its files."""
    for path in folder.rglob("*.json"):
        content = json.loads(path.read_text(encoding="utf-8"))
        if isinstance(content, dict) and content.pop("_name_or_path", None) is not None:
            write_text_atomic(path, json.dumps(content, indent=2, sort_keys=True) + "\n")


def main(arguments: list[str]) -> int:
    """Exports; returns the exit code."""
    if len(arguments) != 2:
        sys.stderr.write("Usage: python -m figbench_figgen.export RUN OUT\n")
        return 2
    try:
        card = export(Path(arguments[0]), Path(arguments[1]))
    except FigbenchError as error:
        sys.stderr.write(f"Error: {error}\n")
        return error.exit_code
    sys.stderr.write(f"{card['bytes']:,} bytes in {arguments[1]}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
