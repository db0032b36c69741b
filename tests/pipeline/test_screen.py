"""What the screen lets pass, Pydantic accepts; what it cannot tell of a model, it says when it is made."""

import json
from typing import Annotated, Any

import pyarrow as pa
import pytest
from pydantic import AfterValidator, BaseModel, Field, TypeAdapter, field_validator, model_validator

from pipeline import screen as screening
from pipeline.screen import Place, screen
from pipeline.spans import parse_json
from schema.base import Edtf, Model
from schema.derive import arrow_schema
from schema.records import Bundle
from schema.vocabulary import Term
from tests.screen import tried


@pytest.mark.slow
def test_a_few_hundred_mutants():
    """``make screen`` does a hundred thousand."""
    counts = tried(300, 0)
    assert counts["passed by the screen"] > 40
    assert counts["parsed by Arrow and invalid, not passed by the screen"] > 40
    assert counts["refused by Arrow"] > 40
    assert counts["asks for a closer look"] > 40
    assert counts["units with one fault that columns tell"]


# --- models ----------------------------------------------------------------------------------------------------------------------


class Colour(Term):
    red = "red", "like a tomato"
    green = "green", "like a cucumber"


class Leaf(Model):
    needed: str | None
    word: Annotated[str, Field(min_length=1, max_length=3, pattern="^[a-z]+$")] = "abc"
    colour: Colour = Colour.red


class Twig(Model):
    name: Annotated[str, Field(max_length=3)]


class Tree(Model):
    number: Annotated[int, Field(ge=2, lt=5)]
    leaves: Annotated[tuple[Leaf, ...], Field(min_length=1, max_length=2)]
    twig: Twig | None = None
    few: Annotated[tuple[bool, ...], Field(max_length=2)] | None = None
    days: tuple[Edtf, ...] = ()
    flag: bool | None = None


def accepted(*documents: str, model: type[BaseModel] = Tree) -> bool:
    """Whether the screen lets documents pass that Arrow can parse; where it does, Pydantic must accept each."""
    data = "\n".join(documents).encode()
    own = screen(model)
    passed = own.accepts(parse_json(data, len(documents), arrow_schema(model)), data)
    assert own.doubtful is not None
    passed = passed and not pa.compute.match_substring_regex(pa.scalar(data.decode()), own.doubtful).as_py()
    if passed:
        for document in documents:
            model.model_validate_json(document)
    return passed


GOOD = '{"number":2,"leaves":[{"needed":null}]}'


@pytest.mark.parametrize(
    "document",
    [
        GOOD,
        '{"number":4,"leaves":[{"needed":"","word":"a","colour":"green"},{"needed":"x"}],"twig":{"name":"a"},"days":["2031"]}',
        '{"number":3,"leaves":[{"needed":null}],"twig":null,"few":[true,false],"days":[],"flag":null}',
        '{"flag":true,"leaves":[{"colour":"red","needed":null}],"number":3}',
    ],
)  # fmt: skip
def test_what_is_valid_passes(document: str):
    assert accepted(document)
    assert accepted(GOOD, document, GOOD)


@pytest.mark.parametrize(
    "document",
    [
        '{"leaves":[{"needed":null}]}',
        '{"number":null,"leaves":[{"needed":null}]}',
        '{"number":1,"leaves":[{"needed":null}]}',
        '{"number":5,"leaves":[{"needed":null}]}',
        '{"number":2,"leaves":[]}',
        '{"number":2}',
        '{"number":2,"leaves":[{"needed":null},{"needed":null},{"needed":null}]}',
        '{"number":2,"leaves":[null]}',
        '{"number":2,"leaves":[{}]}',
        '{"number":2,"leaves":[{"needed":null}],"twig":{}}',
        '{"number":2,"leaves":[{"needed":null}],"twig":{"name":"abcd"}}',
        '{"number":2,"leaves":[{"needed":null,"word":""}]}',
        '{"number":2,"leaves":[{"needed":null,"word":"a1"}]}',
        '{"number":2,"leaves":[{"needed":null,"word":"a\\n"}]}',
        '{"number":2,"leaves":[{"needed":null,"word":null}]}',
        '{"number":2,"leaves":[{"needed":null,"word" : null}]}',
        '{"number":2,"leaves":[{"needed":null,"colour":"blue"}]}',
        '{"number":2,"leaves":[{"needed":null,"colour":null}]}',
        '{"number":2,"leaves":[{"needed":null}],"few":[true,true,true]}',
        '{"number":2,"leaves":[{"needed":null}],"days":null}',
        '{"number":2,"leaves":[{"needed":null}],"days":[null]}',
        '{"number":2,"leaves":[{"needed":null}],"days":["2031-02-30"]}',
        '{"number":2,"leaves":[{"needed":null}],"days":["2031","2031-13"]}',
    ],
)
def test_what_is_invalid_does_not_pass(document: str):
    with pytest.raises(ValueError, match="validation error"):
        Tree.model_validate_json(document)
    assert not accepted(document)
    assert not accepted(GOOD, document, GOOD)


