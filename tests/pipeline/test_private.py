"""To show libphonenumber only some stretches of a page changes nothing of what is found on it."""

import json
from collections.abc import Iterator

import phonenumbers
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from phonenumbers import Leniency, PhoneNumberMatcher

from pipeline.check.private import DATE, EMAIL, FEWEST, IBAN, URL, _is_iban, looks_private
from pipeline.texts import Texts
from tests.conftest import ROOT, VALID

COUNTRIES = ["DE", "AT", "CH", "LI", "LU", "IT", "US", "RU", "GG", "NU", "SM"]


def in_the_whole(text: str, country: str) -> Iterator[tuple[int, int, str]]:
    """What a search of the whole page finds: the slow way, and what is meant."""
    plain = text.translate({0xA0: " ", 0x202F: " "})
    for number in PhoneNumberMatcher(plain, country, leniency=Leniency.VALID, max_tries=65_535):
        if not DATE.search(number.raw_string) and not URL.search(plain[max(0, number.start - 200) : number.start]):
            yield number.start, number.end, "telephone"
    for match in EMAIL.finditer(plain):
        yield match.start(), match.end(), "email"
    for match in IBAN.finditer(plain):
        for end in range(match.end(), match.start() + 14, -1):
            if (end == len(plain) or not plain[end].isalnum()) and _is_iban(plain[match.start() : end]):
                yield match.start(), end, "bank_account"
                break


def assert_same(pages: list[str | None], countries: list[str]) -> None:
    found = looks_private(Texts.of(pages), pa.array(countries, pa.string()))
    wanted = [
        (row, *place)
        for row, (page, country) in enumerate(zip(pages, countries, strict=True))
        for place in sorted(in_the_whole(page or "", country))
    ]
    assert found == wanted


@st.composite
def numbers(draw: st.DrawFn) -> str:
    """A number that exists in some country, in some form; sometimes a digit of it is lost."""
    country = draw(st.sampled_from(COUNTRIES))
    kind = draw(st.sampled_from([0, 1, 2, 3, 4, 6, 7, 10]))
    number = phonenumbers.example_number_for_type(country, kind) or phonenumbers.example_number(country)
    text = phonenumbers.format_number(number, draw(st.sampled_from([0, 1, 2, 3])))
    cut = draw(st.integers(0, len(text)))
    return text if draw(st.booleans()) else text[:cut] + text[cut + 1 :]


pieces = st.one_of(
    numbers(),
    st.text("0123456789", min_size=1, max_size=6),
    st.text(" \t\xa0\u202f,.-–/()[]+x#:;~%€\u00ad\u200b\u3000", max_size=6),
    st.sampled_from([
        "ext.", "extension", "extensio\u0301n", ";ext=", "доб", "anexo", "int", " " * 40, "x" * 20, "\n\n", "０３０", "٣٤", "Uhr", "ä",
        "\u0301", "19.05.2025", "2025-05-19 14:00", "3/10/2011", "211-227 (2003)", "https://a.example/", "EU27", "AT61",
        "DE89 3704 0044 0532 0130 00", "BE68 5390 0754 7034", "1904 3002 3457 3201", "@", "a.b@c.example", "a_b+c", "😀",
    ]),
)  # fmt: skip
pages = st.lists(pieces, max_size=12).map("".join)


@settings(max_examples=400, deadline=None)
@given(st.lists(st.tuples(st.none() | pages, st.sampled_from(COUNTRIES)), min_size=1, max_size=4))
def test_the_search_finds_what_one_of_the_whole_page_finds(made: list[tuple[str | None, str]]):
    assert_same([page for page, _ in made], [country for _, country in made])


@pytest.mark.parametrize(
    "text",
    [
        "0049 30 1234567 ext. 12",
        "12 x 2017 1234 030 1234567",
        "12 ext. 030 1234567",
        "030 1234567" + " " * 100 + "ext. 5",
        "030 1234567-    9#a",
        "2025-05-19 14:00, 030 1234567:30",
        "a030 1234567, €030 1234567, 030 1234567b",
        "(030) 1234567/8, + (49) 30 1234567, 5 (030) 1234567",
        "x@@y.example a@b.c@d.e ä.ö@ü.example @a@b.example",
    ],
)
def test_the_surroundings_of_a_number_count(text: str):
    assert_same([text, None, text[1:], text[:-1]], ["DE", "AT", "CH", "AT"])


@pytest.mark.parametrize("folder", [VALID, ROOT / "data/raw"], ids=["valid", "corpus"])
def test_nothing_is_lost_on_the_pages_of_a_corpus(folder):
    texts, countries = [], []
    for path in sorted((folder / "articles").glob("*.json")):
        article = json.loads(path.read_bytes())["article"]
        page = folder / f"pages/{article['article_id']}.txt"
        texts.append(page.read_bytes().decode() if page.exists() else None)
        countries.append(article["source"]["country"])
    assert sum(text is not None for text in texts) >= len(texts) / 2
    assert_same(texts, countries)


def test_no_country_has_a_number_of_fewer_digits():
    """The metadata of a country name the lengths of its numbers; where a prefix is put before what is dialled, all are tried."""
    for country in phonenumbers.SUPPORTED_REGIONS:
        metadata = phonenumbers.PhoneMetadata.metadata_for_region(country)
        assert min(metadata.general_desc.possible_length) >= FEWEST
        if metadata.national_prefix_transform_rule:
            for text in (f"{n:0{size}}" for size in range(1, FEWEST) for n in range(10**size)):
                assert not list(PhoneNumberMatcher(text, country, leniency=Leniency.VALID))
