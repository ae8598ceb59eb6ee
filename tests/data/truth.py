"""The decode truth table: each file, who shows it independently of figbench, how near it must be.

``python -m tests.data.truth`` measures it and prints the table of docs/inputs.md. Chromium is the
judge of what it can show; of the rest it is OpenCV (its own TIFF, JPEG 2000 and PNM readers) or
tifffile with the formula of the colour space written out here.
"""

import base64
import io
import os
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import tifffile
from PIL import Image
from skimage.color import lab2xyz, xyz2rgb

from figbench.images.decode import decode
from tests.data import test_decode_modes as modes
from tests.data.pictures import drawing, encoded
from tests.field.files import chunk, with_chunks

CHROMIUM, OPENCV, TIFFFILE = "Chromium", "OpenCV", "tifffile"


D50_TO_D65 = np.array(
    [
        [0.9555766, -0.0230393, 0.0631636],
        [-0.0282895, 1.0099416, 0.0210077],
        [0.0122982, -0.0204830, 1.3299098],
    ]
)
"""Bradford's adaptation of XYZ between the two white points."""


@dataclass(frozen=True)
class Row:
    """One line of the table; ``most`` bounds every pixel, ``mean`` the average difference."""

    data: bytes
    judge: str = CHROMIUM
    most: int = 0
    mean: float = 0.0
    suffix: str = "png"


PREMULTIPLIED = np.dstack(
    [(modes.PICTURE * (modes.ALPHA[..., None] / 255)).astype(np.uint8), modes.ALPHA]
)
SWAPPED = (
    modes.profile_bytes("sRGB")
    .replace(b"rXYZ", b"?XYZ", 1)
    .replace(b"bXYZ", b"rXYZ", 1)
    .replace(b"?XYZ", b"bXYZ", 1)
)
SHAPES = (
    b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 128 96" width="512" height="384">'
    b'<rect x="8" y="8" width="40" height="24" fill="#c8e0ff" stroke="#204080" stroke-width="2"/>'
    b'<circle cx="90" cy="30" r="18" fill="red" fill-opacity="0.5"/>'
    b'<path d="M48 20 H72 M20 32 V70 L60 80" stroke="black" fill="none"/></svg>'
)


def _exif(orientation, form):
    exif = Image.Exif()
    exif[0x0112] = orientation
    options = {"quality": 98, "subsampling": 0} if form == "JPEG" else {}
    return encoded(modes.PICTURE, form, exif=exif.tobytes(), **options)


def _animated(form):
    frames = [Image.fromarray(drawing(seed=seed)) for seed in range(3)]
    options = {"lossless": True} if form == "WEBP" else {}
    return encoded(
        frames[0], form, save_all=True, append_images=frames[1:], duration=600_000, **options
    )


def _exact(name, **options):
    return Row(modes.EXACT[name][0], **options)


def _rows():
    rows = {
        name: _exact(name)
        for name in ("1 png", "L", "P", "P gif", "RGB png", "RGB bmp", "RGB webp lossless")
    }
    for name in (
        "P transparent index", "P alpha per index", "L transparent grey",
        "RGB transparent colour", "LA", "RGBA straight", "RGBA black under alpha",
        "RGBA all transparent", "RGBA webp", "16-bit grey", "sRGB profile", "broken profile",
        "grey with an RGB profile",
    ):  # fmt: skip
        rows[name] = _exact(name, most=1)
    rows["RGBA premultiplied-looking"] = Row(encoded(PREMULTIPLIED), most=1)
    rows["16-bit colour png"] = Row(
        cv2.imencode(".png", (modes.PICTURE.astype(np.uint16) * 257)[..., ::-1])[1].tobytes(),
        most=1,
    )
    rows["ICC profile, red and blue swapped"] = Row(
        encoded(modes.PICTURE[..., ::-1].copy(), icc_profile=SWAPPED), most=3
    )
    for name, row in {
        "gAMA, linear": with_chunks(encoded(modes.PICTURE), chunk(b"gAMA", b"\0\1\x86\xa0")),
        "gAMA, as sRGB": with_chunks(encoded(modes.PICTURE), chunk(b"gAMA", b"\0\0\xb1\x8f")),
        "cICP, Display P3": with_chunks(
            encoded(modes.PICTURE), chunk(b"cICP", bytes([12, 13, 0, 1]))
        ),
    }.items():
        rows[name] = Row(row, most=3, mean=0.5)
    for name in ("jpeg", "jpeg progressive", "webp", "avif"):
        rows[name] = Row(modes.LOSSY[name], most=4, mean=1.0)
    rows["CMYK jpeg"] = Row(modes.LOSSY["CMYK jpeg"], most=8, mean=2.0)
    for orientation in range(1, 9):
        rows[f"EXIF {orientation} jpeg"] = Row(_exif(orientation, "JPEG"), most=4, mean=1.0)
        rows[f"EXIF {orientation} png"] = Row(_exif(orientation, "PNG"))
    for form, suffix in (
        ("JPEG", "png"), ("PNG", "jpg"), ("WEBP", "jpg"), ("GIF", "png"), ("BMP", "jpg"),
        ("AVIF", "webp"),
    ):  # fmt: skip
        options = {"JPEG": {"subsampling": 0}, "WEBP": {"lossless": True}}.get(form, {})
        options |= {"AVIF": {"subsampling": "4:4:4"}}.get(form, {})
        near = {"most": 4, "mean": 1.0} if form in ("JPEG", "AVIF") else {}
        rows[f"{form} named .{suffix}"] = Row(
            encoded(modes.PICTURE, form, **options), suffix=suffix, **near
        )
    for form in ("GIF", "WEBP", "PNG"):
        rows[f"animated {form}, first frame"] = Row(_animated(form))
    rows["SVG shapes"] = Row(SHAPES, most=64, mean=0.2, suffix="svg")
    for name in ("RGB tiff", "1 tiff", "RGB ppm", "RGB jpeg 2000", "16-bit grey tiff"):
        rows[name] = _exact(name, judge=OPENCV, most=1)
    for name in ("F in 0..1", "F in 0..255", "I with negatives"):
        rows[name] = _exact(name, judge=TIFFFILE, most=1)
    rows["CMYK tiff"] = _exact("CMYK tiff", judge=TIFFFILE, most=2)
    rows["YCbCr tiff"] = Row(modes.LOSSY["YCbCr tiff"], judge=TIFFFILE, most=2)
    rows["LAB tiff"] = Row(modes.LOSSY["LAB tiff"], judge=TIFFFILE, most=16, mean=1.0)
    return rows


