"""Spoils bundles: ``python -m tests.screen --mutants 100000 --seed 1`` holds ``pipeline.screen`` and ``pipeline.parse`` against Pydantic.

Valid bundles – those of the repo and of the benchmarks – are cut short and changed in many ways, as JSON and as
bytes. Units of some fifty of them are parsed; of every line it is demanded that it is accepted if and only if ``Files.document`` and
``Bundle.model_validate_json`` accept it, that each refused line has a finding and no other line has one, and that the row of an accepted
line is the one that its Pydantic object gives. Beside that, each line that Arrow can parse is put before the screen alone: what it lets
pass, Pydantic must accept. A difference prints the seed and the line, and ends the run.
"""

import argparse
import copy
import json
import random
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import cache
from multiprocessing import get_context
from pathlib import Path
from typing import Any, get_args, get_origin

import pyarrow as pa
from pydantic import BaseModel, ValidationError

from benchmarks.generate import Corpus
from pipeline import parse as parsing
from pipeline.files import Files
from pipeline.findings import Findings
from pipeline.parse import Line, parse
from pipeline.screen import screen
from pipeline.spans import bundles_array, with_defaults
from schema import vocabulary
from schema.derive import unwrap
from schema.records import Bundle
from tests.conftest import ROOT, VALID

SHARD, SINGLE = "articles/part.jsonl", "articles/one.json"
NAMES = (SHARD, SINGLE)
LINES = 50
"""Lines of a unit."""
SHARE = 2_000
"""Mutants that are made from one seed."""
SHARES = (50, 50, 50, 50, 25, 10, 3, 1)
"""How many of them are mutants: one is drawn for each unit."""

# --- JSON as it is written -------------------------------------------------------------------------------------------------------


class Members(list[tuple[str, Any]]):
    """An object as its keys and values, in order, so that a key can stand twice."""


class Raw(str):
    """What is written as it is, for instance ``1.0`` or ``NaN``."""

    __slots__ = ()


def tree(value: Any) -> Any:
    """A JSON value with Members for dicts."""
    if isinstance(value, dict):
        return Members((key, tree(inner)) for key, inner in value.items())
    return [tree(item) for item in value] if isinstance(value, list) else value


def text(value: Any, chance: random.Random | None = None) -> str:
    """A tree as JSON: compact, or with white space and escapes where ``chance`` wants them."""
    gap = (lambda: chance.choice(("", "", "", " ", "  ", "\t", "\r"))) if chance else lambda: ""
    if isinstance(value, Raw):
        return value
    if isinstance(value, Members):
        inner = (f"{gap()}{text(key, chance)}{gap()}:{gap()}{text(item, chance)}{gap()}" for key, item in value)
        return f"{{{','.join(inner)}}}"
    if isinstance(value, list):
        return f"[{','.join(gap() + text(item, chance) + gap() for item in value)}]"
    if chance and isinstance(value, str) and chance.random() < 0.1:
        return json.dumps(value).replace("/", "\\/")
    return json.dumps(value, ensure_ascii=False)


# --- where and what --------------------------------------------------------------------------------------------------------------

Slot = tuple[Any, int]
"""A container and the position in it."""


def slots(value: Any, path: str = "") -> Iterator[tuple[str, Slot]]:
    """Every place of a tree with its path, positions of lists left out."""
    if isinstance(value, Members):
        for i, (key, inner) in enumerate(value):
            yield f"{path}.{key}", (value, i)
            yield from slots(inner, f"{path}.{key}")
    elif isinstance(value, list):
        for i, inner in enumerate(value):
            yield f"{path}[]", (value, i)
            yield from slots(inner, f"{path}[]")


def at(slot: Slot) -> Any:
    """The value at a place."""
    container, i = slot
    return container[i][1] if isinstance(container, Members) else container[i]


def put(slot: Slot, value: Any) -> None:
    """Set the value at a place."""
    container, i = slot
    container[i] = (container[i][0], value) if isinstance(container, Members) else value


