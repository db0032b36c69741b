"""Whatever stands on the disk: a document or a finding, never a traceback and never an exhausted memory."""

import gzip
import json
import os
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pipeline.build import build, checking
from pipeline.files import Files, hidden
from pipeline.findings import Findings
from pipeline.places import line_and_column, places
from tests.conftest import ROOT, VALID, files, findings_of

WAHL = "articles/wahl-abendblatt.json"


def codes(raw: Path) -> set[str]:
    findings = findings_of(raw)
    assert all(finding.as_dict() for finding in findings)
    return {finding.code for finding in findings}


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"", {"HD109"}),
        (b" \n\n", {"HD109"}),
        (b"null", {"HD204"}),
        (b"[]", {"HD204"}),
        (b'"x"', {"HD204"}),
        (b"{}", {"HD202"}),
        (b"{} {}", {"HD104"}),
        (b"\xff\xfe{\x00}\x00", {"HD102"}),
        (b"\xed\xa0\x80", {"HD102"}),
        (b'{"article": 1' + b"0" * 5000 + b"}", {"HD104"}),
        (b'{"article": 1e999}', {"HD202", "HD204"}),
        (b'{"article": -Infinity}', {"HD104"}),
        (b'{"a": {"b": 1, "b": 2}}', {"HD110"}),
        (b'{"\\u202e": 1}', {"HD111"}),
        (b'{"a": "\\ud83d\\ude00"}', {"HD201", "HD202"}),  # an emoji, properly escaped, is nothing bad
        (b'{"a": "' + b"x" * 200_000 + b'"}', {"HD201", "HD202"}),
        (b"[" * 100_000, {"HD104"}),
        (b'{"a":' * 100_000 + b"1" + b"}" * 100_000, {"HD104"}),
    ],
    ids=lambda value: str(value)[:30] if isinstance(value, bytes) else "-".join(sorted(value)),
)
def test_odd_bytes_are_findings(raw: Path, data: bytes, expected: set[str]):
    (raw / WAHL).write_bytes(data)
    assert codes(raw) == expected


def test_a_shard_is_read_like_files(raw: Path, tmp_path: Path):
    """The same articles as shards of every kind give the same tables."""
    lines = []
    for path in sorted((raw / "articles").glob("*.json")):
        bundle = json.loads(path.read_text(encoding="utf-8"))
        page = raw / "pages" / f"{path.stem}.txt"
        lines.append(
            json.dumps(bundle | ({"page_text": page.read_text(encoding="utf-8")} if page.exists() else {}), ensure_ascii=False)
        )
        path.unlink()
        page.unlink(missing_ok=True)
    (raw / "articles/a.jsonl").write_text(lines[0] + "\n\n" + lines[1], encoding="utf-8")
    with gzip.open(raw / "articles/b.jsonl.gz", "wt", encoding="utf-8") as file:
        file.write(lines[2] + "\n")
    with pa.OSFile(str(raw / "articles/c.jsonl.zst"), "wb") as out, pa.CompressedOutputStream(out, "zstd") as stream:
        stream.write(f"{lines[3]}\n".encode())
    assert codes(raw) == set()
    left, right = (build(r, tmp_path / n, None).folder / "data" for r, n in ((raw, "shards"), (VALID, "single")))
    assert files(left) == files(right)


@pytest.mark.parametrize("suffix", ["jsonl", "jsonl.gz", "jsonl.zst"])
def test_a_fault_in_a_shard_has_line_and_column(raw: Path, suffix: str):
    bundle = json.loads((raw / WAHL).read_text(encoding="utf-8"))
    bundle["events"][2]["certainty"] = "sicher"
    line = json.dumps(bundle, ensure_ascii=False)
    data = f"\n{{\n\n{line}\n".encode()
    path = raw / f"articles/part-0007.{suffix}"
    if suffix.endswith("zst"):
        with pa.OSFile(str(path), "wb") as out, pa.CompressedOutputStream(out, "zstd") as stream:
            stream.write(data)
    else:
        path.write_bytes(gzip.compress(data) if suffix.endswith("gz") else data)
    found = {finding.code: finding for finding in findings_of(raw)}
    assert found["HD104"].place == f"articles/part-0007.{suffix}:2:2"
    assert found["HD203"].place == f"articles/part-0007.{suffix}:4:{line.index('sicher')}"


