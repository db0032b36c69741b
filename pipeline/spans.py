"""What stages share about spans: the Arrow form of bundles, which zone holds a span, and the clean text."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import get_args, get_origin

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.json
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from pipeline.nodes import Bools, Ints, Node, offsets, struct
from schema.derive import arrow_schema, unwrap
from schema.records import Bundle

_ROW = np.int64(2**32)  # greater than any offset, so that row * _ROW + offset orders spans by row, then by place


def bundles_array(bundles: Sequence[Bundle]) -> pa.Array:
    """Bundles as one struct array, a row a bundle, in the Arrow types of the model.

    Arrow parses what Pydantic has validated and written again, so that no byte is read by two parsers in two ways.
    """
    return parse_json("\n".join(bundle.model_dump_json() for bundle in bundles).encode(), len(bundles), arrow_schema(Bundle))


def parse_json(lines: bytes, number: int, schema: pa.Schema) -> pa.StructArray:
    """``number`` JSON objects, each in a line, as one struct array with the fields of a schema; what an object leaves out is null.

    Raises ArrowException for what is no JSON, a value of another type, a field that the schema does not have, a key that stands twice,
    and for more or fewer objects. A null that stands for an object ends the process (apache/arrow#47409).
    """
    if not number:
        return pa.array([], pa.struct(schema))
    table = pyarrow.json.read_json(
        pa.BufferReader(lines),
        read_options=pyarrow.json.ReadOptions(use_threads=False, block_size=len(lines) + 1),
        parse_options=pyarrow.json.ParseOptions(explicit_schema=schema, unexpected_field_behavior="error"),
    )
    if table.num_rows != number:
        raise pa.ArrowInvalid(f"{number} lines are {table.num_rows} objects")
    return table.to_struct_array().combine_chunks()


def with_defaults(root: pa.StructArray) -> pa.StructArray:
    """The bundles with every null for which the model has a default replaced by it: empty lists, ``literal``, false."""
    return _with_defaults(root, Bundle)


def _with_defaults(array: pa.StructArray, model: type[BaseModel]) -> pa.StructArray:
    """The same for an array of any model; where there is nothing to replace the array itself."""
    children = {field.name: array.field(i) for i, field in enumerate(array.type)}
    filled = {name: _filled(child, model.model_fields[name]) for name, child in children.items()}
    if all(filled[name] is child for name, child in children.items()):
        return array
    return struct(filled, array.is_null())


def _filled(array: pa.Array, field: FieldInfo) -> pa.Array:
    annotation, _ = unwrap(field.annotation)
    if get_origin(annotation) is tuple:
        item, _ = unwrap(get_args(annotation)[0])
        items = array.flatten()
        filled = _with_defaults(items, item) if issubclass(item, BaseModel) else items
        if filled is items and not array.null_count:
            return array
        return pa.ListArray.from_arrays(pa.array(offsets(array), pa.int32()), filled, type=array.type)
    if issubclass(annotation, BaseModel):
        return _with_defaults(array, annotation)
    default = None if field.is_required() else field.get_default()
    return array if default is None or not array.null_count else pc.fill_null(array, pa.scalar(default, array.type))


@dataclass(frozen=True)
class Spans:
    """The spans of several nodes, those that are null left out, as columns of one length."""

    nodes: Sequence[Node]
    node: Ints
    """Which of the nodes a span is of."""
    index: Ints
    """Which of the node's values it is."""
    rows: Ints
    start: Ints
    end: Ints

    @classmethod
    def of(cls, nodes: Sequence[Node]) -> "Spans":
        """The spans of some nodes, node by node."""
        columns: list[tuple[Ints, ...]] = [(np.zeros(0, np.int64),) * 5]
        for i, node in enumerate(nodes):
            start, end = node.bounds
            index = np.flatnonzero(start >= 0)
            columns.append((np.full(len(index), i), index, node.rows[index], start[index], end[index]))
        return cls(nodes, *(np.concatenate(column) for column in zip(*columns, strict=True)))

    def where(self, holds: Callable[[Node], bool]) -> Bools:
        """Which spans are of a node for which something holds."""
        return np.array([holds(node) for node in self.nodes], dtype=bool)[self.node]


@dataclass(frozen=True)
class Zones:
    """The zones of all rows, in order of row and start."""

    rows: Ints
    start: Ints
    end: Ints

    @classmethod
    def of(cls, node: Node) -> "Zones":
        """The zones that a node holds."""
        return cls(node.rows, *node.bounds)

    def holding(self, rows: Ints, start: Ints, end: Ints) -> Ints:
        """For each span the index of the zone of its row that holds it whole, or -1 (also for null spans, whose start is -1)."""
        if not len(self.rows):
            return np.full(len(rows), -1)
        index = np.searchsorted(self.rows * _ROW + self.start, rows * _ROW + start, side="right") - 1
        inside = (index >= 0) & (start >= 0) & (self.rows[index] == rows) & (end <= self.end[index])
        return np.where(inside, index, -1)


SEPARATOR = "\n\n"
"""Stands between the blocks of a clean text."""