def keys(model: type[BaseModel], path: str = "") -> Iterator[tuple[str, str]]:
    """Every key that an object may have: the path of the object, and the key."""
    for name, info in model.model_fields.items():
        key = info.alias or name
        yield path, key
        kind, _ = unwrap(info.annotation)
        here = f"{path}.{key}"
        if get_origin(kind) is tuple:
            kind, _ = unwrap(get_args(kind)[0])
            here += "[]"
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            yield from keys(kind, here)


TERMS = [
    term.value
    for kind in vars(vocabulary).values()
    if isinstance(kind, type) and issubclass(kind, vocabulary.Term)
    for term in kind
]
ODD_CHARACTERS = [
    "\0", "\x1f", "\t", "\n", "\r", "\x7f", "\x85", "\xa0", "\xad", "\u0308", "\u0344", "\u037e", "\u0661", "\u0f0b", "\u1fef",
    "\u2000", "\u2001",
    "\u2007", "\u200b", "\u2028", "\u202e", "\u202f", "\u2060", "\u2066", "\u20ac", "\u2126", "\u212b", "\u2329", "\u3000",
    "\ud800", "\udfff", "\uf900",
    "\ufeff", "\uff10", "\uff21", "\uffff", "\U0001f1e9", "\U000e0001", "\U0010ffff", "U\u0308", "e\u0301", "\u1100\u1161", "ſ",
    "K",
]  # fmt: skip
NUMBERS = [
    "0", "-0", "1", "-1", "1.0", "1.5", "1e2", "1E2", "1e-2", "100e-2", "0.0", "-0.0", "1e999", "2147483647", "2147483648",
    "-2147483648", "67108863",
    "67108864", "9223372036854775807", "9223372036854775808", "18446744073709551616", "9" * 40, "9" * 5000, "01", "+1", "1.",
    ".5", "0x10", "NaN", "Infinity",
    "-Infinity", "inf", "nan", "1_000", "- 1", "1 2", "١",
]  # fmt: skip
TIMES = [
    "2031", "2031-13", "2031-02-30", "2032-02-29", "2031-02-29", "2031-03-03~", "2031-03-03T23:59:59", "2031-03-03T24:00:00",
    "2031-03-03T23:59:60", "../..",
    "2031-03/..", "../2031-03", "2031-03-03/2031-03-02", "2031-03/2031-03-02", "0000", "0000-01-01", "0001-01-01", "9999-12-31",
    "2031-3-3", "２031-03-03",
    "2031-03-03\n", "2031-03-03 ", "2031-03-03T10:00:00Z", "2031-00-10", "2031-01-00", "2031-04-31", "2031-03-03%/..",
    "2031/2030", "2031-03-03T10:00:00/..",
]  # fmt: skip
STRINGS = [
    "", " ", "a", "x" * 80, "x" * 81, "x" * 2_000, "x" * 2_001, "ä" * 10_000, "ä" * 10_001, "€" * 10_000, "😀" * 10_000,
    "😀" * 10_001, "null", "true", "1", "{}", "[]",
    "n1", "n0", "n01", "v1", "c1", "reader-1", "reader-0", "reader-01", "a:n1", ":n1", "a b:n1", "n١", "N1", "n1 ", "n1\n",
    "a-b", "-a", "a-", "a--b", "A", "ä", "DE",
    "de", "de-DE", "de-de", "deu-DE", "DEU", "0" * 64, "0" * 63, "0" * 63 + "G", "0" * 63 + "A", "010", "01", "01000", "٠١٠",
    "https://a", "http://a b", "https://",
    "HTTPS://a", "https://a\u00a0b", "https://a\u2028", 'a"kb_id":', '"kb_id":null', '"usage":null', '"private": null', "\\",
    '"', "/", "\u2028", "//", "/*", "'", ",", "}",
    "},{", "}\\n{",
]  # fmt: skip
OTHERS: list[Any] = [
    None,
    True,
    False,
    [],
    Members(),
    [None],
    [[]],
    [Members()],
    Members([("", None)]),
    Raw("NaN"),
    Raw("-Infinity"),
    Raw("nul"),
    Raw("True"),
    Raw(""),
]


