"""Builds inputs and runs the command line in this process."""

from __future__ import annotations

import io
import json
import struct
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw
from typer.testing import CliRunner

from figbench.errors import FigbenchError

PROTOCOL = "id: field\npreprocess: pad256\nmetrics: [{metric: ssim}]\n"


def picture(seed, size=(96, 72)):
    """A page with coloured boxes; every seed is another one."""
    rng = np.random.default_rng(seed)
    page = Image.new("RGB", size, "white")
    pen = ImageDraw.Draw(page)
    for _ in range(4):
        x, y = (int(rng.integers(2, side - 34)) for side in size)
        fill = tuple(int(one) for one in rng.integers(30, 220, 3))
        pen.rectangle([x, y, x + 30, y + 24], outline="black", fill=fill)
    return page


def encoded(page, form="PNG", **options):
    """The bytes of a file of the picture."""
    out = io.BytesIO()
    page.save(out, form, **options)
    return out.getvalue()


def png(seed):
    """The PNG of a picture."""
    return encoded(picture(seed))


def put(root, name, data):
    """Writes a file below a folder."""
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    return path


def fill(root, names, seed=0):
    """Writes pictures 0, 1, ... under the names."""
    for at, name in enumerate(names):
        put(root, name, png(seed + at))
    return root


def lines(rows):
    """JSON lines."""
    return "".join(json.dumps(row) + "\n" for row in rows)


def archive(path, members):
    """A zip with these members, names as they are."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w") as out:
        for name, data in members.items():
            info = zipfile.ZipInfo("x")
            info.filename = name
            out.writestr(info, data)
    return path


def chunk(kind, body):
    """A PNG chunk."""
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def with_chunks(data, *chunks):
    """A PNG with chunks after its header."""
    return data[:33] + b"".join(chunks) + data[33:]


@dataclass(frozen=True)
class Outcome:
    """What a command said."""

    code: int
    text: str
    document: dict

    @property
    def ssim(self):
        return self.document["metrics"]["ssim"]["value"]

    @property
    def counts(self):
        one = self.document["metrics"]["ssim"]
        return one["n_used"], one["n_expected"]

    @property
    def warnings(self):
        return self.document["warnings"]


def command(*arguments):
    """Runs figbench; an unexpected error is raised, as is nothing else."""
    from figbench.cli.main import app

    done = CliRunner().invoke(app, [str(one) for one in arguments])
    if isinstance(done.exception, FigbenchError):
        return Outcome(done.exception.exit_code, str(done.exception), {})
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    start = done.stdout.find("{")
    document = json.loads(done.stdout[start:]) if "--json" in arguments and start >= 0 else {}
    return Outcome(done.exit_code, done.output, document)


def evaluate(generated, reference, *more):
    """Scores SSIM with the protocol beside the inputs."""
    root = Path(reference).parent
    protocol = put(root, "field.yaml", PROTOCOL)
    return command(
        "evaluate", generated, "--reference", reference, "--protocol", protocol, "--json", *more
    )
