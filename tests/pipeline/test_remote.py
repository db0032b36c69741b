"""Raw files and releases at an address, on a real FTP server of this machine."""

import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.build import build, checking
from pipeline.findings import CannotRun
from pipeline.house import address
from pipeline.means import Means
from pipeline.seal import Outcome
from pipeline.verify import verify
from tests.conftest import VALID, WITHHELD, files


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """An FTP server: its address, and the folder that it serves."""
    from pyftpdlib.authorizers import DummyAuthorizer
    from pyftpdlib.handlers import FTPHandler
    from pyftpdlib.servers import FTPServer

    folder = tmp_path_factory.mktemp("ftp")
    authorizer = DummyAuthorizer()
    authorizer.add_user("reader", "secret", str(folder), perm="elradfmwMT")
    handler = type("Handler", (FTPHandler,), {"authorizer": authorizer})
    own = FTPServer(("127.0.0.1", 0), handler)
    host, port = own.socket.getsockname()[:2]
    thread = threading.Thread(target=own.serve_forever, kwargs={"timeout": 0.05}, daemon=True)
    thread.start()
    yield f"ftp://reader:secret@{host}:{port}", folder
    own.close_all()
    thread.join(5)


@pytest.fixture
def place(server: tuple[str, Path], tmp_path: Path) -> tuple[str, Path]:
    """A folder of its own on the server: its address, and where it is."""
    url, folder = server
    own = folder / tmp_path.name
    own.mkdir()
    return f"{url}/{own.name}", own


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("s3://bucket/raw", "s3://bucket/raw"), ("s3:/bucket/raw", "s3://bucket/raw"), ("data/raw", None), ("C:/data/raw", None),
        ("a:b", None), ("ftp://me@host:21/x", "ftp://me@host:21/x"),
    ],
)  # fmt: skip
def test_an_address_is_told_from_a_place_of_this_machine(path: str, expected: str | None):
    assert address(Path(path)) == expected


def test_raw_files_at_an_address_give_what_they_give_here(place: tuple[str, Path], tmp_path: Path):
    url, folder = place
    shutil.copytree(VALID, folder / "raw")
    built = build(Path(f"{url}/raw"), tmp_path / "1.2.3", None, means=Means())
    here = build(VALID, tmp_path / "here" / "1.2.3", None)
    assert built.outcome is Outcome.written
    assert files(built.folder) == files(here.folder)


def test_findings_at_an_address_name_the_file(place: tuple[str, Path]):
    url, folder = place
    shutil.copytree(VALID, folder / "raw")
    (folder / "raw/articles/wahl-abendblatt.json").write_text("{}\n")
    with checking(Path(f"{url}/raw"), None) as checked:
        assert {(f.file, f.line) for f in checked.findings.errors if f.code == "HD202"} == {("articles/wahl-abendblatt.json", 1)}


def test_a_release_goes_to_an_address_whole_and_once(place: tuple[str, Path], tmp_path: Path):
    url, folder = place
    out = Path(f"{url}/releases/1.2.3")
    assert build(VALID, out, None).outcome is Outcome.written
    assert files(folder / "releases/1.2.3") == files(build(VALID, tmp_path / "1.2.3", None).folder)
    assert not verify(folder / "releases/1.2.3").findings.errors
    assert build(VALID, out, None).outcome is Outcome.unchanged


def test_a_broken_transfer_is_mended_by_the_same_command(place: tuple[str, Path]):
    url, folder = place
    out = Path(f"{url}/1.2.3")
    build(VALID, out, None)
    whole = files(folder / "1.2.3")
    (folder / "1.2.3/tagmanifest-sha256.txt").unlink()
    (folder / "1.2.3/README.md").write_bytes(b"half")
    (folder / "1.2.3/data/events/train-00000-of-00001.parquet").unlink()
    assert build(VALID, out, None).outcome is Outcome.written
    assert files(folder / "1.2.3") == whole


def test_what_is_at_an_address_is_not_overwritten(place: tuple[str, Path], raw: Path):
    url, folder = place
    (folder / "1.2.3").mkdir()
    (folder / "1.2.3/notes.txt").write_text("mine")
    with pytest.raises(CannotRun, match=r"holds something else \(notes\.txt\)"):
        build(VALID, Path(f"{url}/1.2.3"), None)
    assert files(folder / "1.2.3") == {"notes.txt": b"mine"}
    build(VALID, Path(f"{url}/other"), None)
    toml = raw / "corpus.toml"
    toml.write_text(toml.read_text(encoding="utf-8").replace("1.2.3", "1.2.4"), encoding="utf-8")
    before = files(folder / "other")
    with pytest.raises(CannotRun, match="is another release"):
        build(raw, Path(f"{url}/other"), None)
    assert files(folder / "other") == before


def test_a_hydrated_build_is_not_sent(place: tuple[str, Path]):
    url, folder = place
    with pytest.raises(CannotRun, match="may not be passed on"):
        build(VALID, Path(f"{url}/1.2.3"), WITHHELD)
    assert not files(folder)


def test_an_address_that_cannot_be_reached_is_told_without_its_password(place: tuple[str, Path]):
    for url, said in ((f"{place[0]}/nothing", "holds no file"), ("ftp://me:hidden@127.0.0.1:1/raw", "cannot be reached")):
        with pytest.raises(CannotRun, match=said) as told, checking(Path(url), None):
            pass
        assert "hidden" not in str(told.value)
        assert "secret" not in str(told.value)
    with pytest.raises(CannotRun, match=r"needs another library|cannot be reached"), checking(Path("nosuch://x/y"), None):
        pass


def test_raw_files_at_an_address_need_a_place_for_the_release(place: tuple[str, Path]):
    url, folder = place
    shutil.copytree(VALID, folder / "raw")
    with pytest.raises(CannotRun, match="--out") as told:
        build(Path(f"{url}/raw"), None, None)
    assert "secret" not in str(told.value)
