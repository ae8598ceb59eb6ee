"""Labels of a document's picture, by OCR."""

from __future__ import annotations

from pathlib import Path

from figbench.errors import UserError


def picture_labels(document: Path, picture: Path | None = None) -> list[str] | None:
    """Returns the labels that a person sees; None where the document has no picture here.

    Args:
        document: An SVG is drawn; beside other documents an image of the same name is taken.
        picture: Image to read instead.

    Raises:
        UserError: When the picture cannot be read.
    """
    from figbench.graphs.raster import read_lines, resized
    from figbench.images.decode import decode
    from figbench.images.limits import DecodeError

    if picture is None and document.suffix.lower() == ".svg":
        picture = document
    if picture is None:
        beside = [document.with_suffix(suffix) for suffix in (".png", ".webp", ".jpg", ".jpeg")]
        picture = next((one for one in beside if one.is_file()), None)
    if picture is None:
        return None
    try:
        image = resized(decode(picture.read_bytes()).image)
    except OSError as error:
        raise UserError(f"{picture}: {error.strerror or error}.") from None
    except DecodeError as error:
        raise UserError(f"{picture}: cannot be decoded: {error}.") from None
    return [line.text for line in read_lines(image) if line.text.strip()]
