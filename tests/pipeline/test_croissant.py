"""What a user of croissant.json relies on: it is valid, and its record sets give the rows that ``load_dataset`` gives."""

import hashlib
import json
import shutil
from datetime import date
from pathlib import Path
from typing import Any

import mlcroissant
import pyarrow as pa
import pytest
from datasets import load_dataset

from pipeline.bag import sha256
from pipeline.build import Built
from pipeline.cite import bibtex
from pipeline.croissant import CROISSANT, croissant
from pipeline.describe import json_text
from pipeline.rai import RAI, rai_of, unknown_rai
from pipeline.release import read_meta, read_release, shards
from pipeline.write import Shard
from schema.derive import arrow_schema
from schema.rows import TABLES

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of rdflib and pandas, in mlcroissant

SHEET = """# Datasheet

## Collection
<!-- rai:dataCollection -->
Pages were written
by hand.

Not this.

<!-- rai:dataBiases -->
- One writer.
- One town,
  one year.
## Uses
<!-- rai:dataBiases -->
<!-- rai:dataLimitations -->
Few rows.
"""
MARKED = {
    "dataCollection": "Pages were written by hand.",
    "dataBiases": "- One writer.\n- One town, one year.\n\nFew rows.",
    "dataLimitations": "Few rows.",
}


def described(folder: Path, rai: dict[str, str]) -> str:
    """The text of croissant.json for the files in a release folder, with other RAI values."""
    found, meta = [], read_meta(folder)
    for part in read_release(folder).tables:
        for path in shards(folder, part.table, part.split):
            name = path.relative_to(folder).as_posix()
            found.append(Shard(part.table, part.split, name, part.rows, part.bytes, 0, part.digest, sha256(path)))
    return json_text(croissant(meta, meta.version, found, bibtex(meta, meta.version), rai))


@pytest.fixture(scope="module")
def folder(release: Built) -> Path:
    """A release as the build made it."""
    return release.folder


@pytest.fixture(scope="module")
def dataset(folder: Path) -> mlcroissant.Dataset:
    return mlcroissant.Dataset(jsonld=str(folder / CROISSANT))


def test_mlcroissant_finds_no_fault(dataset: mlcroissant.Dataset, caplog: pytest.LogCaptureFixture, folder: Path):
    mlcroissant.Dataset(jsonld=str(folder / CROISSANT))
    issues = dataset.metadata.ctx.issues
    assert not issues.errors and not issues.warnings and not caplog.records
    assert dataset.metadata.ctx.is_v1_1()


@pytest.mark.parametrize("name", [table.name for table in TABLES])
def test_records_are_the_rows_that_load_dataset_gives(folder: Path, dataset: mlcroissant.Dataset, name: str):
    table = next(table for table in TABLES if table.name == name)
    wanted = {}
    for split, rows in load_dataset(str(folder), name).items():
        for row in rows:
            read_ones = {column.name: without_lists_in_lists(row[column.name], column.type) for column in arrow_schema(table.row)}
            wanted[row[table.key]] = read_ones | ({"split": split} if table.split else {})
    for _ in range(2):  # what was read once can be read again
        given = [record(name, arrow_schema(table.row), values) for values in dataset.records(name)]
        assert len(given) == len(wanted) > 0
        assert {row[table.key]: row for row in given} == wanted


def test_lists_in_lists_are_declared_though_no_record_has_them(dataset: mlcroissant.Dataset):
    declared = {
        note.id: [field.id.rpartition("/")[2] for field in note.sub_fields]
        for records in dataset.metadata.record_sets
        for field in records.fields
        for note in field.annotations
    }
    assert declared["documents/entities/mentions"] == ["start", "end", "text", "level", "usage"]
    assert set(declared) == {
        f"{table}/{path}"
        for table in ("documents", "passes")
        for path in ("entities/mentions", "events/markers", "events/sources", "events/arguments", "comments/stances")
    }


def test_every_column_is_a_described_field(folder: Path):
    said = json.loads((folder / CROISSANT).read_text(encoding="utf-8"))
    sets = {records["name"]: records for records in said["recordSet"]}
    assert list(sets) == ["splits", *(table.name for table in TABLES)]
    for table in TABLES:
        fields = sets[table.name]["field"]
        assert {field["name"] for field in fields} - {"split"} == set(arrow_schema(table.row).names) - {"split"}
        assert all(field["description"] for field in everything(fields))
        assert sets[table.name]["key"] == {"@id": f"{table.name}/{table.key}"}
    article = next(field for field in sets["events"]["field"] if field["name"] == "article_id")
    assert article["description"] == "The article. One of articles/article_id."


def test_a_table_without_rows_is_left_out(folder: Path, tmp_path: Path):
    copy = Path(shutil.copytree(folder, tmp_path / "copy"))
    shutil.rmtree(copy / "data" / "contacts")
    said = json.loads(described(copy, {}))
    assert "contacts" not in {records["name"] for records in said["recordSet"]}
    assert "contacts" not in json.dumps([entry.get("contentUrl") or entry["includes"] for entry in said["distribution"]])
    assert "contacts/contact_id" not in json.dumps(said)


@pytest.mark.slow
def test_a_split_is_read_alone(dataset: mlcroissant.Dataset, folder: Path):
    loaded = load_dataset(str(folder), "events")
    for split in loaded:
        own = mlcroissant.Dataset(jsonld=str(folder / CROISSANT))
        rows = list(own.records("events", filters={"events/split": split}))
        assert {row["events/event_id"].decode() for row in rows} == set(loaded[split]["event_id"])
    assert [row["splits/name"] for row in dataset.records("splits")] == ["train", "validation", "test"]


