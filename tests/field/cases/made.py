"""Files that libraries do not write: TIFF of odd channels, JPEG with odd segments."""

from __future__ import annotations

import io
import struct
import tarfile
import zlib

import numpy as np
from PIL import Image

from tests.field.files import chunk, encoded, picture, png, with_chunks


def tiff(values, sample_format=1, photometric=2, order="<"):
    """An uncompressed TIFF of an array (height, width, channels) of any number of channels."""
    height, width, channels = values.shape
    data = values.astype(values.dtype.newbyteorder(order)).tobytes()
    bits = values.dtype.itemsize * 8
    extra = 8 + len(data)
    lists = struct.pack(f"{order}{channels}H", *[bits] * channels)
    lists += struct.pack(f"{order}{channels}H", *[sample_format] * channels)

    def short(value):
        return value << 16 if order == ">" else value

    def several(offset, value):
        return short(value) if channels == 1 else offset

    tags = [
        (256, 4, 1, width),
        (257, 4, 1, height),
        (258, 3, channels, several(extra, bits)),
        (259, 3, 1, short(1)),
        (262, 3, 1, short(photometric)),
        (273, 4, 1, 8),
        (277, 3, 1, short(channels)),
        (278, 4, 1, height),
        (279, 4, 1, len(data)),
        (339, 3, channels, several(extra + 2 * channels, sample_format)),
    ]
    directory = struct.pack(f"{order}H", len(tags))
    directory += b"".join(struct.pack(f"{order}HHII", *tag) for tag in tags)
    start = extra + len(lists)
    mark = b"II*\0" if order == "<" else b"MM\0*"
    return mark + struct.pack(f"{order}I", start) + data + lists + directory + bytes(4)


def colours():
    """The first picture as an array (height, width, 3)."""
    return np.asarray(picture(0))


def grey():
    """The first picture in grey, as an array (height, width)."""
    return np.asarray(picture(0).convert("L"))


def grey16(form):
    """The first picture in grey with 16 bits."""
    return encoded(Image.fromarray(grey().astype(np.uint16) * 257), form)


def segment(marker, body):
    """The first picture as JPEG with a segment after its start."""
    data = encoded(picture(0), "JPEG", quality=95, subsampling=0)
    return data[:2] + struct.pack(">BBH", 255, marker, len(body) + 2) + body + data[2:]


def profile(size):
    """A PNG whose ICC profile is no profile, with so many bytes unpacked."""
    return with_chunks(png(0), chunk(b"iCCP", b"x\0\0" + zlib.compress(bytes(size))))


def see_through(mode):
    """The first picture with its white pixels transparent, and black below them."""
    page = picture(0).convert("RGB")
    values = np.asarray(page)
    white = (values == 255).all(axis=2)
    if mode == "LA":
        plain = np.where(white, 0, grey()).astype(np.uint8)
        alpha = np.where(white, 0, 255).astype(np.uint8)
        return encoded(Image.merge("LA", [Image.fromarray(plain), Image.fromarray(alpha)]))
    alpha = np.where(white, 0, 255).astype(np.uint8)[..., None]
    plain = np.where(white[..., None], 0, values).astype(np.uint8)
    return encoded(Image.fromarray(np.concatenate([plain, alpha], axis=2)))


def keyed():
    """The first picture with a colour that stands for transparent in the place of white."""
    values = colours().copy()
    values[(values == 255).all(axis=2)] = (1, 2, 3)
    return encoded(Image.fromarray(values), transparency=(1, 2, 3))


def tar(members):
    """A tar of these members."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for name, data in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return out.getvalue()
