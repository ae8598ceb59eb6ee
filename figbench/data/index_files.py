"""Index files to rows: JSON, JSON lines, CSV, TSV and parquet, compressed or not, any Unicode."""

from __future__ import annotations

import codecs
import csv
import gzip
import io
import json
import zlib
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO, Any, cast

from figbench.errors import UserError

INDEX_SUFFIXES = (".jsonl", ".json", ".csv", ".tsv", ".ndjson", ".parquet")
COMPRESSED = ".gz"
MAX_INDEX_BYTES = 8 * 2**30
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_SAMPLE_BYTES = 64 * 1024


def index_suffix(name: str) -> str | None:
    """Returns the suffix of an index file's name without ``.gz``, or None."""
    lower = name.lower().removesuffix(COMPRESSED)
    return next((one for one in INDEX_SUFFIXES if lower.endswith(one)), None)


def open_index(path: Path) -> IO[bytes]:
    """Opens an index for reading, unpacked where it is compressed.

    Raises:
        UserError: If it cannot be read or is larger than any index.
    """
    try:
        size = path.stat().st_size
        if size > MAX_INDEX_BYTES:
            raise UserError(f"{path}: {size:,} bytes is more than any index has.")
        handle = path.open("rb")
    except OSError as error:
        raise UserError(f"{path}: cannot be read ({error.strerror}).") from None
    packed = handle.read(2) == b"\x1f\x8b"
    handle.seek(0)
    return cast("IO[bytes]", gzip.open(handle)) if packed else handle


def encoding_of(head: bytes) -> str:
    """Returns the encoding of a text by its first bytes: a byte order mark, else UTF-16 or 8."""
    for mark, name in _MARKS:
        if head.startswith(mark):
            return name
    if len(head) >= 4 and head[1] == 0 and head[3] == 0:
        return "utf-16-le"
    if len(head) >= 4 and head[0] == 0 and head[2] == 0:
        return "utf-16-be"
    return "utf-8"


def read_document(path: Path) -> Any:
    """Returns the parsed JSON of an index; ``NaN`` and ``Infinity`` in it become null.

    Raises:
        UserError: If it cannot be read, or is larger than 8 GiB.
    """
    with open_index(path) as handle:
        return parse_document(str(path), handle)


def parse_document(place: str, handle: IO[bytes]) -> Any:
    """Returns the parsed JSON of an open index.

    Raises:
        UserError: If it is not JSON.
    """
    try:
        data = handle.read()
        return _parse(data, encoding_of(data))
    except (OSError, EOFError, zlib.error) as error:
        raise UserError(f"{place}: cannot be read ({error}).") from None
    except (ValueError, RecursionError) as error:
        if _is_lines(data):
            return list(parse_lines(place, io.BytesIO(data)))
        raise UserError(f"{place}: not valid JSON ({error}).{_pointer(data)}") from None


def _is_lines(data: bytes) -> bool:
    """Tells whether a file that is not JSON is JSON lines: its first line is an object."""
    first, newline, rest = data.lstrip().partition(b"\n")
    try:
        return bool(newline and rest.strip()) and isinstance(_parse(first, "utf-8"), dict)
    except (ValueError, RecursionError):
        return False


def read_lines(path: Path) -> Iterator[Mapping[str, Any]]:
    """Yields the records of a JSON-lines file.

    Raises:
        UserError: With the line number, if a line is not a JSON object.
    """
    with open_index(path) as handle:
        yield from parse_lines(str(path), handle)


def parse_lines(place: str, handle: IO[bytes]) -> Iterator[Mapping[str, Any]]:
    """Yields the records of open JSON lines; see :func:`read_lines`."""
    number = 0
    try:
        start = handle.read(4)
        handle.seek(0)
        encoding = encoding_of(start)
        wide = encoding.startswith(("utf-16", "utf-32"))
        lines = _lines16(handle, encoding) if wide else iter(handle)
        for number, line in enumerate(lines, start=1):
            if number == 1 and line.lstrip(codecs.BOM_UTF8 + b" ").startswith(b"["):
                yield from _array(place, line + b"".join(lines))
            elif line.strip():
                yield _record(place, number, line)
    except (OSError, EOFError, zlib.error, UnicodeDecodeError) as error:
        raise UserError(f"{place}, after line {number}: cannot be read ({error}).") from None


def _array(place: str, data: bytes) -> Iterator[Mapping[str, Any]]:
    """Yields the records of a JSON array that has the name of JSON lines."""
    for number, record in enumerate(parse_document(place, io.BytesIO(data)), start=1):
        if not isinstance(record, dict):
            raise UserError(f"{place}, record {number}: expected a JSON object.")
        yield record


def _lines16(data: IO[bytes], encoding: str) -> Iterator[bytes]:
    for line in io.TextIOWrapper(data, encoding=encoding, newline="\n"):
        yield line.encode()


def _record(place: str, number: int, line: bytes) -> Mapping[str, Any]:
    try:
        record = _parse(line, "utf-8-sig")
    except (ValueError, RecursionError) as error:
        raise UserError(
            f"{place}, line {number}: not valid JSON ({error}).{_pointer(line)}"
        ) from None
    if not isinstance(record, dict):
        raise UserError(f"{place}, line {number}: expected a JSON object.")
    return record


def _pointer(data: bytes) -> str:
    if data.startswith(b"version https://git-lfs"):
        return " It is a Git LFS pointer; run: git lfs pull"
    return ""