def test_a_torn_archive_is_a_finding(raw: Path):
    data = gzip.compress(os.urandom(100_000))
    (raw / "articles/x.jsonl.gz").write_bytes(data[: len(data) // 2])
    (raw / "articles/y.jsonl.zst").write_bytes(b"no archive at all")
    assert "HD104" in codes(raw)


def test_links_are_followed_inside_the_folder_only(raw: Path, tmp_path: Path):
    (tmp_path / "secret.json").write_text("{}")
    os.rename(raw / WAHL, raw / "articles/.hidden")
    (raw / WAHL).symlink_to(".hidden")
    assert codes(raw) == set()
    for target in (tmp_path / "secret.json", "/dev/zero", "/proc/self/environ", "wahl-abendblatt.json"):
        (raw / WAHL).unlink()
        (raw / WAHL).symlink_to(target)
        assert codes(raw) == {"HD106"}


def test_a_linked_folder_is_not_read(raw: Path, tmp_path: Path):
    for name in ("articles", "pages"):
        os.rename(raw / name, tmp_path / name)
        (raw / name).symlink_to(tmp_path / name)
    assert "HD106" in codes(raw)
    with checking(raw, None) as checked:
        assert len(checked.corpus.index) == 0


def test_odd_names_and_keys_are_written_as_escapes(raw: Path, run):
    (raw / "articles" / os.fsdecode(b"\xff.json")).write_bytes(b"{")
    (raw / WAHL).write_bytes(b'{"\\ud800": 1}')
    for form in ("text", "json", "sarif", "github", "gitlab"):
        status, out, err = run("validate", "--raw", raw, "--format", form)
        assert status == 1
        (out + err).encode("utf-8")


def test_a_pipe_does_not_hang(raw: Path):
    (raw / WAHL).unlink()
    os.mkfifo(raw / WAHL)
    assert codes(raw) == {"HD107"}


@pytest.mark.slow
@pytest.mark.parametrize("name", ["articles/big.jsonl", WAHL, "articles/bomb.jsonl.gz"])
def test_two_gigabytes_in_a_line_exhaust_no_memory(raw: Path, name: str):
    """In a process that may have 3.8 GB of address space, of which Arrow and rensa reserve 2.4 GB as they start, and with a sparse file
    of 2 GB.
    """
    path = raw / name
    if name.endswith("gz"):
        with gzip.open(path, "wb", compresslevel=1) as file:
            for _ in range(256):
                file.write(b"x" * 2**20)
    else:
        with path.open("wb") as file:
            file.truncate(2 * 2**30)
    limit = "import resource; resource.setrlimit(resource.RLIMIT_AS, (7 << 29, 7 << 29)); import sys; sys.argv[0] = 'x'; "
    code = limit + f"import build_dataset; sys.exit(build_dataset.main(['validate', '--raw', {str(raw)!r}, '--format', 'json']))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 1, done.stderr
    assert {json.loads(line)["code"] for line in done.stdout.splitlines()} == {"HD108"}


json_values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False), st.text()),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(st.text(), inner, max_size=4)),
    max_leaves=20,
)


@given(json_values, st.sampled_from([None, 1, "\t"]), st.booleans())
@example({"a": [{"b": '{[,:]}\\"'}, {}], "": [[]]}, None, True)
def test_places_of_every_value_are_right(value, indent, ascii_only):
    text = json.dumps(value, indent=indent, ensure_ascii=ascii_only)
    found = places(text)
    decoder = json.JSONDecoder()

    def walk(item, loc):
        assert decoder.raw_decode(text, found.values[loc])[0] == item
        if isinstance(item, dict):
            for key, inner in item.items():
                assert decoder.raw_decode(text, found.keys[(*loc, key)])[0] == key
                walk(inner, (*loc, key))
        elif isinstance(item, list):
            for i, inner in enumerate(item):
                walk(inner, (*loc, i))

    walk(value, ())
    assert found.repeated == []


@given(st.text(), st.integers(0, 200))
def test_line_and_column_lead_back_to_the_offset(text: str, offset: int):
    offset = min(offset, len(text))
    line, column = line_and_column(text, offset)
    assert sum(len(part) + 1 for part in text.split("\n")[: line - 1]) + column - 1 == offset


@given(st.binary(max_size=200))
def test_any_bytes_are_a_document_or_a_finding(tmp_path_factory, data: bytes):
    folder = tmp_path_factory.mktemp("any")
    (folder / "x.jsonl").write_bytes(data)
    findings = Findings()
    documents = list(Files(folder, findings).documents("x.jsonl"))
    for document in documents:
        json.loads(document.text)
        assert hidden(document.text) is None
    lines = [line for line in data.split(b"\n") if line.strip()]
    assert len(documents) + len({f.document for f in findings.all if f.code != "HD109"}) == len(lines)
