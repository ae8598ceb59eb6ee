"""Readers of index files: JSON, JSON lines, CSV, TSV and parquet, also with gzip.

Text is UTF-8, UTF-16 or UTF-32.
"""

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
    return next((suffix for suffix in INDEX_SUFFIXES if lower.endswith(suffix)), None)


def open_index(path: Path) -> IO[bytes]:
    """Opens an index for reading; gzip is decompressed.

    Raises:
        UserError: If the file cannot be read or is larger than ``MAX_INDEX_BYTES``.
    """
    try:
        size = path.stat().st_size
        if size > MAX_INDEX_BYTES:
            raise UserError(f"{path}: {size:,} bytes; an index has at most {MAX_INDEX_BYTES:,}.")
        handle = path.open("rb")
    except OSError as error:
        raise UserError(f"{path}: cannot be read ({error.strerror}).") from None
    packed = handle.read(2) == b"\x1f\x8b"
    handle.seek(0)
    return cast("IO[bytes]", gzip.open(handle)) if packed else handle


def encoding_of(head: bytes) -> str:
    """Returns the encoding of a text from its first bytes.

    A byte order mark decides; without a mark, zero bytes mean UTF-16, else it is UTF-8.
    """
    for mark, name in _MARKS:
        if head.startswith(mark):
            return name
    if len(head) >= 4 and head[1] == 0 and head[3] == 0:
        return "utf-16-le"
    if len(head) >= 4 and head[0] == 0 and head[2] == 0:
        return "utf-16-be"
    return "utf-8"


def read_document(path: Path) -> Any:
    """Returns the parsed JSON of an index; ``NaN`` and ``Infinity`` become null.

    Raises:
        UserError: If the file cannot be read, is not JSON, or is larger than 8 GiB.
    """
    with open_index(path) as handle:
        return parse_document(str(path), handle)


def parse_document(source: str, handle: IO[bytes]) -> Any:
    """Returns the parsed JSON of an open index; JSON lines are read as a list.

    Raises:
        UserError: If the content is not JSON.
    """
    try:
        data = handle.read()
        return _parse(data, encoding_of(data))
    except (OSError, EOFError, zlib.error) as error:
        raise UserError(f"{source}: cannot be read ({error}).") from None
    except (ValueError, RecursionError) as error:
        if _is_lines(data):
            return list(parse_lines(source, io.BytesIO(data)))
        raise UserError(f"{source}: not valid JSON ({error}).{_pointer(data)}") from None


def _is_lines(data: bytes) -> bool:
    """Returns whether a file that is not JSON is JSON lines: its first line is an object."""
    first, newline, rest = data.lstrip().partition(b"\n")
    try:
        return bool(newline and rest.strip()) and isinstance(_parse(first, "utf-8"), dict)
    except (ValueError, RecursionError):
        return False


def read_lines(path: Path) -> Iterator[Mapping[str, Any]]:
    """Yields the records of a JSON-lines file.

    Raises:
        UserError: If a line is not a JSON object. The message has the line number.
    """
    with open_index(path) as handle:
        yield from parse_lines(str(path), handle)


def parse_lines(source: str, handle: IO[bytes]) -> Iterator[Mapping[str, Any]]:
    """Yields the records of open JSON lines.

    Raises:
        UserError: If a line is not a JSON object. The message has the line number.
    """
    number = 0
    try:
        start = handle.read(4)
        handle.seek(0)
        encoding = encoding_of(start)
        wide = encoding.startswith(("utf-16", "utf-32"))
        lines = _lines16(handle, encoding) if wide else iter(handle)
        for number, line in enumerate(lines, start=1):
            if number == 1 and line.lstrip(codecs.BOM_UTF8 + b" ").startswith(b"["):
                yield from _array(source, line + b"".join(lines))
            elif line.strip():
                yield _record(source, number, line)
    except (OSError, EOFError, zlib.error, UnicodeDecodeError) as error:
        raise UserError(f"{source}, after line {number}: cannot be read ({error}).") from None


def _array(source: str, data: bytes) -> Iterator[Mapping[str, Any]]:
    """Yields the records of a JSON array in a file with a JSON lines suffix."""
    for number, record in enumerate(parse_document(source, io.BytesIO(data)), start=1):
        if not isinstance(record, dict):
            raise UserError(f"{source}, record {number}: expected a JSON object.")
        yield record


def _lines16(data: IO[bytes], encoding: str) -> Iterator[bytes]:
    """Yields the lines of UTF-16 or UTF-32 text as UTF-8."""
    for line in io.TextIOWrapper(data, encoding=encoding, newline="\n"):
        yield line.encode()


def _record(source: str, number: int, line: bytes) -> Mapping[str, Any]:
    try:
        record = _parse(line, "utf-8-sig")
    except (ValueError, RecursionError) as error:
        raise UserError(
            f"{source}, line {number}: not valid JSON ({error}).{_pointer(line)}"
        ) from None
    if not isinstance(record, dict):
        raise UserError(f"{source}, line {number}: expected a JSON object.")
    return record


def _pointer(data: bytes) -> str:
    if data.startswith(b"version https://git-lfs"):
        return " It is a Git LFS pointer; run: git lfs pull"
    return ""


def _parse(data: bytes, encoding: str) -> Any:
    """Parses JSON; ``NaN``, which Python's writers use for unknown values, becomes None."""
    text = data.decode("utf-8-sig" if encoding == "utf-8" else encoding)
    return json.loads(text, parse_constant=lambda _: None)


