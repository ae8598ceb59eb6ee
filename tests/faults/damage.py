"""Twenty-five ways in which a figure file was met damaged, each with the code it must get."""

import gzip
import io
import os

import numpy as np
from PIL import Image

POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n"
HTML = b"<!DOCTYPE html><html><body>404 not found</body></html>"
XML = b'<?xml version="1.0"?><Error><Code>AccessDenied</Code></Error>'


def encoded(data, form, **options):
    out = io.BytesIO()
    Image.open(io.BytesIO(data)).convert("RGB").save(out, form, **options)
    return out.getvalue()


def picture(array):
    out = io.BytesIO()
    Image.fromarray(array).save(out, "PNG")
    return out.getvalue()


def bomb(data):
    """A PNG header that promises 60,000 x 60,000 pixels."""
    import struct
    import zlib

    header = b"IHDR" + struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    return data[:12] + header + struct.pack(">I", zlib.crc32(header)) + data[33:]


def flipped(data):
    """One byte in the middle of the pixels: the checksum of the chunk no longer holds."""
    middle = data.index(b"IDAT") + 40
    return data[:middle] + bytes([data[middle] ^ 0xFF]) + data[middle + 1 :]


WAYS = {
    "no bytes": (lambda data: b"", "empty"),
    "LFS pointer": (lambda data: POINTER, "lfs-pointer"),
    "HTML": (lambda data: HTML, "html"),
    "XML error": (lambda data: XML, "html"),
    "LF to CRLF": (lambda data: data.replace(b"\n", b"\r\n"), "newline-corrupted"),
    "CRLF to LF": (lambda data: data.replace(b"\r\n", b"\n"), "newline-corrupted"),
    "through UTF-8": (lambda data: data.decode("utf-8", "replace").encode(), "text-corrupted"),
    "png cut in its header": (lambda data: data[:20], "truncated"),
    "png cut in half": (lambda data: data[: len(data) // 2], "truncated"),
    "png with a changed byte": (flipped, "truncated"),
    "jpeg cut": (lambda data: encoded(data, "JPEG")[:900], "truncated"),
    "webp cut": (lambda data: encoded(data, "WEBP")[:300], "truncated"),
    "gif cut": (lambda data: encoded(data, "GIF")[:900], "truncated"),
    "tiff cut": (lambda data: encoded(data, "TIFF")[:2000], "truncated"),
    "zeroes": (lambda data: bytes(len(data)), "not-an-image"),
    "JSON": (lambda data: b'{"error": "quota"}', "not-an-image"),
    "gzip": (gzip.compress, "not-an-image"),
    "PostScript": (lambda data: b"%!PS-Adobe-3.0 EPSF-3.0\nshowpage\n", "not-an-image"),
    "bomb": (bomb, "bomb"),
    "1 x 1": (lambda data: picture(np.zeros((1, 1, 3), np.uint8)), "too-small"),
    "a strip": (lambda data: picture(np.zeros((4, 900, 3), np.uint8)), "absurd-aspect"),
    "floats cast": (lambda data: picture(np.eye(40, dtype=np.uint8)), "unit-range"),
    "dangling link": ("link to nowhere", "missing-file"),
    "link to itself": ("link to itself", "symlink-loop"),
    "FIFO": ("fifo", "not-a-file"),
}


def damage(path, way):
    """Damages the figure at ``path``; returns the code that figbench must give it."""
    change, code = WAYS[way]
    if callable(change):
        path.write_bytes(change(path.read_bytes()))
        return code
    path.unlink()
    if change == "fifo":
        os.mkfifo(path)
    else:
        path.symlink_to(path.name if change == "link to itself" else "nowhere.png")
    return code
