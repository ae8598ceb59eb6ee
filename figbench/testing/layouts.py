"""The contract of a data set layout."""

from __future__ import annotations

import shutil
from abc import abstractmethod
from pathlib import Path

from figbench.data.load import load_manifest


class LayoutContract:
    """Contract tests of a layout. Subclass it and build a small set with known ids."""

    layout = ""
    """Name of the layout that detection must choose."""

    @abstractmethod
    def write(self, folder: Path) -> Path:
        """Writes a set below ``folder`` and returns the path that a user would name."""
        raise NotImplementedError

    @abstractmethod
    def expected(self) -> set[tuple[str, int]]:
        """Returns (figure id, sample) of every figure."""
        raise NotImplementedError

    def test_every_figure_is_read_under_its_id(self, tmp_path: Path) -> None:
        """No figure is lost, added or renamed."""
        manifest = load_manifest(self.write(tmp_path))
        assert manifest.layout == self.layout
        assert {(item.figure_id, item.sample) for item in manifest.figures} == self.expected()
        assert not manifest.rejects

    def test_results_are_deterministic(self, tmp_path: Path) -> None:
        """The order does not depend on the file system."""
        path = self.write(tmp_path)
        assert load_manifest(path).digest == load_manifest(path).digest

    def test_a_damaged_image_is_rejected_by_name(self, tmp_path: Path) -> None:
        """A file that is no image becomes a reject with a reason; the others are read."""
        path = self.write(tmp_path)
        images = sorted(tmp_path.rglob("*.png"))
        if not images:
            return
        images[0].write_bytes(b"no image")
        manifest = load_manifest(path)
        assert len(manifest.rejects) == 1 and manifest.rejects[0].reason
        assert len(manifest.figures) == len(self.expected()) - 1

    def test_it_can_be_moved(self, tmp_path: Path) -> None:
        """A set that is copied elsewhere has the same digest."""
        path = self.write(tmp_path / "a")
        digest = load_manifest(path).digest
        shutil.copytree(tmp_path / "a", tmp_path / "b")
        moved = tmp_path / "b" / path.relative_to(tmp_path / "a")
        assert load_manifest(moved).digest == digest
