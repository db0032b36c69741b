"""A walk over nested Arrow arrays: one function lists the nodes of a tree of structs and lists, another changes some of them.

Whatever has to be said of every span, or of every identifier, wherever the models put it, is a query over these nodes; whatever has
to be done to them is done by path.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import zip_longest
from typing import Any, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

Ints = np.ndarray[Any, np.dtype[np.int64]]
Bools = np.ndarray[Any, np.dtype[np.bool_]]
Change: TypeAlias = "pa.Array | Callable[[pa.Array], pa.Array]"
"""What a node becomes, as long as it was."""


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

    @cached_property
    def is_span(self) -> bool:
        """Whether the values are spans: structs with ``start``, ``end`` and ``text``."""
        kind = self.array.type
        return pa.types.is_struct(kind) and all(kind.get_field_index(name) >= 0 for name in ("start", "end", "text"))

    @cached_property
    def bounds(self) -> tuple[Ints, Ints]:
        """Starts and ends of spans; -1 where there is none."""
        return integers(pc.struct_field(self.array, "start")), integers(pc.struct_field(self.array, "end"))

    def where(self, index: int) -> tuple[str | int, ...]:
        """The path of one value: keys and positions, ``("events", 3, "markers", 0, "span")``."""
        found: list[str | int] = []
        for part, place in zip_longest(self.path.split("[]"), self.places):
            found += [key for key in part.split(".") if key]
            found += [] if place is None else [int(place[index])]
        return tuple(found)


def replaced(array: pa.Array, new: Mapping[str, Change], path: str = "") -> pa.Array:
    """The tree with the nodes of some paths changed, innermost first: to an array, or to what a function makes of the one that stands
    there when all within it is changed. Lists must not be null on the way to them.
    """
    begins = (f"{path}.", f"{path}[]") if path else ""
    inside = {key: change for key, change in new.items() if key.startswith(begins) and key != path}
    if inside and pa.types.is_list(array.type):
        array = pa.ListArray.from_arrays(pa.array(offsets(array), pa.int32()), replaced(array.flatten(), inside, f"{path}[]"))
    elif inside:
        children = zip((field.name for field in array.type), array.flatten(), strict=True)
        changed = {name: replaced(child, inside, f"{path}.{name}" if path else name) for name, child in children}
        array = struct(changed, array.is_null())
    own = new.get(path, array)
    return own(array) if callable(own) else own


def nodes(array: pa.Array, path: str = "", rows: Ints | None = None, places: tuple[Ints, ...] = ()) -> list[Node]:
    """All nodes of a tree, innermost first. Null lists have no items; below a null struct all is null."""
    rows = np.arange(len(array)) if rows is None else rows
    found: list[Node] = []
    if pa.types.is_list(array.type):
        lengths, begins = _lengths_and_offsets(array)
        position = np.arange(begins[-1]) - np.repeat(begins[:-1], lengths)
        inside = (*(np.repeat(place, lengths) for place in places), position)
        found = nodes(array.flatten(), f"{path}[]", np.repeat(rows, lengths), inside)
    elif pa.types.is_struct(array.type):
        for child, field in zip(array.flatten(), array.type, strict=True):
            found += nodes(child, f"{path}.{field.name}" if path else field.name, rows, places)
    found.append(Node(path, array, rows, places))
    return found


def struct(children: dict[str, pa.Array], mask: pa.Array) -> pa.Array:
    """A struct array from its children; null where ``mask`` is true."""
    if not mask.true_count:
        return pa.StructArray.from_arrays(list(children.values()), names=list(children))
    return pa.StructArray.from_arrays(list(children.values()), names=list(children), mask=mask)


def without_items(array: pa.Array, left_out: Bools) -> pa.Array:
    """A list array without null lists, without the items for which ``left_out`` (one boolean an item) is true."""
    if not left_out.any():
        return array
    kept = np.concatenate(([0], np.cumsum(~left_out)))[offsets(array)]
    return pa.ListArray.from_arrays(pa.array(kept, pa.int32()), array.flatten().filter(pa.array(~left_out)))


def explode(array: pa.Array) -> tuple[pa.Array, Ints]:
    """The items of a list array, and for each the row that it comes from."""
    lengths, _ = _lengths_and_offsets(array)
    return array.flatten(), np.repeat(np.arange(len(array)), lengths)


def integers(array: pa.Array, null: int = -1) -> Ints:
    """An integer array as numpy int64, with nulls as ``null``."""
    if array.null_count:
        array = array.fill_null(pa.scalar(null, array.type))
    return array.to_numpy(zero_copy_only=False).astype(np.int64)  # type: ignore[no-any-return]


def offsets(array: pa.Array) -> Ints:
    """Where the items of each list begin in ``array.flatten()``, and where the last ones end; shape (lists + 1,)."""
    return _lengths_and_offsets(array)[1]


def flags(array: pa.Array) -> Bools:
    """A boolean array as numpy, with nulls as false."""
    array = array.fill_null(False) if array.null_count else array
    return array.to_numpy(zero_copy_only=False)  # type: ignore[no-any-return]


def is_any(array: pa.Array, values: Sequence[str]) -> Bools:
    """Which values of an array are one of some strings."""
    return flags(pc.is_in(array, pa.array(values, pa.string())))


def _lengths_and_offsets(array: pa.Array) -> tuple[Ints, Ints]:
    """How many items each list has, and where they begin in ``array.flatten()``."""
    if array.null_count:
        lengths = integers(pc.list_value_length(array), 0)
        return lengths, np.concatenate(([0], np.cumsum(lengths)))
    starts = array.offsets.to_numpy().astype(np.int64)
    return np.diff(starts), starts - starts[0] if len(starts) else np.zeros(1, dtype=np.int64)