@dataclass
class Stock:
    """Valid bundles, and what stands at each path of any of them."""

    bundles: list[Any]
    values: dict[str, list[Any]] = field(default_factory=dict)

    @classmethod
    def of(cls, records: Sequence[dict[str, Any]], chance: random.Random) -> "Stock":
        """Bundles of records, each cut short in some ways: for their shape, no list needs to be long, nor a page whole."""
        stock = cls([tree(short(record, chance)) for record in records for _ in range(3)])
        for bundle in stock.bundles:
            for path, slot in slots(bundle):
                known = stock.values.setdefault(path, [])
                if len(known) < 200:
                    known.append(at(slot))
        return stock


def short(value: Any, chance: random.Random, key: str = "") -> Any:
    """A JSON value with a few items of each list, and the beginning of its page."""
    if isinstance(value, dict):
        return {name: short(inner, chance, name) for name, inner in value.items()}
    if isinstance(value, list):
        count = min(len(value), chance.choice((1, 1, 2, 3)))
        return [short(item, chance) for item in chance.sample(value, count)]
    return value[: chance.choice((1, 40, 400))] if key == "page_text" else value


def records(folder: Path) -> Iterator[dict[str, Any]]:
    """The articles of a raw folder, each with its page, if that is there."""
    for path in sorted((folder / "articles").glob("*.json")):
        page = folder / "pages" / f"{path.stem}.txt"
        yield json.loads(path.read_bytes()) | ({"page_text": page.read_bytes().decode()} if page.is_file() else {})


@cache
def stock(seed: int) -> Stock:
    """What mutants are made of."""
    own = [*records(ROOT / "data/raw"), *records(VALID)]
    generated = Corpus(seed % 1000, 40)
    own += [json.loads(generated.line(number)) for number in range(40)]
    return Stock.of(own, random.Random(seed))


# --- mutants ---------------------------------------------------------------------------------------------------------------------


def pick(bundle: Any, chance: random.Random, want: Callable[[Any], bool] = lambda _: True) -> tuple[str, Slot] | None:
    """A place; each path has the same chance, however often it stands there."""
    found: dict[str, list[Slot]] = {}
    for path, slot in slots(bundle):
        if want(at(slot)):
            found.setdefault(path, []).append(slot)
    if not found:
        return None
    path = chance.choice(list(found))
    return path, chance.choice(found[path])


def objects(bundle: Any) -> list[tuple[str, Members]]:
    """Every object with its path."""
    return [("", bundle), *((path, at(slot)) for path, slot in slots(bundle) if isinstance(at(slot), Members))]


def drop(bundle: Any, chance: random.Random, _: Stock) -> None:
    found = pick(bundle, chance)
    if found:
        container, i = found[1]
        del container[i]


def null(bundle: Any, chance: random.Random, _: Stock) -> None:
    found = pick(bundle, chance)
    if found:
        put(found[1], None)


def other(bundle: Any, chance: random.Random, own: Stock) -> None:
    """A value of another type, or that stands elsewhere."""
    found = pick(bundle, chance)
    if found:
        elsewhere = own.values[chance.choice(list(own.values))]
        put(found[1], copy.deepcopy(chance.choice([chance.choice(OTHERS), chance.choice(elsewhere)])))


def borrowed(bundle: Any, chance: random.Random, own: Stock) -> None:
    """A value that stands at this path in another bundle: still valid."""
    found = pick(bundle, chance)
    if found:
        put(found[1], copy.deepcopy(chance.choice(own.values.get(found[0], [None]))))


def number(bundle: Any, chance: random.Random, _: Stock) -> None:
    """Another number, or one as a string, or a string as a number."""
    found = pick(bundle, chance, lambda value: isinstance(value, int))
    if found and chance.random() < 0.2:
        put(found[1], text(at(found[1])))
    elif found := pick(bundle, chance) if chance.random() < 0.2 else found:
        put(found[1], Raw(chance.choice(NUMBERS)))


