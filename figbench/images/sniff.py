"""Says what a file that is no image really is."""

from __future__ import annotations

from typing import Literal

_HTML = (b"<!doctype html", b"<html", b"<head", b"<body")
_MAGIC = (
    b"\x89PNG",
    b"\xff\xd8\xff",
    b"GIF8",
    b"RIFF",
    b"BM",
    b"II*\x00",
    b"MM\x00*",
    b"\x00\x00\x00\x0cjP  ",
)
_OTHERS = (
    (b"%!PS", "a PostScript file"),
    (b"PK\x03\x04", "a zip archive"),
    (b"\x1f\x8b", "a gzip file"),
    (b"8BPS", "a Photoshop file"),
    (b"\x93NUMPY", "a NumPy array"),
    (b"{", "JSON or other text"),
)

_UNREAD = (
    (b"ftypheic", 4, "HEIC"),
    (b"ftypheix", 4, "HEIC"),
    (b"ftypmif1", 4, "HEIF"),
    (b"\xff\x0a", 0, "JPEG XL"),
    (b"\x00\x00\x00\x0cJXL ", 0, "JPEG XL"),
    (b"\x76\x2f\x31\x01", 0, "OpenEXR"),
    (b"II+\x00", 0, "BigTIFF"),
    (b"MM\x00+", 0, "BigTIFF"),
)
_COMPRESSIONS = {34925: "LZMA", 50000: "ZSTD", 50001: "WebP", 50002: "JPEG XL", 34712: "JPEG 2000"}
_SAMPLES = {1: "unsigned", 2: "signed", 3: "float"}


def tiff_kind(data: bytes) -> str | None:
    """Returns the kind of a TIFF that Pillow does not read, such as ``3 float32 channels``.

    None where its first directory cannot be read or names a usual kind.
    """
    order: Literal["little", "big"] = "little" if data[:2] == b"II" else "big"

    def number(at: int, size: int) -> int:
        if at + size > len(data):
            raise ValueError("beyond the end")
        return int.from_bytes(data[at : at + size], order)

    try:
        start = number(4, 4)
        tags = {}
        for entry in range(start + 2, start + 2 + 12 * number(start, 2), 12):
            tag, kind, count = number(entry, 2), number(entry + 2, 2), number(entry + 4, 4)
            size = {3: 2, 4: 4}.get(kind)
            if size:
                position = entry + 8 if count * size <= 4 else number(entry + 8, 4)
                tags[tag] = number(position, size)
    except ValueError:
        return None
    packed = _COMPRESSIONS.get(tags.get(259, 1))
    bits, channels = tags.get(258, 1), tags.get(277, 1)
    sample = _SAMPLES.get(tags.get(339, 1), "other")
    if packed:
        return f"{packed} compression"
    if (
        bits > 16
        or (sample != "unsigned" and bits != 8)
        or bits not in (1, 2, 4, 8, 16)
        or channels > 4
    ):
        word = "channel" if channels == 1 else "channels"
        return f"{channels} {sample}{bits} {word}"
    return None


def blame(data: bytes) -> tuple[str, str]:
    """Returns (code, reason) for bytes that no image reader accepts."""
    head = data[:512]
    text = head.lstrip(b"\xef\xbb\xbf \t\r\n")
    if text.startswith(b"version https://git-lfs"):
        return "lfs-pointer", "a Git LFS pointer, not the image; run: git lfs pull"
    if text.lower().startswith(_HTML) or (text.startswith(b"<?xml") and b"<svg" not in data[:4096]):
        return "html", "an HTML or XML page was saved under the name of an image"
    if head.startswith(b"\xef\xbf\xbdPNG"):
        return "text-corrupted", "the bytes were read and written as UTF-8 text"
    if head.startswith(b"\x89PNG") and not head.startswith(b"\x89PNG\r\n\x1a\n"):
        # PNG's signature holds CR LF and LF so that exactly this shows.
        return "newline-corrupted", "line endings were converted (a text-mode transfer or git)"
    if head.startswith((b"II*\x00", b"MM\x00*")) and (kind := tiff_kind(data)):
        return "unsupported", f"TIFF of {kind} is not read; save it as PNG or as 8-bit TIFF"
    for start, at, kind in _UNREAD:
        if head[at:].startswith(start):
            return "unsupported", f"{kind} is not read; save it as PNG"
    if head.startswith(_MAGIC) or head[4:12] == b"ftypavif":
        return "truncated", "the image data is damaged or not whole"
    if head.startswith(b"\x00\x05\x16\x07"):
        return "apple-double", "a macOS metadata file (._name), not an image"
    if not data.strip(b"\x00"):
        return "not-an-image", "every byte is zero"
    for magic, kind in _OTHERS:
        if text.startswith(magic):
            return "not-an-image", f"{kind}, not an image"
    return "not-an-image", "the bytes are no image format that is known here"