def _parse(data: bytes, encoding: str) -> Any:
    """Python's writers put NaN into JSON where a value is not known."""
    text = data.decode("utf-8-sig" if encoding == "utf-8" else encoding)
    return json.loads(text, parse_constant=lambda _: None)


def read_csv(path: Path) -> Iterator[Mapping[str, Any]]:
    """Yields the rows of a CSV or TSV file with a header; an empty cell is None.

    Raises:
        UserError: If it cannot be read.
    """
    with open_index(path) as handle:
        yield from parse_csv(str(path), handle)


def parse_csv(place: str, handle: IO[bytes]) -> Iterator[Mapping[str, Any]]:
    """Yields the rows of an open CSV file: commas, semicolons or tabs, as the header has them."""
    try:
        data = handle.read()
        encoding = encoding_of(data)
        text = data.decode("utf-8-sig" if encoding == "utf-8" else encoding)
        if text.startswith("version https://git-lfs"):
            raise UserError(f"{place}: a Git LFS pointer.", remedy="Run: git lfs pull")
        delimiter, text = _delimiter(text)
        table = csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter)
        names = [name.strip() for name in table.fieldnames or () if name and name.strip()]
        repeated = sorted(name for name, count in Counter(names).items() if count > 1)
        if repeated:
            raise UserError(
                f"{place}: several columns are called '{repeated[0]}'.",
                remedy="Give each column a name of its own.",
            )
        for row in table:
            yield {name.strip(): value or None for name, value in row.items() if name}
    except (UnicodeDecodeError, csv.Error, OSError, EOFError, zlib.error) as error:
        raise UserError(f"{place}: not a readable CSV file ({error}).") from None


def _delimiter(text: str) -> tuple[str, str]:
    """Returns the delimiter of a CSV text, and the text without Excel's line ``sep=;``."""
    header, _, rest = text.partition("\n")
    if header.lower().startswith("sep=") and len(header.strip()) == len("sep=") + 1:
        return header[4], rest
    marks = [(header.count(mark), -at, mark) for at, mark in enumerate(",;\t|")]
    return max(marks)[2] if max(marks)[0] else ",", text


def read_records(name: str, handle: IO[bytes]) -> Any:
    """Returns the document of an open index by its name: a list of rows, or parsed JSON.

    Raises:
        UserError: If it cannot be read.
    """
    suffix = index_suffix(name)
    if name.lower().endswith(COMPRESSED):
        handle = cast("IO[bytes]", gzip.open(handle))
    if suffix in (".jsonl", ".ndjson"):
        return list(parse_lines(name, handle))
    if suffix in (".csv", ".tsv"):
        return list(parse_csv(name, handle))
    if suffix == ".parquet":
        return _parquet_rows(name, handle)
    return parse_document(name, handle)


def _parquet_rows(name: str, handle: IO[bytes]) -> list[Mapping[str, Any]]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        rows: list[Mapping[str, Any]] = pq.read_table(io.BytesIO(handle.read())).to_pylist()
    except (pa.ArrowException, OSError) as error:
        raise UserError(f"{name}: not a readable parquet file ({error}).") from None
    return rows


def record_list(title: str, document: Any) -> list[Mapping[str, Any]]:
    """Returns the records of a JSON document.

    A list, a map of id to record, columns of equal length, or the one list of records under a key.

    Raises:
        UserError: If it is none of these.
    """
    if isinstance(document, list) and all(isinstance(row, dict) for row in document):
        return document
    if isinstance(document, dict):
        if document and is_map(document):
            return [{"figure_id": name, "image": image} for name, image in document.items()]
        if document and all(isinstance(row, dict) for row in document.values()):
            return [{"figure_id": name, **row} for name, row in document.items()]
        lists = {
            key: value
            for key, value in document.items()
            if isinstance(value, list) and value and all(isinstance(row, dict) for row in value)
        }
        if len(lists) == 1:
            return next(iter(lists.values()))
        if len(lists) > 1:
            raise UserError(
                f"{title}: several lists of records: {', '.join(list(lists)[:8])}.",
                remedy="Save the list that counts in a file of its own.",
            )
        columns = {key: value for key, value in document.items() if isinstance(value, list)}
        if document and len(columns) == len(document):
            if len({len(value) for value in columns.values()}) == 1:
                return [
                    dict(zip(columns, row, strict=True))
                    for row in zip(*columns.values(), strict=True)
                ]
    raise UserError(
        f"{title}: expected a list of records, a map of id to record, or a map of id to path."
    )


def with_plain_names(row: Mapping[Any, Any]) -> Mapping[str, Any]:
    """Returns a record whose fields have plain names too: ``Image Path`` is ``image_path``."""
    plain = {
        name.strip().lower().replace(" ", "_").replace("-", "_"): name for name in map(str, row)
    }
    if all(name in row for name in plain):
        return row
    return {**{name: row[own] for name, own in plain.items()}, **row}


def is_map(document: Any) -> bool:
    """Tells whether parsed JSON is a map of id to path or to paths."""
    return (
        isinstance(document, dict)
        and bool(document)
        and all(
            isinstance(value, str)
            or (isinstance(value, list) and value and all(isinstance(one, str) for one in value))
            for value in document.values()
        )
        and not any(isinstance(value, list) for value in document.values() if "image" in document)
    )
