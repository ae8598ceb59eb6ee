"""PNG and JPEG without the metadata that costs a sound picture.

Pillow reads text, profiles and EXIF while it opens a file, and raises where they are damaged or
large. The PNG specification (section 13) lets a decoder go on after a damaged ancillary chunk; so
only critical chunks, and sound ones that change what a person sees, are handed on.
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass, field

PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_SEEN = (b"tRNS", b"eXIf", b"acTL", b"fcTL", b"fdAT", b"pHYs")
_COLOUR = (b"gAMA", b"sRGB", b"cICP", b"iCCP")
_LENGTHS = {b"gAMA": 4, b"sRGB": 1, b"cICP": 4, b"acTL": 8, b"fcTL": 26, b"pHYs": 9}
MAX_PROFILE_BYTES = 8 * 2**20
MAX_EXIF_BYTES = 2**20
_STANDALONE = (0x01, *range(0xD0, 0xD9))


@dataclass(slots=True)
class Container:
    """A file for Pillow, and what its metadata said.

    Attributes:
        data: The bytes without other metadata.
        profile: The ICC profile, unpacked.
        gamma: PNG's gAMA, where nothing overrides it (1 is linear, 0.45455 sRGB's).
        cicp: PNG's cICP: primaries, transfer, matrix, full range.
        notes: What was left out.
    """

    data: bytes
    profile: bytes | None = None
    gamma: float | None = None
    cicp: tuple[int, int, int, int] | None = None
    notes: list[str] = field(default_factory=list)


def cleaned(data: bytes) -> Container:
    """Returns the container of a file; other formats are as they are."""
    if data.startswith(PNG_SIGNATURE):
        return _png(data)
    if data.startswith(b"\xff\xd8\xff"):
        return _jpeg(data)
    return Container(data)


def _png(data: bytes) -> Container:
    container = Container(data)
    pieces, colour, dropped = [PNG_SIGNATURE], {}, 0
    at = len(PNG_SIGNATURE)
    while at + 12 <= len(data):
        [length] = struct.unpack_from(">I", data, at)
        kind, end = data[at + 4 : at + 8], at + 12 + length
        if end > len(data):
            break
        whole, body = data[at:end], data[at + 8 : end - 4]
        at = end
        if not kind[0] & 0x20:
            pieces.append(whole)
            if kind == b"IEND":
                break
            continue
        if kind not in _SEEN + _COLOUR:
            continue
        if not _sound(kind, body, whole) or (kind == b"tRNS" and not _fits(body, data[25])):
            dropped += 1
        elif kind in _COLOUR:
            colour[kind] = body
        else:
            pieces.append(whole)
    else:
        at = len(data)
    container.data = b"".join(pieces) + (data[at:] if b"IEND" not in pieces[-1][4:8] else b"")
    dropped += _colour(container, colour)
    if dropped:
        container.notes.append("damaged metadata was passed over")
    return container


def _sound(kind: bytes, body: bytes, whole: bytes) -> bool:
    length = _LENGTHS.get(kind)
    if length is not None and len(body) != length:
        return False
    if kind == b"eXIf" and (len(body) > MAX_EXIF_BYTES or body[:2] not in (b"II", b"MM")):
        return False
    return struct.pack(">I", zlib.crc32(kind + body)) == whole[-4:]


def _fits(transparency: bytes, colour_type: int) -> bool:
    length = len(transparency)
    return length == {0: 2, 2: 6}.get(colour_type) or (colour_type == 3 and 0 < length <= 256)


def _colour(container: Container, chunks: dict[bytes, bytes]) -> int:
    """PNG (third edition, 4.3): cICP goes before iCCP, iCCP before sRGB, sRGB before gAMA."""
    if b"cICP" in chunks:
        container.cicp = struct.unpack("4B", chunks[b"cICP"])
        return 0
    damaged = 0
    if b"iCCP" in chunks:
        container.profile = _unpacked(chunks[b"iCCP"])
        if container.profile:
            return 0
        damaged = 1
    if b"sRGB" not in chunks and b"gAMA" in chunks:
        container.gamma = struct.unpack(">I", chunks[b"gAMA"])[0] / 100_000
    return damaged


def _unpacked(body: bytes) -> bytes | None:
    name, _, rest = body.partition(b"\0")
    if not 0 < len(name) < 80 or rest[:1] != b"\0":
        return None
    try:
        unpacker = zlib.decompressobj()
        profile = unpacker.decompress(rest[1:], MAX_PROFILE_BYTES)
    except zlib.error:
        return None
    return profile if unpacker.eof else None


def _jpeg(data: bytes) -> Container:
    container = Container(data)
    pieces, profile, at = [data[:2]], {}, 2
    dropped = False
    while at + 4 <= len(data) and data[at] == 0xFF:
        marker = data[at + 1]
        if marker == 0xFF:
            at += 1
            continue
        if marker in _STANDALONE:
            pieces.append(data[at : at + 2])
            at += 2
            continue
        [length] = struct.unpack_from(">H", data, at + 2)
        end = at + 2 + length
        if marker == 0xDA or end > len(data):
            break
        body = data[at + 4 : end]
        if 0xE0 <= marker <= 0xEF or marker == 0xFE:
            if marker == 0xE2 and body.startswith(b"ICC_PROFILE\0") and len(body) > 14:
                profile[body[12]] = body[14:]
            elif _used(marker, body):
                pieces.append(data[at:end])
            else:
                dropped = dropped or (marker != 0xFE and len(body) < 6)
        else:
            pieces.append(data[at:end])
        at = end
    container.data = b"".join(pieces) + data[at:]
    if profile and sum(map(len, profile.values())) <= MAX_PROFILE_BYTES:
        container.profile = b"".join(profile[number] for number in sorted(profile))
    if dropped:
        container.notes.append("damaged metadata was passed over")
    return container


def _used(marker: int, body: bytes) -> bool:
    return (
        (marker == 0xE0 and body.startswith(b"JFIF\0") and len(body) >= 14)
        or (marker == 0xE1 and body.startswith(b"Exif\0\0") and len(body) > 14)
        or (marker == 0xEE and body.startswith(b"Adobe") and len(body) >= 12)
    )


def jpeg_lacks_only_its_end(data: bytes) -> bool:
    """Tells whether a JPEG is a baseline one without an end marker: its data may still be whole."""
    return (
        data.startswith(b"\xff\xd8\xff")
        and not data.rstrip(b"\0").endswith(b"\xff\xd9")
        and (b"\xff\xc0" in data[:65536] or b"\xff\xc1" in data[:65536])
        and b"\xff\xc2" not in data[:65536]
    )
