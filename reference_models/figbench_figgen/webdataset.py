"""WebDataset shards for training: unpacked once into a folder with ``metadata.jsonl``."""

from __future__ import annotations

import hashlib
import json
import shutil
import tarfile
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from figbench.errors import UserError

IMAGES = (".png", ".jpg", ".jpeg", ".webp")
TEXTS = (".txt", ".caption", ".json")


def shards_of(source: str) -> list[Path]:
    """Returns the tar files that a path names: the file, or those of a folder of nothing else."""
    path = Path(source)
    if path.is_file() and path.suffix == ".tar":
        return [path]
    if not path.is_dir():
        return []
    files = [path for path in path.iterdir() if path.is_file() and not path.name.startswith(".")]
    shards = sorted(path for path in files if path.suffix == ".tar")
    return shards if shards and len(shards) == len(files) else []


def has_captions(shard: Path) -> bool:
    """Tells whether a tar file holds pairs of a picture and a text of the same name."""
    with _opened(shard) as archive:
        names = [entry.name for entry in archive if entry.isfile()][:64]
    stems = {_split(name)[0] for name in names if _split(name)[1] in IMAGES}
    return any(stem in stems and suffix in TEXTS for stem, suffix in map(_split, names))


def unpacked(shards: list[Path], cache: Path, caption: str) -> Path:
    """Returns a folder with the pictures of all shards and a ``metadata.jsonl``.

    Args:
        shards: Tar files of pairs ``KEY.png`` and ``KEY.txt`` (or ``.json`` with a field).
        cache: Folder for unpacked sets; a set that is there already is taken as it is.
        caption: Field of a ``.json`` text; without it ``caption``, ``text`` or ``prompt``.

    Raises:
        UserError: If a shard is damaged.
    """
    stats = [(str(path.resolve()), path.stat().st_size, path.stat().st_mtime_ns) for path in shards]
    key = hashlib.sha256(json.dumps([stats, caption]).encode()).hexdigest()[:20]
    target = cache / key
    if (target / "metadata.jsonl").is_file():
        return target
    partial = cache / f".{key}.{uuid.uuid4().hex}.part"
    partial.mkdir(parents=True)
    try:
        records = [
            record
            for number, shard in enumerate(shards)
            for record in _unpack(shard, partial, f"{number:05d}", caption)
        ]
        text = "".join(json.dumps(path, ensure_ascii=False) + "\n" for path in records)
        (partial / "metadata.jsonl").write_text(text, encoding="utf-8")
        if not target.exists():
            partial.rename(target)
    except OSError:
        # Another process was first; its folder is the same.
        if not (target / "metadata.jsonl").is_file():
            raise
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return target


def _unpack(shard: Path, folder: Path, prefix: str, caption: str) -> Iterator[dict[str, Any]]:
    """Writes a shard's pictures under names of its own; yields their records."""
    images: dict[str, str] = {}
    captions: dict[str, str] = {}
    with _opened(shard) as archive:
        for entry in archive:
            stem, suffix = _split(entry.name)
            if not entry.isfile() or suffix not in (*IMAGES, *TEXTS):
                continue
            opened = archive.extractfile(entry)
            data = b"" if opened is None else opened.read()
            if suffix in IMAGES:
                # No name from the archive reaches the disk.
                name = f"{prefix}-{len(images):07d}{suffix}"
                (folder / name).write_bytes(data)
                images.setdefault(stem, name)
            else:
                captions_there = _caption(data, suffix, caption)
                if captions_there:
                    captions[stem] = captions_there
    for stem, name in images.items():
        yield {"file_name": name, "key": stem, "text": captions.get(stem)}


def _caption(data: bytes, suffix: str, field: str) -> str | None:
    try:
        text = data.decode("utf-8-sig").strip()
        if suffix != ".json":
            return text or None
        document = json.loads(text)
    except ValueError:
        return None
    if not isinstance(document, dict):
        return None
    for key in (field, "caption", "text", "prompt"):
        value = document.get(key)
        if isinstance(value, str) and value.strip():
            return value.strip()
    return None


def _opened(shard: Path) -> tarfile.TarFile:
    try:
        return tarfile.open(shard)
    except (tarfile.TarError, OSError) as error:
        raise UserError(f"{shard}: cannot be read as a tar file ({error}).") from None


def _split(name: str) -> tuple[str, str]:
    """Returns the key and the suffix of a member: a key ends at the first dot of the file name."""
    folder, _, base = name.rpartition("/")
    stem, dot, suffix = base.partition(".")
    return f"{folder}/{stem}", f"{dot}{suffix}".lower()
