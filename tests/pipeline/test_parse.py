"""Level 2: which lines are bundles, what Arrow makes of them, and what is said of the others."""

import json
import unicodedata
from collections.abc import Sequence

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline import parse as parsing
from pipeline.files import Files, hidden
from pipeline.findings import Finding, Findings
from pipeline.parse import Line, Parsed, parse
from pipeline.spans import bundles_array, parse_json, with_defaults
from schema.records import Bundle
from tests.conftest import VALID

NAMES = ("articles/a.jsonl", "articles/b.json")
RECORDS = [json.loads(path.read_bytes()) for path in sorted((VALID / "articles").glob("*.json"))]


def compact(record: dict) -> bytes:
    return json.dumps(record, ensure_ascii=False, separators=(",", ":")).encode()


GOOD = [compact(record) for record in RECORDS]


def parsed(*lines: bytes, single: Sequence[int] = ()) -> tuple[Parsed, list[Finding]]:
    """Lines of a shard, those of ``single`` as files of their own."""
    files = Files(VALID, Findings())
    found = parse([Line(int(i in single), None if i in single else i + 1, line) for i, line in enumerate(lines)], NAMES, files)
    assert len(found.root) == len(found.page_text) == len(found.lines)
    return found, files.findings.all


def numbers(found: Parsed) -> list[int | None]:
    return [line.line for line in found.lines]


def test_rows_are_those_of_the_models():
    """White space, order of keys, nulls, pages and $schema are no part of a row."""
    record = RECORDS[1] | {"page_text": "Seite\n“x”", "$schema": "../x.json"}
    loose = json.dumps(record, indent=1).encode()
    back = compact(dict(reversed(record.items())))
    found, findings = parsed(*GOOD, back, loose, single=[len(GOOD) + 1])
    assert findings == []
    models = [Bundle.model_validate_json(line) for line in (*GOOD, back, loose)]
    assert with_defaults(found.root).equals(bundles_array(models))
    assert found.page_text.to_pylist() == [model.page_text for model in models]


def test_no_lines():
    found, findings = parsed()
    assert (len(found.root), findings) == (0, [])
    assert found.root.type == bundles_array([]).type
    assert len(parsed(b"{}")[0].root) == 0


@pytest.mark.parametrize(
    ("bad", "codes"),
    [
        (b"\xff", {"HD102"}),
        (GOOD[0].replace(b"kurier", b"kuri\xe4r", 1), {"HD102"}),
        (GOOD[0] + b"\r", {"HD103"}),
        (b"\xef\xbb\xbf" + GOOD[0], {"HD103"}),
        (GOOD[0] + GOOD[0], {"HD104"}),
        (GOOD[0][:-1], {"HD104"}),
        (b"[" + GOOD[0] + b"]", {"HD204"}),
        (b"null", {"HD204"}),
        (b"{}", {"HD202"}),
        (GOOD[0].replace(b'"language"', b'"language":"de-DE","language"'), {"HD110"}),
        (GOOD[0].replace(b'"DE"', b'"D\\u202e"'), {"HD111"}),
        (GOOD[0].replace(b'"DE"', b"NaN"), {"HD104"}),
        (GOOD[0].replace(b'"characters":', b'"characters":1e'), {"HD204"}),
        (GOOD[0].replace(b'"private":', b'"x":'), {"HD201"}),
        (b"[" * 100_000, {"HD104"}),
        (b'{"a":' * 100_000 + b"1" + b"}" * 100_000, {"HD104"}),
    ],
    ids=lambda value: str(value)[:30] if isinstance(value, bytes) else min(value),
)  # fmt: skip
@pytest.mark.parametrize("single", [False, True], ids=["line", "file"])
def test_a_bad_document_is_named_and_no_other(bad: bytes, codes: set[str], single: bool):
    if b'"private"' not in GOOD[0] and codes == {"HD201"}:
        bad = GOOD[0].replace(b'{"article":', b'{"x":1,"article":')
    found, findings = parsed(GOOD[0], GOOD[1], bad, GOOD[2], single=[2] if single else [])
    assert numbers(found) == [1, 2, 4]
    assert {finding.code for finding in findings} == codes
    assert {(finding.file, finding.document) for finding in findings} == {(NAMES[1], None) if single else (NAMES[0], 3)}
    assert with_defaults(found.root).equals(bundles_array([Bundle.model_validate_json(line) for line in GOOD[:3]]))


def test_rows_that_even_out():
    """Two documents in one line do not pass for one because another gives none, or two give one together."""
    half = len(GOOD[1]) - len(GOOD[1].partition(b',"events"')[2]) - len(b',"events"')
    for others in ([b"  "], [GOOD[1][:half], GOOD[1][half:]]):
        lines = [GOOD[0] + GOOD[2], *others, GOOD[3]]
        found, findings = parsed(*lines, single=[1] if len(others) == 1 else [])
        assert numbers(found) == [len(lines)]
        assert len({(finding.file, finding.document) for finding in findings}) == len(lines) - 1


