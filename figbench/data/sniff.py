"""Says what a file that is no image really is."""

from __future__ import annotations

_HTML = (b"<!doctype html", b"<html", b"<head", b'<?xml version="1.0"?><error')
_MAGIC = (
    b"\x89PNG",
    b"\xff\xd8\xff",
    b"GIF8",
    b"RIFF",
    b"BM",
    b"II*\x00",
    b"MM\x00*",
)


def blame(data: bytes) -> tuple[str, str]:
    """Returns (code, reason) for bytes that no image reader accepts."""
    head = data[:512]
    stripped = head.lstrip(b"\xef\xbb\xbf \t\r\n")
    if stripped.startswith(b"version https://git-lfs"):
        return "lfs-pointer", "a Git LFS pointer, not the image; run: git lfs pull"
    if stripped.lower().startswith(_HTML):
        return "html", "an HTML page was saved under the name of an image"
    if _newlines_changed(head):
        return "newline-corrupted", "line endings were converted (a text-mode transfer or git)"
    if any(head.startswith(magic) for magic in _MAGIC):
        return "truncated", "the image data is not whole"
    if head.startswith(b"\x00\x05\x16\x07"):
        return "apple-double", "a macOS metadata file (._name), not an image"
    if not data.strip(b"\x00"):
        return "not-an-image", "every byte is zero"
    return "not-an-image", "the bytes are no image format that is known here"


def _newlines_changed(head: bytes) -> bool:
    """PNG's signature holds CR LF and LF so that exactly this shows."""
    if not head.startswith(b"\x89PNG"):
        return False
    return not head.startswith(b"\x89PNG\r\n\x1a\n")
