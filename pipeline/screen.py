r"""What a model accepts, told of many documents at once: lets pass only what is proven to be valid, the rest Pydantic reads one by one.

The documents have been parsed by Arrow under the schema of the model, which proves their structure: every value has the type of its
field, no field is unknown, no key stands twice in an object. What is left of the model is told column by column:

- a *string* is valid if Pydantic says so of that field, and of each different string of the column it is asked once; one of which only
  a length is asked has that length;
- an *integer* has nothing but bounds, so the smallest and the largest of a column speak for all between them;
- a *list* has its least and greatest length, and what must not be null is not;
- a key that is *missing* looks to Arrow like one that is null. Where only one of the two is valid, the bytes decide: a field that must
  be given and may be null is counted as ``"name":``, one that may be left out but not be null is sought as ``"name": null`` (DOUBTFUL).

Nothing is repaired and nothing refused here: a screen that does not accept says only that it cannot tell. ``tests/screen.py`` holds it
against Pydantic with documents that were spoilt at random.
"""

import re
import types
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import Enum
from functools import cache
from typing import Annotated, Any, Union, get_args, get_origin

import annotated_types as at
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError
from pydantic.fields import FieldInfo

from schema.derive import unwrap

_KNOWN, _SHORT = 4_000, 100
"""Strings of one field that are remembered as valid, and the most characters that one of them has: pages are not."""


@dataclass
class Place:
    """A field of a model, or the items of a list, and what is asked of the values there."""

    name: str
    required: bool
    """Whether a null is invalid, wherever the object around it is there."""
    adapter: TypeAdapter[Any] | None = None
    """Pydantic's own validation of one value: strings and integers have one."""
    lengths: tuple[int, int | None] | None = None
    """Least and greatest number of items of a list, or of characters of a string of which nothing else is asked."""
    inner: tuple["Place", ...] = ()
    """Fields of an object, or the one place of a list's items."""
    valid: set[str] = field(default_factory=set)
    """Strings that Pydantic has accepted here."""

    def accepts(self, array: pa.Array) -> bool:
        """Whether every value is proven to be valid; nulls are those of missing or null keys."""
        if array.null_count:
            if self.required:
                return False
            array = array.drop_null()
        if not len(array):
            return True
        kind = array.type
        if pa.types.is_struct(kind):
            return all(place.accepts(array.field(place.name)) for place in self.inner)
        if pa.types.is_list(kind):
            return self._has_lengths(pc.list_value_length(array)) and self.inner[0].accepts(array.flatten())
        if pa.types.is_string(kind) and self.adapter is None:
            return self._has_lengths(pc.utf8_length(array))
        if pa.types.is_string(kind):
            values = pc.unique(array).to_pylist()
            return self.valid.issuperset(values) or all(value in self.valid or self._is_valid(value) for value in values)
        if pa.types.is_integer(kind):
            ends = pc.min_max(array)
            return all(self._is_valid(ends[end].as_py()) for end in ("min", "max"))
        return bool(pa.types.is_boolean(kind))

    def _has_lengths(self, found: pa.Array) -> bool:
        least, most = self.lengths or (0, None)
        ends = pc.min_max(found)
        return bool(ends["min"].as_py() >= least and (most is None or ends["max"].as_py() <= most))

    def _is_valid(self, value: Any) -> bool:
        assert self.adapter is not None
        try:
            if isinstance(value, str):
                self.adapter.validate_strings(value)  # which takes a string for an enumeration, as JSON has it
            else:
                self.adapter.validate_python(value)
        except ValidationError:
            return False
        if isinstance(value, str) and len(value) <= _SHORT:
            if len(self.valid) >= _KNOWN:
                self.valid.clear()
            self.valid.add(value)
        return True


@dataclass(frozen=True)
class Screen:
    """The screen of one model."""

    root: Place
    given: dict[str, tuple[str, ...]]
    """Fields that must be given and may be null: by key, the path of the objects that have it."""
    doubtful: str | None
    """Regular expression (RE2) of keys that may be left out but not be null, with a null; None where there are none."""

    def accepts(self, root: pa.StructArray, data: bytes) -> bool:
        """Whether all documents are valid: ``root`` is what Arrow made of them under the schema of the model, each from one line of
        ``data``, in which ``doubtful`` matches nothing.
        """
        return self.root.accepts(root) and all(
            data.count(b'"%s":' % name.encode()) == _objects(root, path)
            for name, path in self.given.items()
            if _objects(root, (*path, name)) < _objects(root, path)
        )


