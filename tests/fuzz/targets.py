"""Functions that take any bytes: a value or the documented error, and nothing else.

``python -m tests.fuzz.targets decode -runs=20000 tests/fuzz/corpus/decode`` fuzzes with Atheris
(libFuzzer); ``svg`` and ``index`` are the other targets.
"""

from __future__ import annotations

import io
import sys
from pathlib import Path

CORPUS = Path(__file__).parent / "corpus"
INDEX_NAMES = ("a.json", "a.jsonl", "a.csv", "a.tsv", "a.parquet", "a.json.gz")


def decode_bytes(data: bytes) -> None:
    """The decoder of every raster format."""
    from figbench.images.decode import decode
    from figbench.images.limits import DecodeError, Limits

    try:
        image = decode(data, Limits(max_pixels=1_000_000)).image
    except DecodeError as error:
        assert error.code
        assert error.reason
        return
    assert image.ndim == 3
    assert image.shape[2] == 3


def svg_bytes(data: bytes) -> None:
    """The path of SVG; the first byte does not count, so that bytes reach the renderer."""
    decode_bytes(b"<svg" + data if not data.lstrip().startswith(b"<") else data)


def index_bytes(data: bytes) -> None:
    """Every reader of an index; the first byte chooses the format."""
    from figbench.data.index_files import read_records, record_list
    from figbench.data.layouts.benchmarks import adapted
    from figbench.data.origin import origin_of
    from figbench.errors import UserError

    if not data:
        return
    name = INDEX_NAMES[data[0] % len(INDEX_NAMES)]
    try:
        document = read_records(name, io.BytesIO(data[1:]))
        adapted(name, document, "generated")
        for row in record_list(name, document)[:20]:
            origin_of(row, lambda path: path)
    except UserError as error:
        assert str(error)


TARGETS = {"decode": decode_bytes, "svg": svg_bytes, "index": index_bytes}


def corpus(name: str) -> list[bytes]:
    """Returns the files of a target's corpus, by name."""
    return [path.read_bytes() for path in sorted((CORPUS / name).iterdir())]


def main() -> None:
    """Runs libFuzzer on the target that the first argument names."""
    import atheris

    name, *options = sys.argv[1:]
    with atheris.instrument_imports(include=["figbench"]):
        import figbench.data.index_files
        import figbench.data.layouts.benchmarks
        import figbench.data.origin
        import figbench.images.decode  # noqa: F401
    atheris.Setup([sys.argv[0], *options], TARGETS[name])
    atheris.Fuzz()


if __name__ == "__main__":
    main()