def test_findings_come_in_the_order_of_the_lines():
    """Whether a line was looked at first or because the screen could not vouch for it."""
    empty = b"{}"
    found, findings = parsed(empty, b"\r", empty, b'{"x":"\xe2\x80\xae"}', empty, b"\r", single=[5])
    assert numbers(found) == []
    own = [finding.document for finding in findings]
    assert own[-1] is None
    assert own[:-1] == sorted(own[:-1])


def test_arrow_is_given_no_null_for_an_object(monkeypatch: pytest.MonkeyPatch):
    """It would die of it, and the worker with it."""
    seen: list[bytes] = []
    real = parsing.parse_json
    monkeypatch.setattr(parsing, "parse_json", lambda data, *others: seen.append(data) or real(data, *others))
    nulls = [
        b"null",
        b" null",
        b"null{}",
        b"{}null",
        b"{}null{}",
        b"{} \t null {}",
        GOOD[1] + b"null" + GOOD[2],
        b"null" + GOOD[1],
        b"{null}",
    ]
    found, findings = parsed(GOOD[0], *nulls, *nulls, single=[len(nulls) + 1])
    assert numbers(found) == [1]
    assert len({finding.document for finding in findings}) == 2 * len(nulls)
    assert seen
    assert not any(
        line.strip().startswith(b"null") or b"}null" in line or b"}\t" in line for data in seen for line in data.split(b"\n")
    )


def test_identifiers_of_refused_documents_are_noted():
    files = Files(VALID, Findings())
    parse([Line(0, 1, GOOD[0].replace(b'"zones"', b'"zone"')), Line(0, 2, GOOD[1])], NAMES, files)
    assert "absage-kurier" in files.refused[NAMES[0]]
    assert "anruf-abendblatt" not in files.refused[NAMES[0]]


def test_only_odd_lines_are_read_one_by_one(monkeypatch: pytest.MonkeyPatch):
    looked: list[int | None] = []
    real = parsing._valid
    monkeypatch.setattr(parsing, "_valid", lambda line, name, files: looked.append(line.line) or real(line, name, files))
    plain = GOOD[0].replace(b'"absage-kurier"', b'"a"')
    odd = plain.replace(b'"DE"', b'"\\u0044E"')
    assert numbers(parsed(plain, odd, plain)[0]) == [1, 2, 3]
    assert looked == [2]
    looked.clear()
    assert numbers(parsed(plain, odd, plain.replace(b'"DE"', b'"D"'), plain)[0]) == [1, 2, 4]
    assert sorted(looked) == [1, 2, 3, 4]  # type: ignore[type-var]


def test_what_asks_for_no_closer_look_is_canonical():
    """Of every character, and of all of them in a row."""
    plain = [chr(c) for c in range(0x110000) if not 0xD800 <= c < 0xE000]
    odd = pc.match_substring_regex(pa.array(plain), parsing._ODD).to_pylist()
    plain = [char for char, found in zip(plain, odd, strict=True) if not found]
    assert len(plain) > 700
    assert not {char for char in plain if char != "\n" and hidden(char)}
    assert not {char for char in plain if unicodedata.combining(char)}
    assert hidden("".join(plain) + "".join(reversed(plain))) is None


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=8))
def test_any_string_is_read_as_python_reads_it(value: str):
    """In a record, raw and escaped."""
    for line in (
        compact(RECORDS[3] | {"$schema": value}) if value.isascii() else b"",
        json.dumps(RECORDS[3] | {"page_text": value}).encode(),
    ):
        if line:
            files = Files(VALID, Findings())
            found = parse([Line(0, 1, line)], NAMES, files)
            try:
                sound = files.document(NAMES[0], line, 1) is not None
                model = Bundle.model_validate_json(line) if sound else None
            except ValueError:
                model = None
            assert [None if model is None else model.page_text] == (found.page_text.to_pylist() or [None])


# --- what is relied on of pyarrow.json -------------------------------------------------------------------------------------------

SCHEMA = pa.schema({
    "s": pa.string(), "i": pa.int32(), "l": pa.int64(), "b": pa.bool_(), "many": pa.list_(pa.string()),
    "o": pa.struct({"s": pa.string(), "many": pa.list_(pa.struct({"i": pa.int32()}))}),
})  # fmt: skip


def arrow(*lines: str | bytes) -> list[dict]:
    data = b"\n".join(line.encode() if isinstance(line, str) else line for line in lines)
    return parse_json(data, len(lines), SCHEMA).to_pylist()


