"""What on a page looks like private data: telephone numbers, e-mail addresses, bank accounts.

To search a page for all of them takes a millisecond, and most pages hold nothing that comes near. So libphonenumber is shown only the
stretches with digits enough for a number, and one that many pages share (a year, a date) only once; the others are looked for only
around an ``@``, and on pages with two capitals before two digits. What is found is the same as in a search of the whole page.
"""

import re
from collections.abc import Iterator
from functools import lru_cache

import numpy as np
import pyarrow as pa
from phonenumbers import Leniency, PhoneNumberMatcher

from pipeline.nodes import Bools, Ints
from pipeline.texts import DIGIT, Texts
from schema.vocabulary import PrivateKind

EMAIL = re.compile(r"(?<![@\w.+-])[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
IBAN = re.compile(r"\b[A-Z]{2}\d{2}(?: ?[0-9A-Z]{4}){3,7}(?: ?[0-9A-Z]{1,3})?\b")
DATE = re.compile(r"\b\d{1,2}\.\d{1,2}\.\d{4}\b")
URL = re.compile(r"https?://\S*$")

FEWEST = 4
"""Digits of the shortest telephone number of any country."""
APART = 5
"""How far apart two digits of a number may be: libphonenumber lets four other characters stand between them."""
_LABEL_SIZE = 14
_LABEL = re.compile(rf"[ \t\xa0\u202f,-]*+[^\s\d]{{0,{_LABEL_SIZE}}}+[ \t\xa0\u202f,-]*+")
"""What may stand before an extension of a number, whatever word says that it is one (``ext.``, ``#``)."""
_AROUND = [ord(char) for char in " \t\xa0\u202f,-"]
_OPENING = [ord(char) for char in "+\uff0b([\uff08\uff3b"]
_OPENING_SIZE = 10
"""A number may begin with a plus or a bracket and other characters, ten in all, before its first digit."""


def looks_private(texts: Texts, countries: pa.StringArray) -> list[tuple[int, int, int, str]]:
    """Row, start, end and kind of telephone numbers that exist in the outlet's country, of e-mail addresses, and of valid IBANs; in
    order. ``countries`` has the country (ISO 3166-1 alpha-2) of each text's outlet.
    """
    return sorted([*_telephones(texts, countries), *_emails(texts), *_accounts(texts)])


def _telephones(texts: Texts, countries: pa.StringArray) -> Iterator[tuple[int, int, int, str]]:
    begin, end = _stretches(texts)
    rows = texts.row(begin)
    own = texts.first[rows]
    opens = np.isin(texts.points(begin[:, None] + np.arange(-_OPENING_SIZE, 0)), _OPENING)
    opening = begin - np.where(opens.any(axis=1), _OPENING_SIZE - opens.argmax(axis=1), 0)
    first = np.maximum(opening - 1, own)  # a letter before or behind makes it no number
    last = np.minimum(end + 1 + (texts.points(end) == ord("#")), own + texts.length[rows])
    of = countries.to_pylist()
    places = zip(rows.tolist(), (first - own).tolist(), (begin - own).tolist(), strict=True)
    for (row, at, least), stretch in zip(places, texts.between(first, last), strict=True):
        for start, stop in _numbers(stretch, of[row]):
            before = texts.slice(row, max(0, at + start - 200), at + start)
            if at + stop > least and not URL.search(_plain(str(before))):
                yield row, at + start, at + stop, PrivateKind.telephone.value


def _stretches(texts: Texts) -> tuple[Ints, Ints]:
    """Places of the first digit and behind the last one of stretches that may hold a telephone number: FEWEST digits, APART from each
    other at most, and other digits around them which may be an extension. None that is left out can be part of a number in one of them.
    """
    digits = texts.digits
    if not len(digits):
        return digits, digits
    new = np.flatnonzero(np.diff(digits) > APART) + 1  # pages are further apart than that
    run = np.concatenate(([0], new))
    begin, end = digits[run], digits[np.append(new, len(digits)) - 1] + 1
    dense = np.diff(run, append=len(digits)) >= FEWEST
    first = np.concatenate(([0], np.flatnonzero(~_together(texts, end[:-1], begin[1:])) + 1))
    last = np.append(first[1:], len(run)) - 1
    kept = np.logical_or.reduceat(dense, first)
    return begin[first[kept]], end[last[kept]]


def _together(texts: Texts, end: Ints, begin: Ints) -> Bools:
    """Whether runs of digits and the next ones may be one stretch. Between most there is more than a label. What is longer than one by
    six characters must have three of those that may stand around it at its beginning, or at its end.
    """
    size = begin - end
    found = texts.row(end) == texts.row(begin)
    long = np.flatnonzero(found & (size >= _LABEL_SIZE + 6))
    sides = texts.points(np.stack((end[long, None] + np.arange(3), begin[long, None] - np.arange(1, 4))))
    found[long] = np.isin(sides, _AROUND).all(axis=2).any(axis=0)
    asked = np.flatnonzero(found)
    found[asked] = [_LABEL.fullmatch(between) is not None for between in texts.between(end[asked], begin[asked])]
    return found  # type: ignore[no-any-return]


@lru_cache(maxsize=2**12)
def _numbers(stretch: str, country: str) -> list[tuple[int, int]]:
    """Start and end of the telephone numbers in a stretch of text."""
    matcher = PhoneNumberMatcher(_plain(stretch), country, leniency=Leniency.VALID, max_tries=65_535)
    return [(number.start, number.end) for number in matcher if not DATE.search(number.raw_string)]


def _emails(texts: Texts) -> Iterator[tuple[int, int, int, str]]:
    for row, start in _offsets(texts, np.flatnonzero(texts.lead == ord("@"))):
        page = str(texts.page(row))
        while start > 0 and (page[start - 1].isalnum() or page[start - 1] in "_.+-"):
            start -= 1
        if match := EMAIL.match(page, start):
            yield row, match.start(), match.end(), PrivateKind.email.value


def _accounts(texts: Texts) -> Iterator[tuple[int, int, int, str]]:
    capital = [(before >= ord("A")) & (before <= ord("Z")) for before in (texts.lead[texts.digits - i] for i in (1, 2))]
    after = texts.digits[np.logical_and(*capital)]
    places = after[texts.kinds(after + 1) & DIGIT > 0] - 2
    done = (0, 0)
    for row, start in _offsets(texts, places):
        plain = _plain(str(texts.page(row)))
        match = IBAN.match(plain, start) if (row, start) >= done else None
        if match is None:
            continue
        done = row, match.end()
        for end in range(match.end(), start + 14, -1):  # a BIC behind it looks like more of it
            if (end == len(plain) or not plain[end].isalnum()) and _is_iban(plain[start:end]):
                yield row, start, end, PrivateKind.bank_account.value
                break


def _offsets(texts: Texts, places: Ints) -> Iterator[tuple[int, int]]:
    """Row and offset of some places."""
    rows = texts.row(places)
    return zip(rows.tolist(), (places - texts.first[rows]).tolist(), strict=True)


def _plain(text: str) -> str:
    """Text with plain spaces alone; every offset stays right."""
    return text.replace("\xa0", " ").replace("\u202f", " ")


def _is_iban(text: str) -> bool:
    """Whether the check digits are right (ISO 13616)."""
    code = text.replace(" ", "")
    return not text.endswith(" ") and int("".join(str(int(char, 36)) for char in code[4:] + code[:4])) % 97 == 1