def test_every_file_stands_with_its_size_and_sum(folder: Path):
    said = json.loads((folder / CROISSANT).read_text(encoding="utf-8"))
    files = {entry["contentUrl"]: entry for entry in said["distribution"] if entry["@type"] == "cr:FileObject"}
    assert files.keys() == {path.relative_to(folder).as_posix() for path in folder.glob("data/*/*.parquet")}
    for path, entry in files.items():
        content = (folder / path).read_bytes()
        assert entry["sha256"] == hashlib.sha256(content).hexdigest() and entry["contentSize"] == f"{len(content)} B"
    included = [path for entry in said["distribution"] if entry["@type"] == "cr:FileSet" for path in entry["includes"]]
    assert sorted(included) == sorted(files)


def test_the_same_release_is_described_in_the_same_words(folder: Path):
    rai = rai_of((folder / "DATASHEET.md").read_text(encoding="utf-8"))
    assert rai.keys() == {"dataBiases"}
    assert described(folder, rai) == (folder / CROISSANT).read_text(encoding="utf-8")


def test_marked_passages_of_the_datasheet_are_rai_values(folder: Path):
    assert rai_of(SHEET) == MARKED
    dataset = mlcroissant.Dataset(jsonld=json.loads(described(folder, MARKED)))
    assert dataset.metadata.data_collection == MARKED["dataCollection"]
    assert dataset.metadata.data_biases == [MARKED["dataBiases"]]
    assert "http://mlcommons.org/croissant/RAI/1.0" in dataset.metadata.conforms_to


def test_a_corpus_without_datasheet_claims_nothing_of_rai(folder: Path):
    assert "/RAI/1.0" not in described(folder, {}) and '"rai:' not in described(folder, {})


def test_mlcroissant_knows_every_rai_property(folder: Path):
    said = json.loads(described(folder, {name: f"about {name}" for name in RAI}))
    metadata = mlcroissant.Dataset(jsonld=said).metadata
    strange = [name for name in metadata.extra_properties if name.startswith("rai:")]
    assert strange == ["rai:dataManipulationProtocol"]  # the specification spells it so, the library does not


@pytest.mark.parametrize("mark", ["<!-- rai:dataBias -->", "<!-- rai:dataBiases-->", "<!--rai:dataBiases -->", "<!-- rai: -->"])
def test_a_mark_that_marks_nothing_is_found(mark: str):
    assert list(unknown_rai(SHEET)) == []
    assert list(unknown_rai(f"# Sheet\n\n{mark}\nText.\n")) == [(3, mark)]


def test_a_mark_without_text_or_amid_text_is_found():
    assert list(unknown_rai("<!-- rai:dataBiases -->\n\nText.\n")) == [(1, "<!-- rai:dataBiases -->")]
    assert list(unknown_rai("<!-- rai:dataBiases -->\n## Text\n")) == [(1, "<!-- rai:dataBiases -->")]
    assert list(unknown_rai("Text <!-- rai:dataBiases -->\nText.\n")) == [(1, "Text <!-- rai:dataBiases -->")]


def everything(fields: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Fields with all that are below them."""
    return [
        one for field in fields for one in (field, *everything(field.get("subField", [])), *everything(field.get("annotation", [])))
    ]


def without_lists_in_lists(value: Any, kind: pa.DataType, in_list: bool = False) -> Any:
    """A value as far as Croissant gives it. A struct whose leaves are all null is null: Croissant has leaves only."""
    if pa.types.is_list(kind):
        return None if value is None else [without_lists_in_lists(item, kind.value_type, True) for item in value]
    if not pa.types.is_struct(kind):
        return value
    parts = {
        part.name: without_lists_in_lists(None if value is None else value[part.name], part.type, in_list)
        for part in kind
        if not (in_list and is_list_of_structs(part.type))
    }
    return parts if any(part is not None for part in parts.values()) else None


def is_list_of_structs(kind: pa.DataType) -> bool:
    return pa.types.is_list(kind) and pa.types.is_struct(kind.value_type)


def record(table: str, schema: pa.Schema, values: dict[str, Any]) -> dict[str, Any]:
    """A record of mlcroissant as a row: structs put together from their leaves, text from UTF-8, days from time stamps."""
    row = {column.name: gathered(f"{table}/{column.name}", column.type, values) for column in schema}
    return row | ({"split": plain(values[f"{table}/split"])} if f"{table}/split" in values else {})


def gathered(path: str, kind: pa.DataType, values: dict[str, Any]) -> Any:
    """The value of a field. Its own leaves stand in ``values[path]``, those of a struct inside it in a value of their own."""
    many = pa.types.is_list(kind)
    item = kind.value_type if many else kind
    if not pa.types.is_struct(item):
        return plain(values[path])
    if many:
        return [whole(path, item, values, number) for number in range(len(values[path]))]
    return whole(path, item, values, None)


def whole(path: str, kind: pa.DataType, values: dict[str, Any], number: int | None) -> Any:
    """A struct; ``number``: which item of the list that it stands in."""
    parts = {}
    for part in kind:
        name = f"{path}/{part.name}"
        if pa.types.is_struct(part.type):
            parts[part.name] = whole(name, part.type, values, number)
        elif is_list_of_structs(part.type):
            if number is None:
                parts[part.name] = gathered(name, part.type, values)
        else:
            own = values[path][number][name] if isinstance(values[path], list) else values[path][name]
            parts[part.name] = plain(own if isinstance(values[path], list) or number is None else own[number])
    return parts if any(part is not None for part in parts.values()) else None


def plain(value: Any) -> str | int | bool | date | list[Any] | None:
    if isinstance(value, list):
        return [plain(item) for item in value]
    if isinstance(value, bytes):
        return value.decode()
    return value.date() if hasattr(value, "date") else value
