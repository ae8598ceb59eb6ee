"""Chromium as the renderer of SVG that resvg cannot draw whole: HTML labels, other scripts.

Off unless ``FIGBENCH_SVG_ENGINE=chromium`` is set; the browser and its version are then part of
every protocol hash and of the store's keys. An SVG is shown as an image of a page, where a browser
runs no script and loads no other file.
"""

from __future__ import annotations

import base64
import os
import re
import shutil
import subprocess  # nosec B404 # starts the user's own browser, without a shell
import tempfile
from functools import lru_cache
from math import ceil
from pathlib import Path
from xml.etree import ElementTree  # nosec B405 # parsed by resolved() before

import numpy as np
from PIL import Image

from figbench.errors import UserError
from figbench.images.limits import DecodeError
from figbench.images.types import RGBImage

ENGINE_VARIABLE = "FIGBENCH_SVG_ENGINE"
BROWSER_VARIABLE = "FIGBENCH_CHROMIUM"
CHROMIUM = "chromium"
_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
_TIMEOUT_S = 120
_WINDOW = (640, 760)
"""Larger than any page that is cut out of it: the browser keeps some of its height for itself."""
_LENGTH = re.compile(r"\s*([\d.]+(?:e-?\d+)?)\s*(px|pt|pc|mm|cm|in|q)?\s*", re.IGNORECASE)
_PX = {"px": 1.0, "pt": 96 / 72, "pc": 16.0, "mm": 96 / 25.4, "cm": 96 / 2.54, "in": 96.0}


def is_selected() -> bool:
    """Tells whether the user chose Chromium for SVG that resvg cannot draw.

    Raises:
        UserError: If the variable names another engine.
    """
    value = os.environ.get(ENGINE_VARIABLE, "").strip().lower()
    if value in ("", "resvg"):
        return False
    if value != CHROMIUM:
        raise UserError(
            f"{ENGINE_VARIABLE}={value}: no such engine.", remedy="Set it to resvg or chromium."
        )
    return True


def version() -> str:
    """Returns the browser's name and version, such as ``Chromium 156.0.8078.108``.

    Raises:
        UserError: If there is no browser.
    """
    return _version_of(_browser())


def _browser() -> str:
    named = os.environ.get(BROWSER_VARIABLE)
    program = shutil.which(named) if named else next(filter(None, map(shutil.which, _NAMES)), None)
    if program is None:
        raise UserError(
            f"{ENGINE_VARIABLE}=chromium: no Chromium or Chrome"
            + (f" at {BROWSER_VARIABLE}={named}." if named else " on the PATH."),
            remedy="Install it (Debian: apt-get install chromium), or name its program in "
            f"{BROWSER_VARIABLE}.",
        )
    return program


@lru_cache(maxsize=4)
def _version_of(browser: str) -> str:
    try:
        done = subprocess.run(  # nosec B603
            [browser, "--version"], capture_output=True, text=True, timeout=_TIMEOUT_S, check=True
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise UserError(f"{browser}: does not tell its version ({error}).") from None
    return " ".join(done.stdout.split()[:2])


def render(data: bytes, longest: int) -> RGBImage:
    """Returns the image of an SVG as Chromium displays it on a white page.

    Args:
        data: The SVG.
        longest: Pixels of the longest side.

    Returns:
        The image, shape (height, width, 3), uint8.

    Raises:
        DecodeError: If the browser shows nothing.
        UserError: If there is no browser.
    """
    width, height = _page_size(data, longest)
    source = base64.b64encode(data).decode()
    page = (
        '<!doctype html><meta charset="utf-8"><body style="margin:0;background:#fff">'
        f'<img style="display:block;width:{width}px;height:{height}px" '
        f'src="data:image/svg+xml;base64,{source}">'
    )
    with tempfile.TemporaryDirectory(prefix="figbench-") as name:
        folder = Path(name)
        (folder / "page.html").write_text(page, encoding="utf-8")
        shot = folder / "page.png"
        _run(_browser(), folder, shot)
        try:
            with Image.open(shot) as opened:
                image = np.asarray(opened.convert("RGB"), dtype=np.uint8)
        except OSError as error:
            raise DecodeError("broken-svg", f"Chromium drew nothing ({error})") from None
    return np.ascontiguousarray(image[:height, :width])


def _run(browser: str, folder: Path, shot: Path) -> None:
    command = [
        browser,
        "--headless",
        "--disable-gpu",
        "--hide-scrollbars",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--disable-extensions",
        "--force-device-scale-factor=1",
        "--force-color-profile=srgb",
        f"--user-data-dir={folder / 'profile'}",
        f"--window-size={_WINDOW[0]},{_WINDOW[1]}",
        f"--screenshot={shot}",
        (folder / "page.html").as_uri(),
    ]
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        command.insert(1, "--no-sandbox")
    try:
        subprocess.run(  # nosec B603
            command, capture_output=True, timeout=_TIMEOUT_S, check=True, cwd=folder
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise DecodeError("broken-svg", f"Chromium cannot draw it ({error})") from None


def _page_size(data: bytes, longest: int) -> tuple[int, int]:
    """Returns width and height in pixels, the longest side as asked for."""
    root = ElementTree.fromstring(data)  # nosec B314
    width, height = _pixels(root.get("width")), _pixels(root.get("height"))
    box = [float(number) for number in re.findall(r"[-\d.e]+", root.get("viewBox") or "")[:4]]
    if len(box) == 4 and box[2] > 0 and box[3] > 0 and not (width and height):
        width, height = box[2], box[3]
    if not (width and height):
        raise DecodeError("broken-svg", "the SVG has neither a size nor a viewBox")
    scale = longest / max(width, height)
    # resvg rounds a side up; the margin is for sides that are whole but for the last bit.
    return max(1, ceil(width * scale - 1e-6)), max(1, ceil(height * scale - 1e-6))


def _pixels(length: str | None) -> float | None:
    match = _LENGTH.fullmatch(length or "")
    if match is None:
        return None
    value = float(match[1]) * _PX.get((match[2] or "px").lower(), 1.0)
    return value if value > 0 else None
