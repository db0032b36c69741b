"""The peers write what they say they write: every article and every record of the same shards."""

import shutil
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from benchmarks import peers
from benchmarks.generate import generate
from benchmarks.peers import main as command

BUNDLES = 30


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("generated") / "raw"
    generate(folder, BUNDLES, shards=2, seed=3)
    return folder


@pytest.mark.parametrize("nested", [True, False])
def test_bound_writes_all_records(corpus: Path, tmp_path: Path, nested: bool):
    assert command(["bound" if nested else "bound-records", str(corpus), str(tmp_path / "out")]) == 0
    tables = {path.name: pq.read_table(path) for path in (tmp_path / "out" / "data").iterdir()}
    assert set(tables) == {"articles", "entities", "events", "comments", *(["documents"] if nested else [])}
    assert len(set(tables["articles"]["article_id"].to_pylist())) == BUNDLES
    pages = zip(tables["articles"]["text"].to_pylist(), tables["articles"]["page"].to_pylist(), strict=True)
    assert all(len(text) == page["characters"] for text, page in pages)
    assert (tables["events"].num_rows, tables["comments"].num_rows) == (10 * BUNDLES, 3 * BUNDLES)
    assert set(tables["entities"]["article_id"].to_pylist()) == set(tables["articles"]["article_id"].to_pylist())


@pytest.mark.slow
@pytest.mark.parametrize("name", ["json", "generator", "duckdb"])
def test_each_peer_writes_one_nested_table(corpus: Path, tmp_path: Path, name: str):
    pytest.importorskip("duckdb" if name == "duckdb" else "datasets")
    assert command([name, str(corpus), str(tmp_path / "out")]) == 0
    table = pq.read_table(tmp_path / "out" / "bundles.parquet")
    assert table.num_rows == BUNDLES
    assert sum(map(len, table["events"].to_pylist())) == 10 * BUNDLES


@pytest.mark.parametrize("compress", ["gz", "zst"])
def test_pieces_are_whole_lines(corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, compress: str):
    monkeypatch.setattr(peers, "PIECE", 40_000)
    generate(tmp_path / "packed", BUNDLES, shards=1, seed=3, compress=compress)
    pieces = list(peers._pieces(tmp_path / "packed" / "articles" / f"part-00000.jsonl.{compress}"))
    assert len(pieces) > 5
    assert all(piece.endswith(b"\n") for piece in pieces)
    assert b"".join(pieces) == b"".join(shard.read_bytes() for shard in peers.shards(corpus))


def test_a_line_longer_than_a_piece_stays_whole(corpus: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(peers, "PIECE", 1_000)
    shard = peers.shards(corpus)[0]
    assert [piece.count(b"\n") for piece in peers._pieces(shard)] == [1] * (BUNDLES // 2)


def test_a_folder_without_shards(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    assert command(["bound", str(tmp_path), str(tmp_path / "out")]) == 2
    assert "no shards" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_output_is_not_overwritten(corpus: Path, tmp_path: Path):
    shutil.copytree(corpus, tmp_path / "out")
    assert command(["bound", str(corpus), str(tmp_path / "out")]) == 2
    assert not (tmp_path / "out" / "data").exists()
