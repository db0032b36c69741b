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

from pipeline.nodes import Ints
from pipeline.texts import AT, CAPITAL, DIGIT, Texts
from schema.vocabulary import PrivateKind

EMAIL = re.compile(r"(?<![@\w.+-])[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
IBAN = re.compile(r"\b[A-Z]{2}\d{2}(?: ?[0-9A-Z]{4}){3,7}(?: ?[0-9A-Z]{1,3})?\b")
DATE = re.compile(r"\b\d{1,2}\.\d{1,2}\.\d{4}\b")
URL = re.compile(r"https?://\S*$")

FEWEST = 4
"""Digits of the shortest telephone number of any country."""
APART = 5
"""How far apart two digits of a number may be: libphonenumber lets four other characters stand between them."""
_LABEL = re.compile(r"[ \t\xa0\u202f,-]*+[^\s\d]{0,14}+[ \t\xa0\u202f,-]*+")
"""What may stand before an extension of a number, whatever word says that it is one (``ext.``, ``#``)."""
_OPENING = re.compile(r"[+\uff0b(\[\uff08\uff3b].*\Z", re.DOTALL)
_OPENING_SIZE = 10
"""A number may begin with a plus or a bracket and other characters, ten in all, before its first digit."""


def looks_private(texts: Texts, countries: pa.StringArray) -> list[tuple[int, int, int, str]]:
    """Row, start, end and kind of telephone numbers that exist in the outlet's country, of e-mail addresses, and of valid IBANs; in
    order. ``countries`` has the country (ISO 3166-1 alpha-2) of each text's outlet.
    """
    digits = np.flatnonzero(texts.kinds & DIGIT > 0)
    return sorted([*_telephones(texts, digits, countries), *_emails(texts), *_accounts(texts, digits)])


def _telephones(texts: Texts, digits: Ints, countries: pa.StringArray) -> Iterator[tuple[int, int, int, str]]:
    of = countries.to_pylist()
    for row, begin, end in _stretches(texts, digits):
        page = str(texts.pages[row])
        opening = _OPENING.search(page, max(0, begin - _OPENING_SIZE), begin)
        first = max(0, (opening.start() if opening else begin) - 1)  # a letter before or behind makes it no number
        stretch = page[first : end + (2 if page[end : end + 1] == "#" else 1)]
        for start, stop in _numbers(stretch, of[row]):
            at = first + start
            if first + stop > begin and not URL.search(_plain(page[max(0, at - 200) : at])):
                yield row, at, first + stop, PrivateKind.telephone.value


def _stretches(texts: Texts, digits: Ints) -> Iterator[tuple[int, int, int]]:
    """Row, first digit and end of the last one of stretches that may hold a telephone number: FEWEST digits, APART from each other at
    most, and other digits around them which may be an extension. None that is left out can be part of a number in one of them.
    """
    rows = texts.row(digits)
    new = np.ones(len(digits) + 1, dtype=bool)
    new[1:-1] = (np.diff(digits) > APART) | (np.diff(rows) > 0)
    bounds = np.flatnonzero(new)
    dense = np.flatnonzero(np.diff(bounds) >= FEWEST)
    first, last = bounds[:-1], bounds[1:] - 1
    row = rows[first]
    begin, end = (digits[first] - texts.first[row]).tolist(), (digits[last] - texts.first[row] + 1).tolist()
    of = row.tolist()

    def together(a: int) -> bool:
        """Whether a run of digits and the next one may be one stretch."""
        return of[a] == of[a + 1] and _LABEL.fullmatch(str(texts.pages[of[a]]), end[a], begin[a + 1]) is not None

    done = -1
    for run in dense.tolist():
        if run <= done:
            continue
        low = done = run
        while low > 0 and together(low - 1):
            low -= 1
        while done + 1 < len(begin) and together(done):
            done += 1
        yield of[run], begin[low], end[done]


@lru_cache(maxsize=2**12)
def _numbers(stretch: str, country: str) -> list[tuple[int, int]]:
    """Start and end of the telephone numbers in a stretch of text."""
    matcher = PhoneNumberMatcher(_plain(stretch), country, leniency=Leniency.VALID, max_tries=65_535)
    return [(number.start, number.end) for number in matcher if not DATE.search(number.raw_string)]


def _emails(texts: Texts) -> Iterator[tuple[int, int, int, str]]:
    for row, start in _offsets(texts, np.flatnonzero(texts.kinds & AT)):
        page = str(texts.pages[row])
        while start > 0 and (page[start - 1].isalnum() or page[start - 1] in "_.+-"):
            start -= 1
        if match := EMAIL.match(page, start):
            yield row, match.start(), match.end(), PrivateKind.email.value


def _accounts(texts: Texts, digits: Ints) -> Iterator[tuple[int, int, int, str]]:
    capitals = texts.kinds[digits - 1] & texts.kinds[digits - 2] & CAPITAL > 0
    places = digits[capitals & (texts.kinds[digits + 1] & DIGIT > 0)] - 2
    done = (0, 0)
    for row, start in _offsets(texts, places):
        plain = _plain(str(texts.pages[row]))
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
