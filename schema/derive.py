"""Everything that follows from the models: Arrow types and JSON Schema. Nothing of it is written down a second time."""

import types
from collections.abc import Iterator
from datetime import date
from enum import Enum
from functools import cache
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import pyarrow as pa
from annotated_types import Le
from pydantic import BaseModel, TypeAdapter
from pydantic.fields import FieldInfo

from schema.base import INT32_MAX, Model, Span
from schema.records import Bundle, Pass
from schema.reference import Contact, CorpusMeta, KbEntity, Splits
from schema.rows import TABLES

RAW_MODELS: dict[str, Any] = {
    "bundle": Bundle, "pass": Pass, "contact": Contact, "kb": KbEntity, "corpus": CorpusMeta, "splits": Splits,
}  # fmt: skip
"""Models of the raw files, by the name of their JSON Schema."""


@cache
def arrow_schema(model: type[BaseModel]) -> pa.Schema:
    """Arrow schema of a table whose rows are ``model``: one field for each field of the model, in order, all nullable.
    Fields that are excluded when a model is written (a page given with its bundle) are no columns.

    Strings, enumerations and literals become ``string``, integers bounded by 2³¹-1 ``int32`` (others ``int64``), dates ``date32``,
    tuples ``list``, models ``struct``. Raises TypeError for a type that has no fixed Arrow counterpart.
    """
    return pa.schema(_arrow_fields(model))


def _arrow_fields(model: type[BaseModel]) -> list[pa.Field]:
    return [pa.field(name, _arrow_type(field)) for name, field in model.model_fields.items() if not field.exclude]


def _arrow_type(field: FieldInfo) -> pa.DataType:
    annotation, metadata = unwrap(field.annotation)
    metadata = [*field.metadata, *metadata]
    if get_origin(annotation) is tuple:
        item = get_args(annotation)[0]
        return pa.list_(_arrow_type(FieldInfo.from_annotation(item)))
    if get_origin(annotation) is Literal:
        return pa.string()
    if isinstance(annotation, type):
        if issubclass(annotation, BaseModel):
            return pa.struct(_arrow_fields(annotation))
        if issubclass(annotation, bool):
            return pa.bool_()
        if issubclass(annotation, int):
            return pa.int32() if any(isinstance(m, Le) and m.le == INT32_MAX for m in metadata) else pa.int64()
        if issubclass(annotation, float):
            return pa.float64()
        if issubclass(annotation, str | Enum):
            return pa.string()
        if issubclass(annotation, date):
            return pa.date32()
    raise TypeError(f"no Arrow type for {annotation!r}")


def unwrap(annotation: Any) -> tuple[Any, list[Any]]:
    """An annotation without ``Annotated`` and ``| None``, and the metadata found on the way."""
    metadata: list[Any] = []
    while True:
        if get_origin(annotation) is Annotated:
            annotation, *more = get_args(annotation)
            for part in more:
                metadata += part.metadata if isinstance(part, FieldInfo) else [part]
        elif get_origin(annotation) in (Union, types.UnionType):
            (annotation,) = (a for a in get_args(annotation) if a is not type(None))
        else:
            return annotation, metadata


def needed_spans(model: type[BaseModel], path: str = "") -> Iterator[str]:
    """Paths of list items that cannot do without a span: those that are one, and those with a field that must be one.

    ``entities[].mentions[]`` is one, ``events[]`` needs its trigger. Where the span of such an item falls away, so does the item.
    """
    for name, field in model.model_fields.items():
        annotation, _ = unwrap(field.annotation)
        if get_origin(annotation) is not tuple:
            continue
        item, _ = unwrap(get_args(annotation)[0])
        if isinstance(item, type) and issubclass(item, Model):
            here = f"{path}{name}[]"
            if issubclass(item, Span):
                yield here
            for part, inner in item.model_fields.items():
                if inner.annotation is Span:
                    yield f"{here}.{part}"
            yield from needed_spans(item, f"{here}.")


@cache
def json_schemas() -> dict[str, dict[str, Any]]:
    """JSON Schema (2020-12) of every raw file and of every table's rows, by file name."""
    models = {**RAW_MODELS, **{f"{table.name}-row": table.row for table in TABLES}}
    return {
        f"{name}.schema.json": {
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            **TypeAdapter(model).json_schema(mode="validation" if name in RAW_MODELS else "serialization"),
        }
        for name, model in models.items()
    }
