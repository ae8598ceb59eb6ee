"""Figures for training: from any layout that figbench reads to square tensors in [-1, 1]."""

from __future__ import annotations

import io
import re
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image, ImageEnhance, ImageFilter
from torch.nn import functional

from figbench.data.types import Figure
from figbench.errors import UserError
from figbench.images.decode import DecodeError, decode
from figbench.images.types import RGBImage
from figbench_figgen.config_sections import AutoencoderConfig, DataConfig
from figbench_figgen.splits import columns_of, load_split

_NUMBER = re.compile(r"^(figure|fig\.?)\s*\d+\s*[:.]\s*", re.IGNORECASE)


class FigureSet:
    """The figures that a stage trains on, in the manifest's order, after the aspect filter."""

    def __init__(
        self, source: str, data: DataConfig, image_size: int, *, captions: bool = True
    ) -> None:
        self.manifest, notes = load_split(source, data.split, data.caption)
        self.notes: list[str] = []
        self.figures = self._usable(data, captioned_only=captions)
        self.notes = [*notes, *self.notes]
        self._data = data
        self._size = image_size
        self._cached: dict[tuple[int, int], RGBImage] = {}

    def __len__(self) -> int:
        """Returns the number of figures."""
        return len(self.figures)

    @property
    def captions(self) -> list[str]:
        """One caption per figure."""
        return [figure.prompt or "" for figure in self.figures]

    @property
    def digest(self) -> str:
        """Identifies figures, captions and their order."""
        selected = self.manifest.select(self.figures, "")
        return f"{selected.digest}-{len(self.figures)}"

    def padded(self, index: int) -> torch.Tensor:
        """Returns figure ``index`` on a white square, (3, size, size) in [-1, 1]."""
        return to_tensor(self._sized(index, self._size, crop=False))

    @property
    def has_text_boxes(self) -> bool:
        """Tells whether the data set says where the text of any figure is."""
        return any(line.box for lines in self.manifest.labels.values() for line in lines)

    def text_cover(self, index: int, cells: int) -> torch.Tensor:
        """Returns the share of each latent position that the figure's text boxes cover.

        Args:
            index: Which figure.
            cells: Latent positions along a side; divides the size of the square.

        Returns:
            (cells, cells) float32, 0 to 1, of the padded square.
        """
        figure, size = self.figures[index], self._size
        scale = size / max(figure.height, figure.width)
        top = (size - max(1, round(figure.height * scale))) // 2
        left = (size - max(1, round(figure.width * scale))) // 2
        cover = np.zeros((size, size), dtype=np.float32)
        for line in self.manifest.labels.get(figure.figure_id, ()):
            if line.box:
                corners = np.array(line.box, dtype=np.float64) * scale + (left, top)
                low = np.floor(corners.min(axis=0)).clip(0).astype(int)
                high = np.ceil(corners.max(axis=0)).clip(0).astype(int)
                cover[low[1] : high[1], low[0] : high[0]] = 1.0
        step = size // cells
        return torch.from_numpy(cover.reshape(cells, step, cells, step).mean(axis=(1, 3)))

    def cropped(self, index: int, stage: AutoencoderConfig, rng: np.random.Generator) -> Any:
        """Returns a random square of figure ``index``, (3, crop, crop) in [-1, 1].

        Args:
            index: Which figure.
            stage: Crop, size of the smallest side, and whether to blur and change colours.
            rng: Decides all of it.
        """
        side = stage.crop or self._size
        image = self._sized(index, max(side, stage.smallest_side), crop=True)
        top = int(rng.integers(image.shape[0] - side + 1))
        left = int(rng.integers(image.shape[1] - side + 1))
        square = image[top : top + side, left : left + side]
        return to_tensor(_augmented(square, rng) if stage.augment else square)

    def _usable(self, data: DataConfig, *, captioned_only: bool) -> tuple[Figure, ...]:
        shaped, captioned, excluded = [], [], 0
        refused = _captions_of(data.exclude, data)
        for figure in self.manifest.figures:
            if data.min_aspect <= figure.width / figure.height <= data.max_aspect:
                shaped.append(figure)
                if figure.prompt and without_number(figure.prompt) in refused:
                    excluded += 1
                elif figure.prompt or not captioned_only:
                    captioned.append(figure)
        counts = (
            (len(self.manifest.rejects), "unreadable"),
            (len(self.manifest.figures) - len(shaped), "outside the aspect range"),
            (len(shaped) - len(captioned) - excluded, "without a caption"),
            (excluded, f"their captions are those of {data.exclude}"),
        )
        self.notes = [f"{count} figures left out: {why}" for count, why in counts if count]
        if not captioned:
            if captioned_only and shaped and not excluded:
                raise UserError(
                    f"{self.manifest.source}: none of its {len(shaped)} figures has a caption.",
                    remedy="Name the column that holds them with --set data.caption=COLUMN"
                    + _columns(Path(self.manifest.source)),
                )
            raise UserError(
                f"{self.manifest.source}: no figure is left to train on "
                f"({'; '.join(self.notes) or 'the set is empty'}).",
                remedy="See what is there with: figbench data inspect PATH",
            )
        return tuple(captioned)

    def _sized(self, index: int, side: int, *, crop: bool) -> RGBImage:
        key = (index, side)
        if key in self._cached:
            return self._cached[key]
        image = self._decoded(self.figures[index])
        height, width = image.shape[:2]
        scale = side / (min(height, width) if crop else max(height, width))
        shape = max(1, round(height * scale)), max(1, round(width * scale))
        image = _resized(image, shape, antialias=self._data.resize == "antialias")
        image = image if crop else on_square(image, side)
        if self._data.keep_pixels:
            self._cached[key] = image
        return image

    def _decoded(self, figure: Figure) -> RGBImage:
        try:
            data = self.manifest.read(figure)
            if self._data.alpha == "legacy_black":
                # As the released loader: the alpha channel is dropped, not composited.
                with Image.open(io.BytesIO(data)) as opened:
                    return np.asarray(opened.convert("RGB"))
            return decode(data).image
        except (DecodeError, OSError) as error:
            raise UserError(f"{figure.path}: cannot be read any more ({error}).") from None


