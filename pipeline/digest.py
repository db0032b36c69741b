r"""The logical digest of a table: a SHA-256 over its values, whatever wrote its bytes.

It depends on names, types, values and their order, and on nothing else: not on the version of a Parquet writer, on row groups, batches
or shards, nor on metadata. The tree of columns is walked in the order of the schema; each node feeds two streams of its own:

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
from collections.abc import Iterable
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
            self._add(path, "list", _bytes(pc.fill_null(pc.list_value_length(array), -1), "<i4"))
            self._feed(f"{path}[]", array.flatten())
        elif pa.types.is_struct(kind):
            self._add(path, "struct", _bytes(array.is_valid(), "u1"))
            for field, child in zip(kind, array.flatten(), strict=True):
                self._feed(f"{path}.{field.name}", child)
        elif pa.types.is_string(kind):
            lengths = pc.fill_null(pc.binary_length(array), -1)
            self._add(path, "string", _bytes(lengths, "<i4"), "".join(array.drop_null().to_pylist()).encode())
        elif kind in _FIXED:
            name, width = _FIXED[kind]
            plain = array.cast(pa.int32()) if pa.types.is_date(kind) else array
            zero = pa.scalar(0).cast(plain.type)
            self._add(path, name, _bytes(array.is_valid(), "u1"), _bytes(pc.fill_null(plain, zero), width))
        else:
            raise TypeError(f"{path}: {kind} has no place in a release")

    def _add(self, path: str, kind: str, shape: bytes, values: bytes = b"") -> None:
        known, own_shape, own_values = self._nodes.setdefault(path, (kind, hashlib.sha256(), hashlib.sha256()))
        if known != kind:
            raise ValueError(f"{path} is {kind} here and {known} before")
        own_shape.update(shape)
        own_values.update(values)


def digest(table: pa.Table) -> str:
    r"""The logical digest of a whole table."""
    return Digest(table.schema).update(table.to_batches()).hexdigest()


def _bytes(array: pa.Array, width: str) -> bytes:
    return np.asarray(array.to_numpy(zero_copy_only=False)).astype(width).tobytes()