def string(bundle: Any, chance: random.Random, own: Stock) -> None:
    """Another string, for a pattern or a length to tell."""
    found = pick(bundle, chance, lambda value: isinstance(value, str))
    if found:
        pool = chance.choice((STRINGS, TERMS, TIMES))
        if pool is STRINGS and chance.random() < 0.2:
            pool = [value for value in own.values[chance.choice(list(own.values))] if isinstance(value, str)] or STRINGS
        put(found[1], chance.choice(pool))


def near(bundle: Any, chance: random.Random, _: Stock) -> None:
    """A string that is nearly the same: a character more, less, of another case or script."""
    found = pick(bundle, chance, lambda value: isinstance(value, str))
    if found:
        value = str(at(found[1]))
        i = chance.randrange(len(value) + 1)
        extra = chance.choice((*ODD_CHARACTERS, *"aZ0-_:.~/ \\\"'"))
        ways = (
            value + extra, extra + value, value[:i] + extra + value[i:], value[:i] + extra + value[i + 1 :],
            value[:i] + value[i + 1 :], value + "\n",
            value.upper(), value.swapcase(), value.translate({48 + d: 0x660 + d for d in range(10)}), value * 2, value[::-1],
        )  # fmt: skip
        put(found[1], chance.choice(ways))


def escaped(bundle: Any, chance: random.Random, _: Stock) -> None:
    r"""A string, or a key, that is written with escapes: ``\u``, surrogates whole and in halves, ``\/``, none that JSON has."""
    found = pick(bundle, chance, lambda value: isinstance(value, str))
    if found and chance.random() < 0.3 and isinstance(found[1][0], Members):
        container, i = found[1]
        key, value = container[i]
        container[i] = (f"\0{key}", value)
    elif found:
        value = json.dumps(at(found[1]), ensure_ascii=False)
        i = chance.randrange(1, len(value))
        escapes = (
            r"\u0041",
            r"\u00e4",
            r"\u0000",
            r"\u001f",
            r"\ud83d\ude00",
            r"\ud83d",
            r"\ude00",
            r"\ude00\ud83d",
            r"\u0308",
            r"u\u0308",
            r"\ufeff",
            r"\u202e",
        )
        escapes += (
            r"\/",
            r"\"",
            r"\\",
            r"\n",
            r"\t",
            r"\b",
            r"\f",
            r"\r",
            r"\x41",
            r"\'",
            r"\u12",
            r"\U0041",
            "\\",
            r"\0",
            r"\v",
            r"\u{41}",
        )
        put(found[1], Raw(value[:i] + chance.choice(escapes) + value[i:]))


def unknown(bundle: Any, chance: random.Random, own: Stock) -> None:
    """A key that the object does not have."""
    _, members = chance.choice(objects(bundle))
    path = chance.choice(list(own.values))
    names = (
        "x",
        "",
        "Text",
        "text ",
        "texts",
        "$schema",
        "schema_",
        "schema",
        "page_text",
        "text",
        "ｔext",
        "kb_id",
        path.rpartition(".")[2],
    )
    members.insert(
        chance.randrange(len(members) + 1),
        (chance.choice(names), chance.choice((None, 1, "a", copy.deepcopy(own.values[path][0])))),
    )


def missing(bundle: Any, chance: random.Random, own: Stock) -> None:
    """A key that the object may have and does not."""
    here = dict(objects(bundle))
    path, key = chance.choice([(path, key) for path, key in keys(Bundle) if path in here])
    members = chance.choice([found for where, found in objects(bundle) if where == path])
    value = chance.choice((None, *own.values.get(f"{path}.{key}", [])[:5]))
    if all(key != known for known, _ in members):
        members.insert(chance.randrange(len(members) + 1), (key, copy.deepcopy(value)))


def twice(bundle: Any, chance: random.Random, own: Stock) -> None:
    """A key once more, with the same value, another, or null."""
    path, members = chance.choice(objects(bundle))
    if members:
        key, value = chance.choice(members)
        values = (value, None, chance.choice(own.values.get(f"{path}.{key}", [None])))
        members.insert(chance.randrange(len(members) + 1), (key, copy.deepcopy(chance.choice(values))))


