"""Images for the judge: decoded, fitted to one size and encoded again without metadata."""

from __future__ import annotations

import hashlib
import io
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from figbench.images.types import RGBImage
from figbench.io.atomic import atomic_path
from figbench.judges.protocol import ImageSettings

WHITE = (255, 255, 255)
Size = tuple[int, int]


@dataclass(frozen=True, slots=True)
class EncodedImage:
    """One encoded image.

    Attributes:
        digest: SHA-256 of the encoded bytes.
        width: Pixels.
        height: Pixels.
        media_type: ``image/png`` or ``image/jpeg``.
    """

    digest: str
    width: int
    height: int
    media_type: str


def fitted_size(width: int, height: int, spec: ImageSettings) -> Size:
    """Returns the size under which a figure is displayed, with its proportions preserved.

    Args:
        width: Pixels.
        height: Pixels.
        spec: Longest side of the protocol.
    """
    longest = max(width, height)
    if longest <= spec.longest_side and not spec.equal_size:
        return width, height
    scale = spec.longest_side / longest
    return max(1, round(width * scale)), max(1, round(height * scale))


def canvas_size(sizes: tuple[Size, ...], spec: ImageSettings) -> Size | None:
    """Returns the common canvas of the images of a pair, or None where sizes stay their own."""
    if not spec.equal_size or not sizes:
        return None
    fitted = [fitted_size(*size, spec) for size in sizes]
    return max(width for width, _ in fitted), max(height for _, height in fitted)


def encode(pixels: RGBImage, spec: ImageSettings, canvas: Size | None) -> bytes:
    """Returns a figure as PNG or JPEG without metadata.

    Args:
        pixels: uint8, shape (height, width, 3).
        spec: Encoding and longest side.
        canvas: Size to pad to with white, at least the fitted size; None for no padding.
    """
    scaled = Image.fromarray(pixels)
    size = fitted_size(scaled.width, scaled.height, spec)
    if size != scaled.size:
        scaled = scaled.resize(size, Image.Resampling.LANCZOS)
    if canvas is not None and canvas != size:
        page = Image.new("RGB", canvas, WHITE)
        page.paste(scaled, ((canvas[0] - size[0]) // 2, (canvas[1] - size[1]) // 2))
        scaled = page
    buffer = io.BytesIO()
    if spec.encoding == "png":
        scaled.save(buffer, "PNG", compress_level=3, optimize=False)
    else:
        scaled.save(buffer, "JPEG", quality=spec.quality, subsampling=0, optimize=False)
    return buffer.getvalue()


class ImageFolder:
    """Encoded images by digest: the files that the judge sees, also for reports.

    Args:
        root: Folder for the files; None holds them in memory (dry runs, simulations).
    """

    def __init__(self, root: Path | None) -> None:
        self.root = root
        self._memory: dict[str, bytes] = {}

    def add(self, image: RGBImage, spec: ImageSettings, canvas: Size | None) -> EncodedImage:
        """Encodes and stores a figure.

        Args:
            image: uint8, shape (height, width, 3).
            spec: Size and encoding of the protocol.
            canvas: Size of the page for both figures of a pair; None for the figure's own.
        """
        data = encode(image, spec, canvas)
        digest = hashlib.sha256(data).hexdigest()
        if self.root is None:
            self._memory[digest] = data
        else:
            path = self.path(digest)
            if not path.exists():
                with atomic_path(path) as temporary:
                    temporary.write_bytes(data)
        with Image.open(io.BytesIO(data)) as opened:
            width, height = opened.size
        return EncodedImage(digest, width, height, f"image/{spec.encoding}")

    def path(self, digest: str) -> Path:
        """Returns the file of an image."""
        assert self.root is not None  # nosec B101 # narrows a type
        return self.root / f"{digest}.img"

    def read(self, digest: str) -> bytes:
        """Returns the encoded bytes.

        Raises:
            OSError: If the file is gone.
        """
        if self.root is None:
            return self._memory[digest]
        return self.path(digest).read_bytes()
