"""Cases of indexes, archives."""

from __future__ import annotations

import base64
import gzip
import json

from tests.field.cases.base import (
    REFERENCES,
    Case,
    N,
    csv,
    generated,
    index,
    parquet,
    records,
)
from tests.field.files import (
    archive,
    fill,
    lines,
    png,
    put,
)


def _float_ids(root):
    fill(root / "ref", [f"{k}.png" for k in range(N)])
    fill(root / "gen", [f"images/{k}.png" for k in range(N)])
    rows = [{"image": f"images/{k}.png", "id": float(k)} for k in range(N)]
    return put(root / "gen", "i.parquet", parquet(rows)), root / "ref"


def _zip_with_index(root):
    members = {f"images/{k}.png": png(k) for k in range(N)}
    rows = [{"file_name": f"images/{k}.png", "id": f"fig{k}"} for k in range(N)]
    return archive(root / "gen.zip", {**members, "metadata.jsonl": lines(rows)})


def _captions(root):
    fill(root / "ref", REFERENCES)
    for k in range(N):
        put(root / "ref", f"fig{k}.txt", f"caption {k}")
    fill(root / "img", [f"{k}.png" for k in range(N)])
    rows = [
        {"image": f"img/{k}.png", "id": f"fig{k}", "prompt": f"caption {(k + 1) % N}"}
        for k in range(N)
    ]
    return put(root, "gen.jsonl", lines(rows)), root / "ref"


CASES = (
    Case("indexes", "CSV with commas", "read", index("i.csv", csv(",")), (4, 4)),
    Case("indexes", "CSV with semicolons", "read", index("i.csv", csv(";")), (4, 4)),
    Case("indexes", "TSV", "read", index("i.tsv", csv("\t")), (4, 4)),
    Case("indexes", "CSV in UTF-16", "read", index("i.csv", csv(",").encode("utf-16")), (4, 4)),
    Case(
        "indexes",
        "JSON lines in UTF-16",
        "read",
        index("i.jsonl", lines(records()).encode("utf-16")),
        (4, 4),
    ),
    Case(
        "indexes",
        "`.jsonl.gz`",
        "read",
        index("i.jsonl.gz", gzip.compress(lines(records()).encode())),
        (4, 4),
    ),
    Case(
        "indexes",
        "records under a key",
        "read",
        index("i.json", json.dumps({"n": 1, "items": records()})),
        (4, 4),
    ),
    Case(
        "indexes",
        "two lists of records in one JSON",
        "refused; both are named",
        index("i.json", json.dumps({"a": records(), "b": records()})),
        said="several lists",
    ),
    Case(
        "indexes",
        "columns of equal length",
        "read",
        index(
            "i.json",
            json.dumps(
                {
                    "image": [f"images/{k}.png" for k in range(N)],
                    "id": [f"fig{k}" for k in range(N)],
                }
            ),
        ),
        (4, 4),
    ),
    Case(
        "indexes",
        "images as data URIs",
        "read",
        index(
            "i.json",
            json.dumps(
                [
                    {
                        "id": f"fig{k}",
                        "image": "data:image/png;base64," + base64.b64encode(png(k)).decode(),
                    }
                    for k in range(N)
                ]
            ),
        ),
        (4, 4),
    ),
    Case(
        "indexes",
        "images as base64",
        "read",
        index(
            "i.jsonl",
            lines(
                [{"id": f"fig{k}", "image": base64.b64encode(png(k)).decode()} for k in range(N)]
            ),
        ),
        (4, 4),
    ),
    Case(
        "indexes",
        "backslashes in paths",
        "folders, where no file has the name as it stands",
        index("i.jsonl", lines([{"image": f"images\\{k}.png", "id": f"fig{k}"} for k in range(N)])),
        (4, 4),
        "another spelling",
    ),
    Case(
        "indexes",
        "ids that pandas made floats",
        "`3.0` is `3`",
        _float_ids,
        (4, 4),
    ),
    Case(
        "indexes",
        "`metadata.parquet` in a folder",
        "read",
        generated(
            lambda root: (
                put(
                    fill(root / "gen", [f"{k}.png" for k in range(N)]),
                    "metadata.parquet",
                    parquet([{"file_name": f"{k}.png", "id": f"fig{k}"} for k in range(N)]),
                ).parent
            )
        ),
        (4, 4),
    ),
    Case(
        "indexes",
        "an index one folder down",
        "read",
        generated(
            lambda root: (
                put(
                    fill(root / "gen", [f"test/{k}.png" for k in range(N)]),
                    "test/metadata.jsonl",
                    lines([{"file_name": f"{k}.png", "id": f"fig{k}"} for k in range(N)]),
                ).parent.parent
            )
        ),
        (4, 4),
    ),
    Case(
        "indexes",
        "more than 5% of the images are not in the index",
        "refused without `--allow-rejects`",
        generated(
            lambda root: (
                put(
                    fill(root / "gen", [f"{k}.png" for k in range(N)]),
                    "metadata.jsonl",
                    lines([{"file_name": f"{k}.png", "id": f"fig{k}"} for k in range(2)]),
                ).parent
            )
        ),
        said="not in the index",
    ),
    Case(
        "indexes",
        "prompts that are other references' captions",
        "scored, with a warning",
        _captions,
        (4, 4),
        "prompts are not the caption",
    ),
    Case("archives", "an index in a zip", "read", generated(_zip_with_index), (4, 4)),
    Case(
        "archives",
        "backslashes in member names",
        "folders",
        generated(
            lambda root: archive(
                root / "gen.zip", {f"images\\fig{k}.png": png(k) for k in range(N)}
            )
        ),
        (4, 4),
        "backslashes",
    ),
    Case(
        "archives",
        "a Git-LFS pointer instead of a zip",
        "refused, by that name",
        generated(
            lambda root: put(root, "gen.zip", b"version https://git-lfs.github.com/spec/v1\n")
        ),
        said="Git LFS pointer",
    ),
)
