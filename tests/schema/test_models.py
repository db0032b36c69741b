"""What the models promise: strict, frozen, documented, and one source for everything derived from them."""

import json

import pyarrow as pa
import pytest
from edtf import parse_edtf
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from pydantic import BaseModel, TypeAdapter, ValidationError

from schema import records, reference, rows, vocabulary
from schema.base import Edtf, Model, Span, Term, edtf_bounds, edtf_day, meanings
from schema.derive import RAW_MODELS, arrow_schema, json_schemas, needed_spans
from schema.docs import schema_page
from tests.conftest import VALID

MODELS = [
    value
    for module in (records, reference, rows)
    for value in vars(module).values()
    if isinstance(value, type) and issubclass(value, BaseModel)
]
VOCABULARIES = [v for v in vars(vocabulary).values() if isinstance(v, type) and issubclass(v, Term) and v is not Term]
BUNDLES = sorted((VALID / "articles").glob("*.json"))


@pytest.mark.parametrize("model", MODELS, ids=lambda m: m.__name__)
def test_every_field_is_described_and_every_model_strict(model: type[Model]):
    assert model.__doc__
    assert model.model_config["strict"]
    assert model.model_config["frozen"]
    assert model.model_config["extra"] == "forbid"
    assert [name for name in model.model_fields if not meanings(model).get(name)] == []


@pytest.mark.parametrize("term", VOCABULARIES, ids=lambda v: v.__name__)
def test_every_member_of_a_vocabulary_has_a_meaning(term: type[Term]):
    assert term.__doc__
    assert all(member.meaning and isinstance(member, str) and str(member) == member.value for member in term)


def test_event_codes_are_unambiguous_within_a_type():
    for kind in vocabulary.EventType:
        assert kind.roles and kind.codes
        assert len(set(kind.codes)) == len(kind.codes)
        assert len(set(kind.roles)) == len(kind.roles)


@pytest.mark.parametrize("name", list(json_schemas()))
def test_json_schemas_are_json_schema_2020_12(name: str):
    Draft202012Validator.check_schema(json_schemas()[name])


@pytest.mark.parametrize("path", BUNDLES, ids=lambda p: p.stem)
def test_json_schema_and_model_accept_the_same_bundle(path):
    validator = Draft202012Validator(json_schemas()["bundle.schema.json"])
    bundle = json.loads(path.read_text(encoding="utf-8"))
    assert list(validator.iter_errors(bundle)) == []
    bundle["events"][0]["certainty"] = "sure"
    bundle["article"]["colour"] = "red"
    assert {e.validator for e in validator.iter_errors(bundle)} == {"oneOf", "additionalProperties"}
    with pytest.raises(ValidationError) as caught:
        records.Bundle.model_validate_json(json.dumps(bundle))
    assert {e["type"] for e in caught.value.errors()} == {"enum", "extra_forbidden"}


@pytest.mark.parametrize("table", rows.TABLES, ids=lambda t: t.name)
def test_arrow_schema_follows_the_model(table):
    schema = arrow_schema(table.row)
    assert schema.names == list(table.row.model_fields)
    assert schema.metadata is None
    assert not any(pa.types.is_null(field.type) or pa.types.is_map(field.type) for field in schema)


def test_offsets_are_32_bit_and_days_are_dates():
    assert arrow_schema(Span) == pa.schema({"start": pa.int32(), "end": pa.int32(), "text": pa.string()})
    assert arrow_schema(rows.EventRow).field("when_day").type == pa.date32()


def test_a_type_without_arrow_counterpart_is_refused():
    class Odd(BaseModel):
        value: complex

    with pytest.raises(TypeError, match="no Arrow type"):
        arrow_schema(Odd)


def test_items_that_need_a_span_are_found_in_the_models():
    assert set(needed_spans(rows.DocumentRow)) == {
        "blocks[]", "entities[].mentions[]", "events[].trigger", "events[].markers[].span",
    }  # fmt: skip


def test_schema_page_names_every_field_and_every_term():
    page = schema_page()
    for model in [*RAW_MODELS.values(), *(table.row for table in rows.TABLES)]:
        assert all(f"| `{field.alias or name}` |" in page for name, field in model.model_fields.items())
    for term in VOCABULARIES:
        assert all(f"`{member}`" in page for member in term)


def test_a_record_cannot_be_changed():
    with pytest.raises(ValidationError, match="frozen"):
        Span(start=0, end=1).start = 1


# --- times -------------------------------------------------------------------------------------------------------------------

edtf = TypeAdapter(Edtf)
dates = st.dates().flatmap(lambda day: st.sampled_from([f"{day.year:04}", f"{day.year:04}-{day:%m}", day.isoformat()]))
qualified = st.tuples(dates, st.sampled_from(["", "?", "~", "%"])).map("".join)
intervals = st.tuples(qualified, qualified).map("/".join)
open_intervals = st.sampled_from(["{}/..", "../{}"]).flatmap(lambda form: qualified.map(form.format))
datetimes = st.datetimes().map(lambda moment: moment.replace(microsecond=0).isoformat())


@given(st.one_of(qualified, open_intervals, datetimes))
def test_real_times_are_accepted_and_are_edtf_to_a_library_that_knows_it(value: str):
    edtf.validate_python(value)
    parse_edtf(value)
    first, last = edtf_bounds(value)
    assert first <= last


@given(intervals)
def test_an_interval_is_accepted_if_it_can_run_forwards(value: str):
    parse_edtf(value)
    first, last = edtf_bounds(value)
    if first <= last:
        edtf.validate_python(value)
    else:
        with pytest.raises(ValidationError, match="before it begins"):
            edtf.validate_python(value)


@pytest.mark.parametrize(
    "value",
    ["", "2025-13", "2025-02-29", "2025-2-1", "25-05-01", "2025-05-19T24:00:00", "2025-05-19T00:16", "/", "../..", "2025/2024",
     "2025-05-19 ", "May 2025", "2025-05-19\n", "٢٠٢٥", "2025-05-19/2025-05-18", "2025-00", "2025-05-00",
     "2025-05-19T12:00:00/..", "2025-05-19T12:00:00~"],
)  # fmt: skip
def test_times_that_are_none_are_refused(value: str):
    with pytest.raises(ValidationError):
        edtf.validate_python(value)


@pytest.mark.parametrize(
    ("value", "day"),
    [("2025-05-19", "2025-05-19"), ("2025-05-19T00:16:00", "2025-05-19"), ("2025-05", None), ("2025", None), ("2025-05-19~", None),
     ("2025-05-19/2025-05-20", None), ("2025-12/..", None), (None, None)],
)  # fmt: skip
def test_only_a_known_day_is_a_day(value, day):
    found = edtf_day(value)
    assert (found.isoformat() if found else None) == day