def shuffled(bundle: Any, chance: random.Random, _: Stock) -> None:
    """Keys in another order."""
    chance.shuffle(chance.choice(objects(bundle))[1])


def lists(bundle: Any, chance: random.Random, _: Stock) -> None:
    """A list with more, fewer or no items, in a list, or an object in its place."""
    found = pick(bundle, chance, lambda value: isinstance(value, list) and not isinstance(value, Members))
    if found:
        value = at(found[1])
        wrapped = Members([("0", value[0])]) if value else Members()
        put(
            found[1],
            chance.choice(
                ([], value[:1], value * 2, value[::-1], [value], [*value, None], [None, *value], wrapped, None, [*value, []])
            ),
        )


def nested(bundle: Any, chance: random.Random, _: Stock) -> None:
    """Depth: a value within many others."""
    found = pick(bundle, chance)
    if found:
        depth = chance.choice((1, 2, 200, 100_000))
        put(found[1], chance.choice((Raw("[" * depth + "]" * depth), Raw('{"a":' * depth + "1" + "}" * depth))))


BY_VALUE: tuple[Callable[[Any, random.Random, Stock], None], ...] = (
    drop, drop, null, null, other, borrowed, borrowed, borrowed, number, number, string, string, string, near, near, escaped,
    unknown,
    missing, missing, missing, twice, shuffled, lists, lists,
)  # fmt: skip
PIECES = [
    *(c.encode() for c in '"{}[],:\\ \n\0\t\r\'/#-+.eE0\x0b\x0c\x1f\x7f'), b"\\u0000", b"\\ud800", b"\\u00e4", b"\xff",
    b"\xc0\x80", b"\xed\xa0\x80", b"\xf4\x90\x80\x80",
    b"\xef\xbb\xbf", b"\r\n", b"null", b"NaN", b"1e999", b"-1", b"2147483648", b"\xe2\x80\xae", b"u\xcc\x88", b"true",
    b'"start"', b'"text": "x"', b"//", b"/**/",
    b"{}", b"[]", b"}{", b"},{", b"} {", b"}\n{", b",,", b'"kb_id":', b'"kb_id":null,', b'"usage":null,', b"\xc2\xa0",
    b"\xc2\x85", b"\xe2\x80\xa8",
]  # fmt: skip


def spoil(data: bytes, chance: random.Random) -> bytes:
    """Bytes with a small change: a byte set or its bits flipped, a piece put in, taken out, doubled, moved, put at an end."""
    a = chance.randrange(len(data) + 1)
    b = min(len(data), a + chance.choice((1, 1, 2, 8, 64, 500)))
    c = chance.randrange(len(data) + 1)
    kind = chance.randrange(10)
    if kind == 0:
        return data[:a] + bytes([chance.randrange(256)]) + data[a + 1 :]
    if kind == 1:
        return data[:a] + bytes([data[a] ^ 1 << chance.randrange(8)]) + data[a + 1 :] if a < len(data) else data[:-1]
    if kind in (2, 3):
        return data[:a] + chance.choice(PIECES) + data[a:]
    if kind == 4:
        return data[:a] + data[b:]
    if kind == 5:
        return data[:b] + data[a:b] + data[b:]
    if kind == 6:
        return data[:c] + data[a:b] + data[c:]
    if kind == 7:  # between two tokens
        marks = [i for i, byte in enumerate(data) if byte in b",:{}[]"] or [0]
        a = chance.choice(marks) + chance.randrange(2)
        return data[:a] + chance.choice((b" ", b"\t", b"\r", b"\n", b"  ", b",", b"\x0b", b"\xc2\xa0", b"//", b"/**/")) + data[a:]
    if kind == 8:
        return chance.choice((b"\xef\xbb\xbf", b" ", b"\t", b"\r", b"\x0c", b",", b"[", b"{", b"\0", b"{}", b"#", b"null")) + data
    return data + chance.choice(
        (
            b" ",
            b"\r",
            b"\t",
            b"\x0b",
            b",",
            b"}",
            b"]",
            b"{}",
            b"\0",
            b";",
            b"//",
            b"null",
            b" null",
            b"null{}",
            data,
            b" " + data,
            b"\n" + data,
        )
    )