@pytest.mark.parametrize(
    "line",
    [
        '{"s":"a","s":"a"}', '{"s":null,"s":"a"}', '{"s":"a","s":null}', '{"o":{"s":"a","s":"b"}}',
        '{"o":{"many":[{"i":1,"i":1}]}}', '{"i":1,"i":null}',
        '{"x":1}', '{"x":null}', '{"o":{"x":null}}', '{"":1}', '{"S":"a"}', '{"o":{"many":[{"i":1},{"j":1}]}}',
        '{"i":1.0}', '{"i":1.5}', '{"i":1e2}', '{"i":1E0}', '{"l":1.0}', '{"i":true}', '{"i":"1"}', '{"i":NaN}',
        '{"i":Infinity}', '{"i":01}', '{"i":+1}',
        '{"i":2147483648}', '{"i":-2147483649}', '{"l":9223372036854775808}', '{"i":' + "9" * 5000 + "}",
        '{"s":1}', '{"s":true}', '{"s":[]}', '{"s":{}}', '{"s":NaN}', '{"b":1}', '{"b":"true"}', '{"b":NaN}',
        '{"many":"a"}', '{"many":{}}', '{"many":[1]}', '{"many":[["a"]]}', '{"o":[]}', '{"o":"a"}', '{"o":{"many":{"i":1}}}',
        '{"s":"a",}', '{"many":["a",]}', "{'s':'a'}", '{"s":"a"}//', '{"s":/**/"a"}', "{s:1}", '{"s":"a"',
        '{"s":"a"}}', '{"s" "a"}', '{"s":"\t"}', '{"s":"\0"}',
        '{"s":"a"}{"s":"b"}', '{"s":"a"} {"s":"b"}', "[]", "1", '"a"', "[{}]", "", '{"s":"\\x41"}', '{"s":"\\u12"}',
        '{"s":"\\ud800"}', "nul",
        '{"many":' + "[" * 100_000, '{"x":' + '{"x":' * 100_000,
    ],
    ids=lambda line: line[:30].encode("unicode_escape").decode(),
)  # fmt: skip
def test_arrow_refuses(line: str):
    for lines in ([line], ['{"s":"a"}', line, '{"s":"b"}']):
        with pytest.raises(pa.ArrowException):
            arrow(*lines)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("{}", {}),
        ('{"s":null,"i":null,"b":null,"many":null,"o":null}', {}),
        ('{"o":{"s":null,"many":[null,{"i":null},{}]}}', {"o": {"s": None, "many": [None, {"i": None}, {"i": None}]}}),
        ('{"many":[null,"a",null],"o":{}}', {"many": [None, "a", None], "o": {"s": None, "many": None}}),
        ('{"i":2147483647,"l":-9223372036854775808}', {"i": 2**31 - 1, "l": -(2**63)}),
        ('{"i":-0}', {"i": 0}),
        ('\t{ "b" :\r true , "i": 0 }  ', {"b": True, "i": 0}),
        (r'{"s":"\"\\\/\b\f\n\r\t\u00e4\ud83d\ude00\u0000"}', {"s": '"\\/\b\f\n\r\tä😀\0'}),
        (r'{"\u0073":"a"}', {"s": "a"}),
        ('{"s":"ä😀\u2028"}', {"s": "ä😀\u2028"}),
        ('{"s":"2031-01-01T00:00:00"}', {"s": "2031-01-01T00:00:00"}),
        ('{"s":"' + "x" * 100_000 + '"}', {"s": "x" * 100_000}),
    ],
    ids=lambda value: value[:30].encode("unicode_escape").decode() if isinstance(value, str) else "",
)
def test_arrow_reads(line: str, expected: dict):
    empty = dict.fromkeys(SCHEMA.names)
    assert arrow(line) == [empty | expected]
    assert arrow("{}", line, "{}") == [empty, empty | expected, empty]


def test_arrow_counts_rows_and_not_lines():
    """So that they are compared."""
    assert parse_json(b'{"s":"a"}{"s":"b"}', 2, SCHEMA).to_pylist() == parse_json(b'{"s":"a"}\n{"s":"b"}', 2, SCHEMA).to_pylist()
    assert len(parse_json(b'{"s":\n"a"}', 1, SCHEMA)) == 1
    with pytest.raises(pa.ArrowInvalid, match="1 lines are 2 objects"):
        parse_json(b'{"s":"a"}{"s":"b"}', 1, SCHEMA)


def test_arrow_skips_a_byte_order_mark():
    """So that a line with one is read without Arrow (HD103)."""
    assert arrow("\ufeff{}") == arrow("{}")


def test_arrow_does_not_look_at_utf_8():
    """So that we do."""
    array = parse_json(b'{"s":"\xff"}', 1, SCHEMA)
    with pytest.raises(pa.ArrowInvalid):
        array.validate(full=True)


def test_arrow_takes_a_document_of_any_size():
    line = json.dumps({"many": ["x" * 1000] * 20_000})
    assert len(arrow("{}", line, "{}")) == 3
