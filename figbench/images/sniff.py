"""Says what a file that is no image really is."""

from __future__ import annotations

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