def read_csv(path: Path) -> Iterator[Mapping[str, Any]]:
    """Yields the records of a CSV or TSV file with a header; an empty cell is None.

    Raises:
        UserError: If the file cannot be read.
    """
    with open_index(path) as handle:
        yield from parse_csv(str(path), handle)


def parse_csv(source: str, handle: IO[bytes]) -> Iterator[Mapping[str, Any]]:
    """Yields the records of an open CSV file; an empty cell is None.

    The header decides whether the delimiter is a comma, semicolon, tab or vertical bar.

    Raises:
        UserError: If it is not a CSV file, or two columns have the same name.
    """
    try:
        data = handle.read()
        encoding = encoding_of(data)
        text = data.decode("utf-8-sig" if encoding == "utf-8" else encoding)
        if text.startswith("version https://git-lfs"):
            raise UserError(f"{source}: a Git LFS pointer.", remedy="Run: git lfs pull")
        delimiter, text = _delimiter(text)
        table = csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter)
        names = [name.strip() for name in table.fieldnames or () if name and name.strip()]
        repeated = sorted(name for name, count in Counter(names).items() if count > 1)
        if repeated:
            raise UserError(
                f"{source}: several columns are called '{repeated[0]}'.",
                remedy="Give each column a different name.",
            )
        for record in table:
            yield {name.strip(): value or None for name, value in record.items() if name}
    except (UnicodeDecodeError, csv.Error, OSError, EOFError, zlib.error) as error:
        raise UserError(f"{source}: not a readable CSV file ({error}).") from None


def _delimiter(text: str) -> tuple[str, str]:
    """Returns the delimiter of a CSV text, and the text without a first line ``sep=;`` of Excel."""
    header, _, rest = text.partition("\n")
    if header.lower().startswith("sep=") and len(header.strip()) == len("sep=") + 1:
        return header[4], rest
    counts = [(header.count(mark), -order, mark) for order, mark in enumerate(",;\t|")]
    return max(counts)[2] if max(counts)[0] else ",", text


def read_records(name: str, handle: IO[bytes]) -> Any:
    """Returns the content of an open index: a list of records, or the parsed JSON.

    Raises:
        UserError: If the content cannot be read.
    """
    suffix = index_suffix(name)
    if name.lower().endswith(COMPRESSED):
        handle = cast("IO[bytes]", gzip.open(handle))
    if suffix in (".jsonl", ".ndjson"):
        return list(parse_lines(name, handle))
    if suffix in (".csv", ".tsv"):
        return list(parse_csv(name, handle))
    if suffix == ".parquet":
        return _parquet_records(name, handle)
    return parse_document(name, handle)


def _parquet_records(name: str, handle: IO[bytes]) -> list[Mapping[str, Any]]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        records: list[Mapping[str, Any]] = pq.read_table(io.BytesIO(handle.read())).to_pylist()
    except (pa.ArrowException, OSError) as error:
        raise UserError(f"{name}: not a readable parquet file ({error}).") from None
    return records


def record_list(title: str, document: Any) -> list[Mapping[str, Any]]:
    """Returns the records of a JSON document.

    The document is a list of records, a map of id to record, a map of id to path, columns of
    equal length, or an object with exactly one list of records.

    Raises:
        UserError: If the document has none of these forms.
    """
    if isinstance(document, list) and all(isinstance(record, dict) for record in document):
        return document
    if isinstance(document, dict):
        if document and is_map(document):
            return [{"figure_id": name, "image": image} for name, image in document.items()]
        if document and all(isinstance(record, dict) for record in document.values()):
            return [{"figure_id": name, **record} for name, record in document.items()]
        lists = {
            key: value
            for key, value in document.items()
            if isinstance(value, list) and value and all(isinstance(item, dict) for item in value)
        }
        if len(lists) == 1:
            return next(iter(lists.values()))
        if len(lists) > 1:
            raise UserError(
                f"{title}: several lists of records: {', '.join(list(lists)[:8])}.",
                remedy="Save the list of the figures in a separate file.",
            )
        columns = {key: value for key, value in document.items() if isinstance(value, list)}
        if document and len(columns) == len(document):
            if len({len(value) for value in columns.values()}) == 1:
                return [
                    dict(zip(columns, values, strict=True))
                    for values in zip(*columns.values(), strict=True)
                ]
    raise UserError(
        f"{title}: expected a list of records, a map of id to record, or a map of id to path."
    )


def with_plain_names(record: Mapping[Any, Any]) -> Mapping[str, Any]:
    """Returns a record whose fields have plain names too: ``Image Path`` as ``image_path``."""
    plain = {
        name.strip().lower().replace(" ", "_").replace("-", "_"): name for name in map(str, record)
    }
    if all(name in record for name in plain):
        return record
    return {**{name: record[original] for name, original in plain.items()}, **record}


def is_map(document: Any) -> bool:
    """Returns whether parsed JSON is a map of id to path, or of id to a list of paths."""
    return (
        isinstance(document, dict)
        and bool(document)
        and all(
            isinstance(value, str)
            or (isinstance(value, list) and value and all(isinstance(path, str) for path in value))
            for value in document.values()
        )
        and not any(isinstance(value, list) for value in document.values() if "image" in document)
    )