def mutant(own: Stock, chance: random.Random) -> bytes:
    """A bundle with one to three changes, as bytes; they can hold line ends."""
    bundle = chance.choice(own.bundles)
    kind = chance.random()
    loose = chance.random() < 0.1
    if kind < 0.75:
        bundle = copy.deepcopy(bundle)
        for _ in range(chance.choice((1, 1, 1, 2, 3))):
            change = nested if chance.random() < 0.003 else chance.choice(BY_VALUE)
            change(bundle, chance, own)
    found = text(bundle, chance if loose else None).replace('"\\u0000', '"\\u00' + f"{ord('t'):02x}" if loose else '"\\u0074')
    data = found.encode("utf-8", "surrogatepass")
    if kind > 0.65:
        for _ in range(chance.choice((1, 1, 1, 2, 4))):
            data = spoil(data, chance)
    return data


# --- what is demanded ------------------------------------------------------------------------------------------------------------


def reference(line: Line) -> Bundle | None:
    """The bundle that a line is, as levels 1 and 2 say; None where it is none."""
    if Files(ROOT, Findings()).document(NAMES[line.piece], line.data, line.line) is None:
        return None
    try:
        return Bundle.model_validate_json(line.data)
    except ValidationError:
        return None


class Different(Exception):
    """The pipeline decides otherwise than the reference."""


def check_unit(lines: Sequence[Line], expected: Sequence[Bundle | None], mutants: Sequence[bool]) -> None:
    """Parse a unit and compare. Raises Different."""
    files = Files(ROOT, Findings())
    parsed = parse(lines, NAMES, files)
    kept = [line for line, bundle in zip(lines, expected, strict=True) if bundle is not None]
    if [(line.piece, line.line) for line in parsed.lines] != [(line.piece, line.line) for line in kept]:
        mine, theirs = set(map(id, parsed.lines)), set(map(id, kept))
        line = next(line for line in lines if (id(line) in mine) != (id(line) in theirs))
        raise Different(f"{'accepted' if id(line) in mine else 'refused'} by the pipeline alone: {line!r}")
    refused = {(line.piece, line.line) for line, bundle in zip(lines, expected, strict=True) if bundle is None}
    found = {(NAMES.index(finding.file), finding.document) for finding in files.findings.errors}
    if found != refused:
        raise Different(f"findings on {found}, and {refused} were refused")
    root = with_defaults(parsed.root)
    root.validate(full=True)
    own = [mutated for mutated, bundle in zip(mutants, expected, strict=True) if bundle is not None]
    models = [bundle for bundle in expected if bundle is not None]
    rows = pa.array([i for i, mutated in enumerate(own) if mutated], pa.int32())
    wanted = bundles_array([models[i] for i in rows.to_pylist()])
    if not root.take(rows).equals(wanted):
        i = next(i for i in rows.to_pylist() if not root.slice(i, 1).equals(bundles_array([models[i]])))
        raise Different(f"another row than its model gives: {kept[i]!r}")
    if parsed.page_text.to_pylist() != [bundle.page_text for bundle in models]:
        raise Different("another page than the model has")


def check_alone(line: Line, expected: Bundle | None) -> str:
    """Put a line before Arrow and the screen alone; gives what became of it. Raises Different where what may not pass would."""
    data = parsing._joined([line])
    if parsing._odd([line], data).any():
        return "asks for a closer look"
    array = parsing._arrow(data, 1)
    if array is None:
        return "refused by Arrow"
    if not screen(Bundle).accepts(array, line.data):
        return "parsed by Arrow and " + (
            "invalid, not passed by the screen" if expected is None else "valid, but not passed by the screen"
        )
    if expected is None:
        raise Different(f"passed by the screen alone: {line!r}")
    return "passed by the screen"


