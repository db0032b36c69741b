r"""The logical digest of a table: a SHA-256 over its values, whatever wrote its bytes.

It depends on names, types, values and their order, and on nothing else: not on the version of a Parquet writer, on row groups or batches,
nor on metadata. A table that lies in several files has a digest of their digests (``of_shards``), so that one file can be checked alone;
where it is cut follows from the raw files. The tree of columns is walked in the order of the schema; each node feeds two streams of its
own:

    node      shape                                              values
    list      items of each value, int32; a null is -1           –
    struct    one byte a value: 1, or 0 for a null               –
    string    bytes of each value in UTF-8, int32; a null is -1  the bytes
    bool      one byte a value: 1, or 0 for a null               one byte a value
    int, date, double                                            the values; nulls as 0

All numbers are little-endian. A null list has no items, fields of a null struct are null. The digest is the SHA-256 of one line a
node, ``<path> <type> <SHA-256 of shape> <SHA-256 of values>\n``, with paths such as ``events[].trigger.start``.
"""

import hashlib
from collections.abc import Iterable, Sequence
from typing import Any, Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

_FIXED: dict[pa.DataType, tuple[str, str]] = {
    pa.bool_(): ("bool", "u1"), pa.int32(): ("int32", "<i4"), pa.int64(): ("int64", "<i8"), pa.float64(): ("double", "<f8"),
    pa.date32(): ("date32", "<i4"),
}  # fmt: skip
"""Names of the types of one size, and how their values are written."""


class Digest:
    """Takes a table piece by piece; the digest does not depend on where it was cut."""

    def __init__(self, schema: pa.Schema) -> None:
        self._nodes: dict[str, tuple[str, Any, Any]] = {}
        self.memory = 0
        """Bytes that the values take in memory: those of numbers and characters, and 4 for each list and each string; however they are
        cut, and without what Arrow adds to tell nulls."""
        self._names = schema.names
        if len(set(self._names)) < len(self._names):
            raise ValueError("two columns have one name")
        for field in schema:
            self._feed(field.name, pa.array([], field.type))

    def update(self, batches: Iterable[pa.RecordBatch]) -> Self:
        """Take the next rows. Raises TypeError for a type that no table of a release has, ValueError for other columns."""
        for batch in batches:
            if batch.schema.names != self._names:
                raise ValueError(f"columns {', '.join(batch.schema.names)} instead of {', '.join(self._names)}")
            for name, column in zip(batch.schema.names, batch.columns, strict=True):
                self._feed(name, column)
        return self

    def hexdigest(self) -> str:
        """The digest of the rows so far, 64 hexadecimal digits."""
        lines = (f"{path} {kind} {s.hexdigest()} {v.hexdigest()}\n" for path, (kind, s, v) in self._nodes.items())
        return hashlib.sha256("".join(lines).encode()).hexdigest()

    def _feed(self, path: str, array: pa.Array) -> None:
        kind = array.type
        if pa.types.is_list(kind):
            self._add(path, "list", _bytes(_or(pc.list_value_length(array), -1), "<i4"), size=4 * len(array))
            self._feed(f"{path}[]", array.flatten())
        elif pa.types.is_struct(kind):
            self._add(path, "struct", _there(array))
            for field, child in zip(kind, array.flatten(), strict=True):
                self._feed(f"{path}.{field.name}", child)
        elif pa.types.is_string(kind):
            content = _content(array.drop_null() if array.null_count else array)
            lengths = _bytes(_or(pc.binary_length(array), -1), "<i4")
            self._add(path, "string", lengths, content, 4 * len(array) + len(content))
        elif kind in _FIXED:
            name, width = _FIXED[kind]
            plain = array.view(pa.int32()) if pa.types.is_date(kind) else array
            values = _bytes(_or(plain, 0), width)
            self._add(path, name, _there(array), values, len(values))
        else:
            raise TypeError(f"{path}: {kind} has no place in a release")

    def _add(self, path: str, kind: str, shape: bytes | memoryview, values: bytes | memoryview = b"", size: int = 0) -> None:
        self.memory += size
        known, own_shape, own_values = self._nodes.setdefault(path, (kind, hashlib.sha256(), hashlib.sha256()))
        if known != kind:
            raise ValueError(f"{path} is {kind} here and {known} before")
        own_shape.update(shape)
        own_values.update(values)


def _content(strings: pa.StringArray) -> memoryview | bytes:
    """The bytes of strings without nulls, one behind the other."""
    _, offsets, content = strings.buffers()
    if content is None or not len(strings):
        return b""
    ends = np.frombuffer(offsets, np.int32)
    return memoryview(content)[ends[strings.offset] : ends[strings.offset + len(strings)]]


def digest(table: pa.Table) -> str:
    r"""The logical digest of a whole table."""
    return Digest(table.schema).update(table.to_batches()).hexdigest()


def of_shards(digests: Sequence[str]) -> str:
    r"""The logical digest of a table that lies in several files: of one file its own, of several the SHA-256 of one line a file,
    ``<digest>\n``, in their order.
    """
    return digests[0] if len(digests) == 1 else hashlib.sha256("".join(f"{digest}\n" for digest in digests).encode()).hexdigest()


def _or(array: pa.Array, value: int) -> pa.Array:
    """The array with a value in place of nulls."""
    return array.fill_null(pa.scalar(value).cast(array.type)) if array.null_count else array


def _there(array: pa.Array) -> bytes | memoryview:
    """One byte a value: 1, or 0 for a null."""
    return _bytes(array.is_valid(), "u1") if array.null_count else b"\x01" * len(array)


def _bytes(array: pa.Array, width: str) -> bytes | memoryview:
    """Numbers as they are written, little-endian."""
    values: Any = np.ascontiguousarray(array.to_numpy(zero_copy_only=False), width)
    return memoryview(values).cast("B") if len(values) else b""
