"""A byte-level fuzzer: ``python -m tests.fuzz --seconds 60`` spoils bytes of the valid corpus and validates what comes out.

Whatever the bytes: no traceback; and what is accepted as a bundle, a contact or a row of the knowledge base is accepted by an
independent implementation of the JSON Schemas too. A failure prints the seed and leaves the file.
"""

import argparse
import json
import random
import shutil
import sys
import tempfile
import time
from pathlib import Path

from jsonschema import Draft202012Validator

from pipeline.build import checking
from pipeline.findings import CannotRun, Refused
from schema.derive import json_schemas
from tests.conftest import VALID

TARGETS = {
    "articles/wahl-abendblatt.json": "bundle", "articles/anruf-abendblatt.json": "bundle", "contacts.jsonl": "contact",
    "kb.jsonl": "kb", "corpus.toml": None, "pages/wahl-abendblatt.txt": None,
}  # fmt: skip
PIECES = [
    *(c.encode() for c in '"{}[],:\\ \n\0'), b"\\u0000", b"\\ud800", b"\xff", b"\xef\xbb\xbf", b"\r\n", b"null", b"NaN", b"1e999", b"-1",
    b"2147483648", b"\xe2\x80\xae", b"u\xcc\x88", b"true", b'"start"', b'"text": "x"',
]  # fmt: skip


def spoil(data: bytes, random: random.Random) -> bytes:
    """One to four small changes: a byte set, a piece put in, a stretch taken out, doubled, or moved."""
    for _ in range(random.choice((1, 1, 1, 2, 4))):
        a = random.randrange(len(data) + 1)
        b = min(len(data), a + random.choice((0, 1, 2, 8, 64)))
        kind = random.randrange(5)
        if kind == 0 and a < len(data):
            data = data[:a] + bytes([random.randrange(256)]) + data[a + 1 :]
        elif kind == 1:
            data = data[:a] + random.choice(PIECES) + data[a:]
        elif kind == 2:
            data = data[:a] + data[b:]
        elif kind == 3:
            data = data[:b] + data[a:b] + data[b:]
        else:
            c = random.randrange(len(data) + 1)
            data = data[:c] + data[a:b] + data[c:]
    return data


def accepted(raw: Path) -> bool:
    """Whether validation finds no error; anything but findings is an exception that ends the run."""
    try:
        with checking(raw, None) as checked:
            return not checked.findings.errors
    except (Refused, CannotRun):
        return False


def main() -> int:
    """Fuzz for some seconds; 0 if all went well."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", type=int, default=None, help="repeat a run")
    options = parser.parse_args()
    seed = random.randrange(2**32) if options.seed is None else options.seed
    rng = random.Random(seed)
    schemas = {name: Draft202012Validator(json_schemas()[f"{name}.schema.json"]) for name in ("bundle", "contact", "kb")}
    runs = sound = 0
    with tempfile.TemporaryDirectory() as folder:
        raw = Path(shutil.copytree(VALID, Path(folder) / "raw"))
        end = time.monotonic() + options.seconds
        while time.monotonic() < end:
            file = rng.choice(list(TARGETS))
            good = (VALID / file).read_bytes()
            bad = spoil(good, rng)
            (raw / file).write_bytes(bad)
            try:
                if accepted(raw):
                    sound += 1
                    name = TARGETS[file]
                    documents = bad.split(b"\n") if file.endswith("l") and name != "bundle" else [bad]
                    for document in documents if name else ():
                        if document.strip():
                            schemas[name].validate(json.loads(document))
            except BaseException:
                kept = Path(tempfile.gettempdir()) / f"fuzz-{seed}-{runs}"
                kept.write_bytes(bad)
                print(f"fuzz: seed {seed}, run {runs}, {file}: kept as {kept}", file=sys.stderr)
                raise
            (raw / file).write_bytes(good)
            runs += 1
    print(f"fuzz: seed {seed}: {runs} spoiled files, {sound} of them still sound, {runs - sound} refused")
    return 0


if __name__ == "__main__":
    sys.exit(main())