@cache
def screen(model: type[BaseModel]) -> Screen:
    """The screen of a model, whose documents are objects. Raises TypeError for a model that asks for more than a screen can tell."""
    given: dict[str, tuple[str, ...]] = {}
    doubtful: set[str] = set()
    names: list[str] = []
    root = Place("", required=True, inner=tuple(_fields(model, (), given, doubtful, names)))
    if twice := [name for name in given if names.count(name) > 1]:
        raise TypeError(f"{twice[0]} is the name of several fields, one of which must be given and may be null")
    pattern = f'"(?:{"|".join(sorted(map(re.escape, doubtful)))})"\\s*:\\s*null' if doubtful else None
    return Screen(root, given, pattern)


def _fields(
    model: type[BaseModel], path: tuple[str, ...], given: dict[str, tuple[str, ...]], doubtful: set[str], names: list[str]
) -> Iterator[Place]:
    decorators = model.__pydantic_decorators__
    if decorators.model_validators or decorators.field_validators or decorators.root_validators or decorators.validators:
        raise TypeError(f"{model.__name__} has validators, which only Pydantic can run")
    for name, info in model.model_fields.items():
        key = info.alias or name
        names.append(key)
        annotation, optional = _without_none(info.annotation)
        if optional and info.is_required():
            given[key] = path
        if not optional and not info.is_required():
            doubtful.add(key)
        yield _place(key, annotation, info, info.is_required() and not optional, (*path, key), given, doubtful, names)


def _place(
    key: str, annotation: Any, info: FieldInfo, required: bool, path: tuple[str, ...], given: dict[str, tuple[str, ...]],
    doubtful: set[str], names: list[str],
) -> Place:  # fmt: skip
    if get_origin(annotation) in (Union, types.UnionType):
        raise TypeError(f"{key} is of one type or another")
    kind, more = unwrap(annotation)
    asked = [*info.metadata, *more]
    if get_origin(kind) is tuple:
        item, *rest = get_args(kind)
        inner, optional = _without_none(item)
        if optional:
            raise TypeError(f"{key} is a list of values that may be null")
        if rest != [...] or not _only_lengths(asked):
            raise TypeError(f"{key} is a list of which more is asked than a length")
        one = _place("", inner, FieldInfo.from_annotation(item), True, path, given, doubtful, names)
        return Place(key, required, lengths=_lengths(asked), inner=(one,))
    if kind is str and _only_lengths(asked):
        return Place(key, required, lengths=_lengths(asked))
    if isinstance(kind, type) and (issubclass(kind, BaseModel) or kind is bool):
        if asked:
            raise TypeError(f"{key} is {'a bool' if kind is bool else 'an object'} of which more is asked than its type")
        return Place(key, required, inner=() if kind is bool else tuple(_fields(kind, path, given, doubtful, names)))
    if isinstance(kind, type) and issubclass(kind, str | Enum | int):
        whole = Annotated[annotation, *info.metadata] if info.metadata else annotation
        if issubclass(kind, int) and not all(isinstance(m, at.Ge | at.Le | at.Gt | at.Lt | at.Interval) for m in asked):
            raise TypeError(f"{key} is an integer of which more is asked than bounds")
        adapter: TypeAdapter[Any] = TypeAdapter(whole, config=ConfigDict(strict=True))  # type: ignore[arg-type]
        return Place(key, required, adapter=adapter)
    raise TypeError(f"{key} is of a type that a screen does not know: {annotation!r}")


def _only_lengths(asked: Sequence[Any]) -> bool:
    return all(isinstance(m, at.MinLen | at.MaxLen) for m in asked)


def _lengths(asked: Sequence[Any]) -> tuple[int, int | None]:
    """The least and the greatest length of what is asked for."""
    least = max((m.min_length for m in asked if isinstance(m, at.MinLen)), default=0)
    return least, min((m.max_length for m in asked if isinstance(m, at.MaxLen)), default=None)


def _without_none(annotation: Any) -> tuple[Any, bool]:
    """A type without ``| None``, and whether that was there."""
    if get_origin(annotation) in (Union, types.UnionType):
        kinds = [kind for kind in get_args(annotation) if kind is not type(None)]
        if len(kinds) == 1:
            return kinds[0], len(get_args(annotation)) > 1
    return annotation, False


def _objects(array: pa.Array, path: tuple[str, ...]) -> int:
    """How many objects stand at a path, its lists' items counted one by one."""
    for name in path:
        array = array.drop_null().field(name)
        if pa.types.is_list(array.type):
            array = array.drop_null().flatten()
    return int(len(array) - array.null_count)
