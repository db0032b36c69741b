"""Pages as arrays say of every character and every span what Python's own strings say."""

import sys

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from pipeline.nodes import nodes
from pipeline.texts import ALNUM, DIGIT, HYPHEN, HYPHENS, MASK, SPACE, Texts, kinds

texts = st.none() | st.text(st.characters(exclude_categories=["Cs"]), max_size=30) | st.text("aä\u0301€😀\x00 ", max_size=60)
spans = st.lists(st.tuples(st.integers(0, 5), st.integers(-1, 70), st.integers(0, 70)), max_size=30)


@given(st.lists(texts, min_size=1, max_size=6), spans)
def test_slices_are_those_of_python(pages: list[str | None], wanted: list[tuple[int, int, int]]):
    wanted = [(row % len(pages), start, end) for row, start, end in wanted]
    rows, start, end = (np.array(column, dtype=np.int64) for column in (zip(*wanted, strict=True) if wanted else ([], [], [])))
    expected = [None if pages[r] is None or s < 0 else pages[r][s:e] for r, s, e in wanted]
    found = Texts.of(pages).slices(rows, start, end)
    found.validate(full=True)
    assert found.type == pa.string()
    assert found.to_pylist() == expected


@given(st.lists(texts, min_size=1, max_size=6))
def test_a_place_is_a_character_of_its_row(pages: list[str | None]):
    made = Texts.of(pages)
    for row, page in enumerate(pages):
        place = made.first[row] + np.arange(made.length[row])
        assert [chr(point) for point in made.points(place)] == list(page or "")
        assert (made.row(place) == row).all()
        assert made.known[row] == (page is not None)
        assert (made.points(place - 1)[:1] == 0).all()  # no neighbour is of another page
        assert (made.points(place + 1)[-1:] == 0).all()


@given(st.lists(texts | st.text("a7٣𝟘９ä", max_size=9), min_size=1, max_size=6))
def test_digits_and_bytes_are_those_of_python(pages: list[str | None]):
    made = Texts.of(pages)
    rows = made.row(made.digits)
    found = list(zip(rows.tolist(), (made.digits - made.first[rows]).tolist(), strict=True))
    assert found == [(row, i) for row, page in enumerate(pages) for i, char in enumerate(page or "") if char.isdecimal()]
    assert [None if page is None else bytes(page).decode() for page in made.utf8()] == pages
    assert list(made.between(made.first, made.first + made.length)) == [page or "" for page in pages]
    assert [made.page(row) for row in range(len(pages))] == pages


@given(st.lists(texts, min_size=1, max_size=6), spans)
def test_masked_is_what_any_span_holds(pages: list[str | None], wanted: list[tuple[int, int, int]]):
    wanted = [(row % len(pages), max(0, start), end) for row, start, end in wanted]
    rows, start, end = (np.array(column, dtype=np.int64) for column in (zip(*wanted, strict=True) if wanted else ([], [], [])))
    found = Texts.of(pages).masked(rows, start, end)
    hidden = {(row, i) for row, start, end in wanted for i in range(start, end)}
    assert found.array.to_pylist() == [
        page and "".join(MASK if (row, i) in hidden else char for i, char in enumerate(page)) for row, page in enumerate(pages)
    ]
    assert (found.length == Texts.of(pages).length).all()


def test_the_kinds_of_all_characters_are_those_that_strings_know():
    table = kinds()
    for point in range(sys.maxunicode + 1):
        char = chr(point)
        said = SPACE * char.isspace() | ALNUM * char.isalnum() | DIGIT * char.isdecimal() | HYPHEN * (char in HYPHENS)
        assert table[point] == said, hex(point)


def test_masking_keeps_every_offset():
    made = Texts.of(["Ruf 030 1, 040 2 an", None, "😀a"])
    rows, start, end = (np.array(column) for column in ([0, 0, 2], [4, 11, 0], [9, 16, 1]))
    assert made.masked(rows, start, end).array.to_pylist() == ["Ruf █████, █████ an", None, "█a"]
    assert made.take(np.array([2, 1])).array.to_pylist() == ["😀a", None]
    assert (made.slice(0, 4, 9), made.slice(1, 0, 1)) == ("030 1", None)


def test_null_lists_have_no_nodes_and_null_structs_null_ones():
    kind = pa.struct({"a": pa.list_(pa.int64()), "b": pa.struct({"c": pa.list_(pa.struct({"d": pa.int64()}))})})
    array = pa.array(
        [None, {"a": None, "b": None}, {"a": [1, 2], "b": {"c": [{"d": 3}, None]}}, {"a": [4], "b": {"c": None}}], kind
    )
    found = {node.path: node for node in nodes(array)}
    assert list(found) == ["a[]", "a", "b.c[].d", "b.c[]", "b.c", "b", ""]
    assert found["a[]"].array.to_pylist() == [1, 2, 4]
    assert found["a[]"].rows.tolist() == [2, 2, 3]
    assert [found["a[]"].where(i) for i in range(3)] == [("a", 0), ("a", 1), ("a", 0)]
    assert found["b.c[].d"].array.to_pylist() == [3, None]
    assert found["b"].array.null_count == 2