def test_a_missing_key_is_not_made_up_for_by_another_line():
    """A key that must be given is counted: one object without it, and no other can have it twice."""
    assert not accepted('{"number":2,"leaves":[{}]}', '{"number":2,"leaves":[{"needed":"\\"needed\\":"}]}')


def test_a_screen_asks_of_each_string_once_and_of_a_plain_one_its_length(monkeypatch: pytest.MonkeyPatch):
    asked: list[str] = []
    real = TypeAdapter.validate_strings
    monkeypatch.setattr(TypeAdapter, "validate_strings", lambda self, value: asked.append(value) or real(self, value))
    screen.cache_clear()
    line = '{"number":2,"twig":{"name":"äöü"},"leaves":[{"needed":"x","word":"w"}]}'
    assert accepted(line, line, line) and accepted(line)
    assert asked == ["w"]
    assert not accepted(line, line.replace("äöü", "abcd"))


def test_what_is_remembered_is_bounded(monkeypatch: pytest.MonkeyPatch):
    """A page is remembered nowhere, and of short strings only so many."""
    monkeypatch.setattr(screening, "_KNOWN", 10)
    place = Place("word", required=True, adapter=TypeAdapter(str))
    for i in range(100):
        assert place.accepts(pa.array([f"{i}", f"{i}" * 1000]))
    assert 0 < len(place.valid) <= 10
    assert max(map(len, place.valid)) < 10


class Validated(Model):
    word: str

    @field_validator("word")
    @classmethod
    def check(cls, value: str) -> str:
        return value


class Whole(Model):
    word: str

    @model_validator(mode="after")
    def check(self) -> "Whole":
        return self


class Optional(Model):
    words: tuple[str | None, ...]


class Inner(Model):
    same: str


class Twice(Model):
    same: str | None
    inner: Inner


class Even(Model):
    number: Annotated[int, Field(multiple_of=2)]


class Real(Model):
    number: float


class Mapping(Model):
    found: dict[str, str]


class Either(Model):
    found: str | int


class Pair(Model):
    pair: tuple[str, str]


class Checked(Model):
    inner: Annotated[Inner, AfterValidator(lambda value: value)]


class Agreed(Model):
    flag: Annotated[bool, AfterValidator(lambda value: value)] | None = None


class Sorted(Model):
    words: Annotated[tuple[str, ...], AfterValidator(lambda value: value)] | None = None


class Holder(Model):
    inner: tuple[Validated, ...]


@pytest.mark.parametrize(
    ("model", "why"),
    [
        (Validated, "has validators"), (Whole, "has validators"), (Holder, "has validators"),
        (Optional, "may be null"), (Twice, "several fields"),
        (Even, "more is asked than bounds"), (Real, "does not know"), (Mapping, "does not know"), (Either, "one type or another"),
        (Pair, "more is asked"), (Checked, "more is asked"), (Agreed, "more is asked"), (Sorted, "more is asked"),
    ],
)  # fmt: skip
def test_a_model_that_asks_for_more_is_no_model_for_a_screen(model: type[BaseModel], why: str):
    with pytest.raises(TypeError, match=why):
        screen(model)


def test_the_screen_of_bundles():
    own = screen(Bundle)
    assert own.given == {"kb_id": ("entities",)}
    assert own.doubtful is not None
    optional: Any = json.dumps({"usage": None})
    assert pa.compute.match_substring_regex(pa.scalar(optional), own.doubtful).as_py()
    assert not pa.compute.match_substring_regex(pa.scalar('"kb_id": null'), own.doubtful).as_py()
