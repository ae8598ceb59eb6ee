"""The results as a Markdown page, and the samples as a picture."""

from __future__ import annotations

from pathlib import Path
from typing import Any


def page(document: dict[str, Any]) -> str:
    """Returns the page of what has been measured so far."""
    machine = document["machine"]
    lines = [
        f"# {machine['device']}, {machine['date']}",
        "",
        f"Python {machine['python']}, CUDA {machine['cuda'] or 'none'}; "
        + ", ".join(f"{name} {version}" for name, version in machine["packages"].items())
        + ".",
    ]
    if document["tiny"]:
        lines += ["", "A dry run: the numbers say nothing about the device."]
    for name in ("parity", "speed", "training"):
        if name not in document:
            continue
        lines += ["", f"## {name.capitalize()}", ""]
        part = document[name]
        if "broke_off" in part:
            lines.append(f"Broke off: {part['broke_off']}")
        else:
            lines += _SECTIONS[name](part["result"])
    return "\n".join(lines) + "\n"


def _parity(records: list[dict[str, Any]]) -> list[str]:
    lines = [
        "| network | precision | relative deviation from the CPU | same bits twice | passed |",
        "|---|---|---|---|---|",
    ]
    for one in records:
        if "left_out" in one:
            cells = [f"left out: {one['left_out']}", "", ""]
        elif "values_that_differ" in one:
            cells = [f"{one['values_that_differ']} values differ", "", _yes(one["passed"])]
        else:
            cells = [f"{one['relative']:.2g}", _yes(one["repeats"]), _yes(one["passed"])]
        lines.append(f"| {one['network']} | {one.get('precision', '')} | {' | '.join(cells)} |")
    return lines


def _speed(parts: dict[str, Any]) -> list[str]:
    lines = []
    for name, one in parts.items():
        lines += [one["page"] if "page" in one else f"{name}: left out: {one['left_out']}", ""]
    return lines


def _training(record: dict[str, Any]) -> list[str]:
    lines = [f"{record['config']}, trained from nothing on SynthFig."]
    for stage in ("autoencoder", "diffusion"):
        one = record[stage]
        lines.append(f"* {stage}: {one['steps']} steps in {one['seconds']:.0f} s")
    sampling = record["sampling"]
    lines.append(f"* {sampling['figures']} figures sampled in {sampling['seconds']:.0f} s")
    if "left_out" in record:
        lines.append(f"* left out: {record['left_out']}")
    lines += [f"* {name}: {value:.4g}" for name, value in sorted(record.get("scores", {}).items())]
    if record.get("picture"):
        lines += ["", f"![Samples]({Path(record['picture']).name})"]
    return lines


_SECTIONS: dict[str, Any] = {"parity": _parity, "speed": _speed, "training": _training}


def _yes(value: bool) -> str:
    return "yes" if value else "**no**"


def picture_of(folder: Path, target: Path) -> str | None:
    """Writes up to 64 samples, eight a line, in the manifest's order; returns the file's path.

    Args:
        folder: With PNGs.
        target: The picture.
    """
    from PIL import Image

    files = sorted(folder.glob("*.png"))[:64]
    if not files:
        return None
    images = [Image.open(file).convert("RGB") for file in files]
    width, height = images[0].size
    sheet = Image.new("RGB", (8 * (width + 2), -(-len(images) // 8) * (height + 2)), "white")
    for i, image in enumerate(images):
        sheet.paste(image, ((i % 8) * (width + 2), (i // 8) * (height + 2)))
    sheet.save(target)
    return str(target)
