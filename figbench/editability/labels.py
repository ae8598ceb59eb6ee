"""Labels of the image of a document, by OCR."""

from __future__ import annotations

from pathlib import Path

from figbench.errors import UserError


def image_labels(document: Path, image_file: Path | None = None) -> list[str] | None:
    """Returns the labels that a person sees; None where the document has no image.

    Args:
        document: An SVG is rendered; for other documents an image of the same name is used.
        image_file: Image to read instead.

    Raises:
        UserError: When the image cannot be read.
    """
    from figbench.graphs.raster.reader import read_lines, resized
    from figbench.images.decode import decode
    from figbench.images.limits import DecodeError

    if image_file is None and document.suffix.lower() == ".svg":
        image_file = document
    if image_file is None:
        neighbours = [document.with_suffix(suffix) for suffix in (".png", ".webp", ".jpg", ".jpeg")]
        image_file = next((path for path in neighbours if path.is_file()), None)
    if image_file is None:
        return None
    try:
        image = resized(decode(image_file.read_bytes()).image)
    except OSError as error:
        raise UserError(f"{image_file}: {error.strerror or error}.") from None
    except DecodeError as error:
        raise UserError(f"{image_file}: cannot be decoded: {error}.") from None
    return [line.text for line in read_lines(image) if line.text.strip()]