def tried(mutants: int, seed: int) -> Counter[str]:
    """Make some mutants and demand everything of them; how many there were of each kind. Raises Different."""
    chance = random.Random(seed)
    own = stock(seed)
    valid = [text(bundle).encode() for bundle in own.bundles]
    sound = {data: reference(Line(0, 1, data)) for data in valid}
    if faulty := [data for data, bundle in sound.items() if bundle is None]:
        raise Different(f"a bundle to begin with is not valid: {faulty[0]!r}")
    counts: Counter[str] = Counter()
    passing: list[bytes] = []  # refused, but nothing but a column can tell
    while counts["mutants"] < mutants:
        spoilt = set(chance.sample(range(LINES), chance.choice(SHARES)))
        lines, mutated = [], []
        for i in range(LINES):
            data = mutant(own, chance) if i in spoilt else chance.choice(valid)
            if chance.random() < 0.02:
                lines.append(Line(1, None, data))
                mutated.append(i in spoilt)
                continue
            for part in data.split(b"\n"):
                if part and not part.isspace():
                    lines.append(Line(0, len(lines) + 1, part))
                    mutated.append(i in spoilt)
        single = next(
            (i for i, line in enumerate(lines) if line.line is None), None
        )  # at most one: findings tell them by their file
        there = [i for i, line in enumerate(lines) if line.line is not None or i == single]
        lines, mutated = [lines[i] for i in there], [mutated[i] for i in there]
        expected = [
            reference(line) if own_line else sound.get(line.data) or reference(line)
            for line, own_line in zip(lines, mutated, strict=True)
        ]
        try:
            check_unit(lines, expected, mutated)
            counts["units"] += 1
            for line, bundle, is_mutant in zip(lines, expected, mutated, strict=True):
                if is_mutant:
                    counts["mutants"] += 1
                    counts["valid" if bundle else "invalid"] += 1
                    told = check_alone(line, bundle)
                    counts[told] += 1
                    if told == "parsed by Arrow and invalid, not passed by the screen":
                        passing.append(line.data)
            _check_mixed(lines, expected, mutated, passing, chance, counts)
        except Exception as error:
            raise Different(f"seed {seed}, unit {counts['units']}: {error!r}") from error
    return counts


def _check_mixed(
    lines: Sequence[Line],
    expected: Sequence[Bundle | None],
    mutated: Sequence[bool],
    passing: list[bytes],
    chance: random.Random,
    counts: Counter[str],
) -> None:
    """The valid lines of a unit once more,
    which the screen decides as a whole; then with one among them that only its columns can tell."""
    left = [i for i, bundle in enumerate(expected) if bundle is not None]
    whole = [lines[i] for i in left]
    check_unit(whole, [expected[i] for i in left], [mutated[i] for i in left])
    counts["units of valid lines"] += 1
    if passing:
        data = passing.pop(chance.randrange(len(passing)))
        line = Line(0, len(lines) + 1, data)
        place = chance.randrange(len(whole) + 1)
        models, own = [expected[i] for i in left], [mutated[i] for i in left]
        check_unit(
            [*whole[:place], line, *whole[place:]], [*models[:place], None, *models[place:]], [*own[:place], True, *own[place:]]
        )
        counts["units with one fault that columns tell"] += 1
        del passing[:-200]


def main() -> int:
    """Spoil and compare; 0 if there was no difference."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mutants", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    parser.add_argument("--jobs", type=int, default=2)
    arguments = parser.parse_args()
    shares = [min(SHARE, arguments.mutants - done) for done in range(0, arguments.mutants, SHARE)]
    with ProcessPoolExecutor(arguments.jobs, get_context("forkserver")) as pool:
        jobs = [pool.submit(tried, share, arguments.seed * 1000 + i) for i, share in enumerate(shares)]
        counts: Counter[str] = Counter()
        try:
            for job in jobs:
                counts += job.result()
                print(f"{counts['mutants']} mutants", file=sys.stderr, flush=True)
        except Different as error:
            pool.shutdown(cancel_futures=True)
            print(f"screen: {error}", file=sys.stderr)
            return 1
    print(f"screen: {counts.pop('mutants')} mutants (seed {arguments.seed}), no difference")
    for name, number in counts.most_common():
        print(f"{number:9} {name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