ROWS = _rows()


def by_opencv(data):
    """Returns OpenCV's reading as 8-bit RGB."""
    read = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    if read.dtype == np.uint16:
        read = np.rint(read / 257).astype(np.uint8)
    return modes.as_rgb(read) if read.ndim == 2 else read[..., ::-1]


def by_tifffile(name, data):
    """Returns tifffile's samples, brought to sRGB by the definition of their colour space."""
    with tifffile.TiffFile(io.BytesIO(data)) as opened:
        stored = opened.pages[0].asarray()
    if name == "CMYK tiff":
        inks = stored.astype(np.float64) / 255
        return np.rint(255 * (1 - inks[..., :3]) * (1 - inks[..., 3:])).astype(np.uint8)
    if name == "YCbCr tiff":
        return cv2.cvtColor(stored[..., [0, 2, 1]], cv2.COLOR_YCrCb2RGB)
    if name == "LAB tiff":
        lab = stored.astype(np.float64)
        signed = stored[..., 1:].view(np.int8).astype(np.float64)
        xyz = lab2xyz(np.dstack([lab[..., :1] * 100 / 255, signed]), illuminant="D50")
        shown = xyz2rgb(xyz @ D50_TO_D65.T)
        return np.rint(shown * 255).astype(np.uint8)
    values = stored.astype(np.float64)
    low, high = (0, 1 if name == "F in 0..1" else 255)
    if name == "I with negatives":
        low, high = values.min(), values.max()
    return modes.as_rgb(np.rint((values - low) / (high - low) * 255).astype(np.uint8))


def by_chromium(browser, folder):
    """Returns what one screenshot of one page shows of every file that Chromium can read."""
    rows = {name: row for name, row in ROWS.items() if row.judge == CHROMIUM}
    lines, places, top = [], {}, 0
    for number, (name, row) in enumerate(rows.items()):
        (folder / f"{number}.{row.suffix}").write_bytes(row.data)
        height, width = decode(row.data).image.shape[:2]
        places[name] = (top, height, width)
        lines.append(
            f'<img src="{number}.{row.suffix}" style="position:absolute;left:0;top:{top}px">'
        )
        top += height
    page = folder / "page.html"
    page.write_text(f'<body style="margin:0;background:#fff">{"".join(lines)}</body>')
    browser.set_window_size(600, top + 400)
    browser.get(page.as_uri())
    decoded = browser.execute_async_script(
        "const done = arguments[0];"
        "Promise.allSettled([...document.images].map(one => one.decode()))"
        ".then(all => done(all.map(one => one.status)))"
    )
    broken = [name for name, status in zip(rows, decoded, strict=True) if status != "fulfilled"]
    assert not broken, broken
    shot = browser.execute_cdp_cmd(
        "Page.captureScreenshot",
        {"format": "png", "captureBeyondViewport": True,
         "clip": {"x": 0, "y": 0, "width": 600, "height": top, "scale": 1}},
    )  # fmt: skip
    seen = np.array(Image.open(io.BytesIO(base64.b64decode(shot["data"]))).convert("RGB"))
    return {name: seen[y : y + h, :w] for name, (y, h, w) in places.items()}


def measure(browser, folder):
    """Returns (largest, mean) difference in grey levels by row."""
    shown = by_chromium(browser, folder)
    for name, row in ROWS.items():
        if row.judge == OPENCV:
            shown[name] = by_opencv(row.data)
        elif row.judge == TIFFFILE:
            shown[name] = by_tifffile(name, row.data)
    found = {}
    for name, row in ROWS.items():
        ours = decode(row.data).image
        assert ours.shape == shown[name].shape, (name, ours.shape, shown[name].shape)
        difference = np.abs(ours.astype(int) - shown[name])
        found[name] = (int(difference.max()), float(difference.mean()))
    return found


def line_of(name, largest, mean):
    """Returns the row's line in docs/inputs.md."""
    row = ROWS[name]
    allowed = f"{row.most}, mean {row.mean:g}" if row.mean else f"{row.most}"
    return f"| {name} | {row.judge} | {allowed} | {largest}, mean {mean:.2g} |"


def main():
    from tests.browser.conftest import open_browser

    os.environ["SE_OFFLINE"] = "true"
    folder = Path(tempfile.mkdtemp())
    opened = open_browser(folder / "profile", folder / "downloads")
    try:
        print("| file | judge | allowed difference | measured |\n|---|---|---|---|")
        for name, (largest, mean) in measure(opened, folder).items():
            print(line_of(name, largest, mean))
    finally:
        opened.quit()
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
