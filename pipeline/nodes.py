"""A walk over nested Arrow arrays: one function that rebuilds a tree of structs and lists, node by node.

Whatever has to be done to every span, or to every identifier, wherever the models put it, is a visitor for this walk.
"""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

Ints = np.ndarray[Any, np.dtype[np.int64]]


@dataclass(frozen=True)
class Node:
    """All values at one path of a tree."""

    path: str
    """For instance ``events[].markers[].span``; the root is the empty string."""
    array: pa.Array
    """The values, nulls included."""
    rows: Ints
    """For each value the row of the root that it stands in."""
    places: tuple[Ints, ...]
    """For each ``[]`` of the path the position of each value in that list."""

    @property
    def name(self) -> str:
        """The last field name of the path; empty for a list item that is no field."""
        return self.path.rpartition(".")[2]

    @property
    def is_span(self) -> bool:
        """Whether the values are spans: structs with ``start``, ``end`` and ``text``."""
        kind = self.array.type
        return pa.types.is_struct(kind) and all(kind.get_field_index(name) >= 0 for name in ("start", "end", "text"))

    def where(self, index: int) -> tuple[str | int, ...]:
        """The path of one value: keys and positions, ``("events", 3, "markers", 0, "span")``."""
        found: list[str | int] = []
        for part, place in zip_longest(self.path.split("[]"), self.places):
            found += [key for key in part.split(".") if key]
            found += [] if place is None else [int(place[index])]
        return tuple(found)


def rebuild(
    array: pa.Array, visit: Callable[[Node], pa.Array], path: str = "", rows: Ints | None = None, places: tuple[Ints, ...] = ()
) -> pa.Array:
    """The tree with every node replaced by what ``visit`` gives for it, innermost first. Null lists become empty ones.

    ``visit`` gets nodes whose children are done, and gives an array of the same length.
    """
    rows = np.arange(len(array)) if rows is None else rows
    if pa.types.is_list(array.type):
        lengths, offsets = _lengths_and_offsets(array)
        inside = tuple(np.repeat(place, lengths) for place in places)
        position = np.arange(offsets[-1]) - np.repeat(offsets[:-1], lengths)
        items = rebuild(array.flatten(), visit, f"{path}[]", np.repeat(rows, lengths), (*inside, position))
        array = pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), items)
    elif pa.types.is_struct(array.type):
        children = [
            rebuild(child, visit, f"{path}.{field.name}" if path else field.name, rows, places)
            for child, field in zip(array.flatten(), array.type, strict=True)
        ]
        array = struct(dict(zip((field.name for field in array.type), children, strict=True)), array.is_null())
    return visit(Node(path, array, rows, places))


def nodes(array: pa.Array) -> list[Node]:
    """All nodes of a tree, innermost first."""
    found: list[Node] = []

    def collect(node: Node) -> pa.Array:
        found.append(node)
        return node.array

    rebuild(array, collect)
    return found


def struct(children: dict[str, pa.Array], mask: pa.Array) -> pa.Array:
    """A struct array from its children; null where ``mask`` is true."""
    return pa.StructArray.from_arrays(list(children.values()), names=list(children), mask=mask)


def with_children(array: pa.Array, **children: pa.Array) -> pa.Array:
    """A struct array with some children replaced."""
    old = dict(zip((field.name for field in array.type), array.flatten(), strict=True))
    return struct(old | children, array.is_null())


def without_null_items(array: pa.Array, valid: pa.Array) -> pa.Array:
    """A list array without the items for which ``valid`` (one boolean an item) is false."""
    _, offsets = _lengths_and_offsets(array)
    kept = np.concatenate(([0], np.cumsum(valid.to_numpy(zero_copy_only=False))))[offsets]
    return pa.ListArray.from_arrays(pa.array(kept, pa.int32()), array.flatten().filter(valid))


def explode(array: pa.Array) -> tuple[pa.Array, Ints]:
    """The items of a list array, and for each the row that it comes from."""
    lengths, _ = _lengths_and_offsets(array)
    return array.flatten(), np.repeat(np.arange(len(array)), lengths)


def integers(array: pa.Array, null: int = -1) -> Ints:
    """An integer array as numpy int64, with nulls as ``null``."""
    return pc.fill_null(array.cast(pa.int64()), null).to_numpy()  # type: ignore[no-any-return]


def _lengths_and_offsets(array: pa.Array) -> tuple[Ints, Ints]:
    lengths = integers(pc.list_value_length(array), 0)
    return lengths, np.concatenate(([0], np.cumsum(lengths)))
