"""Shipped layouts keep the contract that plug-ins are asked to keep."""

import json

from PIL import Image

from figbench.testing import LayoutContract
from figbench.testing.builders import images


def save_images(folder, names):
    folder.mkdir(parents=True, exist_ok=True)
    for name, image in zip(names, images(len(names)), strict=True):
        Image.fromarray(image).save(folder / name)


class TestFlat(LayoutContract):
    layout = "flat"

    def write(self, folder):
        save_images(folder, ["a.png", "b.png", "c.png"])
        return folder

    def expected(self):
        return {("a", 0), ("b", 0), ("c", 0)}


class TestRecords(LayoutContract):
    layout = "records"

    def write(self, folder):
        save_images(folder / "images", ["0.png", "1.png"])
        rows = [{"figure_id": f"x{i}", "image": f"images/{i}.png"} for i in range(2)]
        (folder / "index.jsonl").write_text("\n".join(map(json.dumps, rows)))
        return folder / "index.jsonl"

    def expected(self):
        return {("x0", 0), ("x1", 0)}
