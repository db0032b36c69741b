"""Counting in Arrow arrays: rows by the values of some columns, each column as numbers."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.nodes import Ints

Value = str | bool | int | None
Key = tuple[Value, ...]


@dataclass(frozen=True)
class Codes:
    """A column of n rows as numbers: for each row which of the distinct values it has."""

    values: Sequence[Value]
    codes: Ints
    """Shape (n,), indices into ``values``."""

    @classmethod
    def of(cls, array: pa.Array) -> "Codes":
        """The codes of an array, or of a table's column; null is a value like others."""
        array = array.combine_chunks() if isinstance(array, pa.ChunkedArray) else array
        encoded = pc.dictionary_encode(array, null_encoding="encode")
        return cls(encoded.dictionary.to_pylist(), encoded.indices.to_numpy().astype(np.int64))

    @classmethod
    def which(cls, array: pa.Array) -> "Codes":
        """The codes of a boolean array without nulls, or of one as numpy has it."""
        return cls((False, True), np.asarray(array).astype(np.int64))

    def take(self, rows: Ints) -> "Codes":
        """The same for some of the rows, or for each of them as often as it is named."""
        return Codes(self.values, self.codes[rows])


def count(*columns: Codes) -> Counter[Key]:
    """Rows by the values of some columns of the same length; what does not occur has no key."""
    combined, size = columns[0].codes, len(columns[0].values)
    for column in columns[1:]:
        combined, size = combined * len(column.values) + column.codes, size * len(column.values)
    if size <= 4 * len(combined):  # counting is faster than sorting, as long as there is not much to count that does not occur
        times = np.bincount(combined)
        found = np.flatnonzero(times)
        times = times[found]
    else:
        found, times = np.unique(combined, return_counts=True)
    keys: list[list[Value]] = []
    for column in reversed(columns):
        found, code = np.divmod(found, max(1, len(column.values)))
        keys.append([column.values[i] for i in code.tolist()])
    return Counter(dict(zip(zip(*reversed(keys), strict=True), times.tolist(), strict=True)))


def distinct(codes: Ints) -> Ints:
    """Some numbers in order, each once. Fast for those that come in order, or in a few runs."""
    codes = np.sort(codes, kind="stable")
    return codes[np.diff(codes, prepend=codes[:1] - 1) > 0]


def items(column: pa.Array) -> int:
    """Items in all lists of an array, or of a table's column."""
    return pc.sum(pc.list_value_length(column)).as_py() or 0
