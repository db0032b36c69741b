"""The card of a release whose splits are several files, and its example rows."""

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from pipeline.build import Built
from pipeline.card import card, configs, features, first_rows
from pipeline.digest import of_shards
from pipeline.release import read_meta, shards
from pipeline.statistics import of_nothing
from pipeline.write import Shard
from schema.derive import arrow_schema
from schema.reference import SplitName
from schema.rows import TABLES, Table

NOTHING: dict[str, Any] = {"texts_compared": 0, "articles": 0} | {
    scheme: {kind: [] for kind in ("contacts_reported", "contacts_mentioned", "outlets", "near_duplicates")}
    for scheme in ("by_event", "by_time", "by_outlet")
}


def shard(table: str, split: SplitName, part: int, rows: int) -> Shard:
    path = f"data/{table}/{split}-{part:05}-of-00002.parquet"
    return Shard(table, split, path, rows, 10 * rows, 100 * rows, digest=f"{split:x<63}{part}", sha256=f"{part:0<64}")


SHARDS = [shard("events", "train", 0, 3), shard("events", "train", 1, 4), shard("events", "test", 0, 5), shard("kb", "train", 0, 2)]


@pytest.fixture(scope="module")
def text(release: Built) -> str:
    return card(read_meta(release.folder), "1.2.3", False, SHARDS, {"kb": {"kb_id": "x" * 200}}, NOTHING, of_nothing(), ())


def test_rows_of_several_files_are_those_of_one_split(text: str):
    head = yaml.safe_load(text.split("---\n")[1])
    events, kb = head["dataset_info"]
    assert [(s["name"], s["num_examples"], s["num_bytes"]) for s in events["splits"]] == [("train", 7, 700), ("test", 5, 500)]
    assert (events["download_size"], events["dataset_size"]) == (120, 1200)
    whole = of_shards([s.digest for s in SHARDS[:2]])
    assert events["description"].count(f"train {whole}") == 1, "they share the digest of the split"
    assert [(s["name"], s["num_examples"]) for s in kb["splits"]] == [("train", 2)]
    assert "| `events` | One mention of a happening" in text
    (row,) = (line for line in text.splitlines() if line.startswith("| `events` |"))
    assert row.endswith("| 7 | – | 5 |")


@pytest.mark.skipif(not yaml.__with_libyaml__, reason="PyYAML has no parser in C here, and the tests use none")
def test_both_parsers_of_yaml_read_the_same(release: Built, text: str):
    """The other tests read cards by the one in C (``cards_read_fast``), users by the one in Python."""
    for written in (text, (release.folder / "README.md").read_text("utf-8")):
        front = written.split("---\n")[1]
        own = yaml.load(front, Loader=yaml.SafeLoader)
        assert own["dataset_info"]
        assert own == yaml.load(front, Loader=yaml.CSafeLoader)


def fields(kinds: dict[str, pa.DataType]) -> pa.DataType:
    return pa.struct([pa.field(name, kind) for name, kind in kinds.items()])


KINDS = st.recursive(
    st.sampled_from([pa.string(), pa.bool_(), pa.int32(), pa.int64(), pa.float64(), pa.date32()]),
    lambda kinds: (
        kinds.map(pa.list_) | st.dictionaries(st.sampled_from(["name", "list", "dtype", "struct", "x"]), kinds).map(fields)
    ),
    max_leaves=12,
)
"""The types that ``schema.derive`` gives, nested."""


def told(schema: pa.Schema) -> list[dict[str, Any]]:
    """What the library itself writes."""
    from datasets import Features

    return Features.from_arrow_schema(schema)._to_yaml_list()


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_features_are_what_datasets_writes(table: Table):
    schema = arrow_schema(table.row)
    assert yaml.safe_dump(features(schema), sort_keys=False) == yaml.safe_dump(told(schema), sort_keys=False)


@given(st.dictionaries(st.sampled_from("abcd"), KINDS, min_size=1).map(lambda kinds: pa.schema(list(fields(kinds)))))
def test_features_of_any_columns_are_what_datasets_writes(schema: pa.Schema):
    assert yaml.safe_dump(features(schema), sort_keys=False) == yaml.safe_dump(told(schema), sort_keys=False)


def test_a_type_that_no_model_has_is_refused():
    with pytest.raises(TypeError, match="no feature for decimal"):
        features(pa.schema({"a": pa.list_(pa.decimal128(3))}))


def test_the_whole_info_is_what_datasets_writes(text: str):
    from datasets import DatasetInfo, Features
    from datasets.info import DatasetInfosDict
    from datasets.splits import SplitDict, SplitInfo
    from huggingface_hub import DatasetCardData

    written = yaml.safe_load(text.split("---\n")[1])["dataset_info"]
    infos = DatasetInfosDict()
    for info in written:
        splits = SplitDict()
        for split in info["splits"]:
            splits.add(SplitInfo(**split))
        schema = arrow_schema(next(table.row for table in TABLES if table.name == info["config_name"]))
        sizes = {key: info[key] for key in ("download_size", "dataset_size")}
        infos[info["config_name"]] = DatasetInfo(features=Features.from_arrow_schema(schema), splits=splits, **sizes)
    data = DatasetCardData()
    infos.to_dataset_card_data(data)
    own = {"description", "license", "citation", "homepage"}
    assert [{key: value for key, value in info.items() if key not in own} for info in written] == data["dataset_info"]
    assert all(list(info)[: len(other)] == list(other) for info, other in zip(written, data["dataset_info"], strict=True))


def test_a_split_of_several_files_is_loaded_whole(tmp_path: Path):
    from datasets import load_dataset

    files: list[tuple[str, SplitName, str]] = [(s.table, s.split, s.path) for s in SHARDS if s.table == "events"]
    for i, (_, _, path) in enumerate(files):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        pq.write_table(pa.table({"file": [i]}), tmp_path / path)
    found = configs("1.2.3", files)
    (tmp_path / "README.md").write_text(f"---\n{yaml.safe_dump({'configs': found})}---\n", encoding="utf-8")
    loaded = load_dataset(str(tmp_path), "events")
    assert {name: list(loaded[name]["file"]) for name in loaded} == {"train": [0, 1], "test": [2]}


def test_examples_are_values_that_are_cut_for_people(text: str):
    assert f'"kb_id": "{"x" * 160}…"' in text
    assert text.count("No rows.") == len(TABLES) - 1


def test_first_rows_are_those_of_the_first_files(release: Built):
    order = ("train", "validation", "test")
    files = [
        Shard(t.name, s, p.relative_to(release.folder).as_posix(), 1, 1, 1, "", "")
        for t in TABLES
        for s in order
        for p in shards(release.folder, t.name, s)
    ]
    found = first_rows(release.folder, files)
    assert list(found) == [table.name for table in TABLES], "every table of this corpus has a row"
    for table in TABLES:
        first = next(file.path for file in files if file.table == table.name)
        assert found[table.name] == pq.read_table(release.folder / first).to_pylist()[0]
        assert list(found[table.name]) == arrow_schema(table.row).names