def _columns(root: Path) -> str:
    """Returns the columns of a folder's metadata as the end of a sentence."""
    names = columns_of(root) if root.is_dir() else []
    return f"; its columns: {', '.join(names)}." if names else "."


def without_number(caption: str) -> str:
    """Returns a caption without its leading ``Figure 3:``."""
    return _NUMBER.sub("", caption, count=1).strip()


def _captions_of(source: str | None, data: DataConfig) -> set[str]:
    """Returns the captions of a set, without figure numbers; ``ROOT:test`` is its test split."""
    if source is None:
        return set()
    path, split = split_name(source)
    manifest, _ = load_split(path, split, data.caption)
    return {without_number(figure.prompt) for figure in manifest.figures if figure.prompt}


def split_name(source: str) -> tuple[str, str | None]:
    """Returns path and split of ``ROOT:test``; a source without such an ending has none."""
    path, separator, split = source.rpartition(":")
    if not separator or split not in ("train", "test", "validation") or Path(source).exists():
        return source, None
    return path, split


def to_tensor(image: RGBImage) -> torch.Tensor:
    """Returns uint8 (h, w, 3) as float (3, h, w) in [-1, 1]."""
    return torch.from_numpy(np.array(image)).permute(2, 0, 1).float() / 127.5 - 1


def _resized(image: RGBImage, shape: tuple[int, int], *, antialias: bool) -> RGBImage:
    if image.shape[:2] == shape:
        return image
    if antialias:
        resized = Image.fromarray(image).resize(shape[::-1], Image.Resampling.BICUBIC)
        return np.asarray(resized)
    batch = torch.from_numpy(np.array(image)).permute(2, 0, 1)[None].float()
    small = functional.interpolate(batch, shape, mode="bilinear", antialias=False)
    return small.round().clamp(0, 255).to(torch.uint8)[0].permute(1, 2, 0).numpy()


def on_square(image: RGBImage, side: int) -> RGBImage:
    """Returns the image centred on a white square.

    Args:
        image: uint8, height x width x 3, at most ``side`` on each axis.
        side: Side of the square in pixels.

    Returns:
        uint8, shape (side, side, 3).
    """
    height, width = image.shape[:2]
    page = np.full((side, side, 3), 255, dtype=np.uint8)
    top, left = (side - height) // 2, (side - width) // 2
    page[top : top + height, left : left + width] = image
    return page


def _augmented(square: RGBImage, rng: np.random.Generator) -> RGBImage:
    """Light blur and colour changes, each in half of the cases."""
    augmented = Image.fromarray(square)
    if rng.random() < 0.5:
        augmented = augmented.filter(ImageFilter.GaussianBlur(float(rng.uniform(0.1, 0.8))))
    if rng.random() < 0.5:
        for enhance in (ImageEnhance.Brightness, ImageEnhance.Contrast, ImageEnhance.Color):
            augmented = enhance(augmented).enhance(float(rng.uniform(0.8, 1.2)))
    return np.asarray(augmented)
