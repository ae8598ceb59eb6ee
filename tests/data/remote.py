"""Figures in stores that are not disks."""

import os
import signal
from pathlib import Path

from fsspec.implementations.local import LocalFileSystem

from tests.data.pictures import drawing, encoded

PNG = [encoded(drawing(seed=seed)) for seed in range(6)]


def ids(manifest):
    return [one.figure_id for one in manifest.figures]


def refused(manifest):
    return {one.path: one.code for one in manifest.rejects}


class Disk(LocalFileSystem):
    """An object store that outlives a process, and counts."""

    protocol = "disk"
    copied = 0
    kill_at = None

    @classmethod
    def _strip_protocol(cls, path):
        return str(path).removeprefix("disk://").rstrip("/")

    def unstrip_protocol(self, name):
        return f"disk://{self._strip_protocol(name)}"

    def get_file(self, rpath, lpath, **options):
        Disk.copied += 1
        data = Path(rpath).read_bytes()
        if Disk.copied == Disk.kill_at:
            Path(lpath).write_bytes(data[:50])
            os.kill(os.getpid(), signal.SIGKILL)
        Path(lpath).write_bytes(data)
