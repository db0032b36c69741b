"""What somebody relies on who publishes to the Hub, or loads from it: whole versions, that never change, and a run that can be repeated.

The real client talks with a Hub on loopback (``tests.hub``) that keeps files, commits and tags.
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import huggingface_hub
import pytest
from datasets import load_dataset
from huggingface_hub import constants

from pipeline.build import Built, build
from pipeline.findings import CannotRun
from pipeline.publish import Outcome, publish
from tests.conftest import ROOT, VALID, edit_line, files
from tests.hub import READER, SIGNATURE, WRITER, Hub, entry, serve

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:httpx2")  # of the client of the Hub

REPO = "somebody/probe"
PUBLISH = """
import sys, time
time.sleep = lambda _: None  # retries do not wait
import build_dataset
sys.exit(build_dataset.main(["publish", "hub", *sys.argv[1:]]))
"""
LOAD = """
import json, sys
from datasets import load_dataset
repo, table, *revisions = sys.argv[1:]
loaded = {r: {split: d.to_list() for split, d in load_dataset(repo, table, revision=r).items()} for r in revisions}
streamed = list(load_dataset(repo, table, revision=revisions[0], split="train", streaming=True))
print(json.dumps({"loaded": loaded, "streamed": streamed}, default=str))
"""


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Iterator[Hub]:
    """A Hub, that the client in this process talks with as somebody who may write. Nothing secret may ever have been printed."""
    there, stop = serve(tmp_path / "hub")
    monkeypatch.setattr(constants, "ENDPOINT", there.url)
    template = constants.HUGGINGFACE_CO_URL_TEMPLATE
    monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", there.url + template[template.index("/{") :])
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr(constants, "HF_TOKEN_PATH", str(tmp_path / "no-token"))
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("HF_TOKEN", WRITER)
    monkeypatch.setattr(huggingface_hub.utils._http, "time", SimpleNamespace(sleep=lambda _: None))  # retries do not wait
    huggingface_hub.close_session()
    yield there
    huggingface_hub.close_session()
    stop()
    said = "".join(capfd.readouterr())
    assert not [secret for secret in (WRITER, READER, SIGNATURE) if secret in said]


@pytest.fixture(scope="session")
def newer(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """The version after ``release``: one name in the knowledge base is another."""
    folder = tmp_path_factory.mktemp("newer")
    raw = Path(shutil.copytree(VALID, folder / "data" / "raw"))
    edit_line(raw / "kb.jsonl", 0, lambda row: row.update(name="Renamed"))
    return build(raw, folder / "1.2.4", None, "1.2.4")


@pytest.fixture
def other(release: Built, newer: Built, tmp_path: Path) -> Path:
    """A release under the version of ``release`` with other bytes in one table."""
    folder = Path(shutil.copytree(release.folder, tmp_path / "other"))
    name = "data/kb/train-00000-of-00001.parquet"
    shutil.copy(newer.folder / name, folder / name)
    return folder


def refused(folder: Path, match: str, repo: str = REPO, dry_run: bool = False) -> str:
    """What publishing is refused with; it must name no secret."""
    with pytest.raises(CannotRun, match=match) as caught:
        publish(folder, repo, dry_run)
    said = f"{caught.value}"
    assert "\n" not in said
    assert not [secret for secret in (WRITER, READER, SIGNATURE, "Bearer", "hf_no") if secret in said]
    return said


def client(tmp_path: Path, hub: Hub, code: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    """Run the client as a process of its own, with nothing but its environment to tell it where the Hub and its token are."""
    left_out = {"HF_HUB_OFFLINE", "HF_DATASETS_OFFLINE", "TRANSFORMERS_OFFLINE", "HF_TOKEN"}
    env = {key: value for key, value in os.environ.items() if key not in left_out}
    env |= {"HF_ENDPOINT": hub.url, "HF_HOME": str(tmp_path / "home"), "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", code, *map(str, arguments)]
    return subprocess.run(command, env=env, cwd=tmp_path, capture_output=True, text=True, check=False)


# --- versions ----------------------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_what_is_published_loads_by_its_tag_for_good(release: Built, newer: Built, hub: Hub, tmp_path: Path):
    token = tmp_path / "home" / "token"  # where 'hf auth login' keeps it
    token.parent.mkdir()
    token.write_text(WRITER)
    for built in (release, newer):
        done = client(tmp_path, hub, PUBLISH, REPO, "--release", built.folder)
        assert (done.returncode, done.stderr) == (0, "")
        assert f"{REPO}: {built.release.version} was published as v{built.release.version}" in done.stdout
        assert ("The repository was made: public" in done.stdout) is (built is release)
        assert WRITER not in done.stdout
    token.unlink()  # anybody may load
    assert hub.store.files(REPO, "v1.2.3") == files(release.folder)
    assert hub.store.files(REPO, "main") == hub.store.files(REPO, "v1.2.4") == files(newer.folder)
    for table in ("events", "kb"):
        done = client(tmp_path, hub, LOAD, REPO, table, "v1.2.3", "v1.2.4")
        assert done.returncode == 0, done.stderr
        local = {f"v{built.release.version}": rows(built, table) for built in (release, newer)}
        assert (local["v1.2.3"] == local["v1.2.4"]) is (table == "events")
        assert json.loads(done.stdout) == {"loaded": local, "streamed": local["v1.2.3"]["train"]}


def rows(built: Built, table: str) -> dict[str, list[dict]]:
    """A table of a release on this disk, by split, as JSON has it."""
    return {
        split: json.loads(json.dumps(data.to_list(), default=str)) for split, data in load_dataset(str(built.folder), table).items()
    }


def test_publishing_again_writes_nothing(release: Built, hub: Hub):
    first = publish(release.folder, REPO, False)
    assert (first.outcome, first.created, first.kept, first.deleted) == (Outcome.published, True, {}, ())
    assert first.uploaded == {name: len(data) for name, data in files(release.folder).items()}
    before = hub.store.state()
    hub.mend()
    again = publish(release.folder, REPO, False)
    assert (again.outcome, again.commit, again.created, again.uploaded) == (Outcome.unchanged, first.commit, False, {})
    assert again.kept == first.uploaded
    assert hub.writes == []
    assert hub.store.state() == before


@pytest.mark.usefixtures("hub")
def test_progress_bars_are_shown_only_where_they_are_asked_for(release: Built, newer: Built, capfd: pytest.CaptureFixture[str]):
    publish(release.folder, REPO, False)
    assert capfd.readouterr() == ("", "")
    publish(newer.folder, REPO, False, bars=True)
    err = capfd.readouterr().err
    assert "parquet" in err
    assert SIGNATURE not in err


def test_the_next_version_takes_the_place_of_the_last_and_sends_only_what_is_new(
    release: Built, newer: Built, hub: Hub, tmp_path: Path
):
    older = Path(shutil.copytree(release.folder, tmp_path / "older"))
    (older / "figures" / "old.svg").parent.mkdir(exist_ok=True)
    (older / "figures" / "old.svg").write_text("<svg/>")
    publish(older, REPO, False)
    hub.mend()
    made = publish(newer.folder, REPO, False)
    assert made.deleted == ("figures/old.svg",)
    assert "splits.json" in made.kept
    assert "data/kb/train-00000-of-00001.parquet" in made.uploaded
    assert hub.store.files(REPO, "main") == files(newer.folder)
    assert hub.store.files(REPO, "v1.2.3") == files(older)
    assert ".gitattributes" in hub.store.tree(REPO, "main")  # the Hub's own stays
    assert len(hub.asked("POST .*/commit/")) == 1


def test_a_published_version_never_changes(release: Built, other: Path, newer: Built, hub: Hub):
    publish(release.folder, REPO, False)
    before = hub.store.state()
    said = refused(other, r"v1\.2\.3 of somebody/probe differs from this release in data/kb/train")
    assert "raise the version" in said
    assert hub.store.state() == before
    publish(newer.folder, REPO, False)
    after = hub.store.state()
    refused(other, r"v1\.2\.3 of somebody/probe differs")
    assert publish(release.folder, REPO, False).outcome is Outcome.unchanged  # main is 1.2.4, and stays so
    assert hub.store.state() == after


def test_main_never_goes_back_to_a_lower_version(release: Built, newer: Built, hub: Hub):
    publish(newer.folder, REPO, False)
    before = hub.store.state()
    refused(release.folder, r"has 1\.2\.4 already.* take main back")
    assert hub.store.state() == before
    hub.store.create("somebody/else")
    publish(release.folder, "somebody/else", False)
    hub.store.tag("somebody/else", "v1.3.0", hub.store.resolve("somebody/else", "main"))
    refused(newer.folder, r"has 1\.3\.0 already", "somebody/else")


def test_a_repository_that_holds_something_else_is_left_alone(release: Built, hub: Hub):
    hub.store.create(REPO)
    tree = hub.store.tree(REPO, "main")
    others = [{"thesis.txt": tree[".gitattributes"]}, {"release.json": tree[".gitattributes"]}]
    for there in others:
        hub.store.commit(REPO, hub.store.resolve(REPO, "main"), tree | there, "years of work")
        before = hub.store.state()
        refused(release.folder, "holds no release of .*name another repository")
        assert hub.store.state() == before


# --- breaks ------------------------------------------------------------------------------------------------------------------


def test_a_break_in_an_upload_leaves_main_alone_and_the_next_run_sends_the_rest(release: Built, hub: Hub):
    hub.store.create(REPO)
    before = hub.store.state()
    tables = {name: data for name, data in files(release.folder).items() if name.endswith(".parquet")}
    hub.break_after = sum(map(len, tables.values())) // 2
    refused(release.folder, "connection to the Hub broke.*run the same command again")
    assert hub.store.state() == before
    first = list(hub.received)
    assert 0 < len(first) < len(set(tables.values()))
    hub.mend()
    assert publish(release.folder, REPO, False).outcome is Outcome.published
    assert hub.store.files(REPO, "v1.2.3") == files(release.folder)
    assert set(first).isdisjoint(hub.received)
    assert len(first) + len(hub.received) == len(set(tables.values()))


def test_a_break_is_told_in_one_line_that_names_no_signed_address(release: Built, hub: Hub, tmp_path: Path):
    hub.break_at = "PUT"
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "token").write_text(WRITER)
    done = client(tmp_path, hub, PUBLISH, REPO, "--release", release.folder)
    assert (done.returncode, done.stdout) == (2, "")
    (said,) = done.stderr.splitlines()
    assert "run the same command again" in said
    assert SIGNATURE not in done.stderr


@pytest.mark.parametrize("where", ["break_at", "break_behind"])
@pytest.mark.parametrize("what", ["create", "preupload", "objects/batch", "commit/", "tree", "tag/", "refs"])
def test_wherever_it_breaks_the_next_run_finishes(release: Built, hub: Hub, where: str, what: str):
    setattr(hub, where, what)
    refused(release.folder, "connection to the Hub broke")
    hub.mend()
    made = publish(release.folder, REPO, False)
    lost = where == "break_behind" and what in ("commit/", "tag/")
    assert made.outcome is ({"commit/": Outcome.tagged, "tag/": Outcome.unchanged}[what] if lost else made.outcome)
    assert hub.store.files(REPO, "main") == hub.store.files(REPO, "v1.2.3") == files(release.folder)
    assert len(hub.store.refs(REPO, "commits")) == 2  # the Hub's first, and the release


def test_a_commit_without_its_tag_is_tagged_only_if_it_is_this_release(release: Built, other: Path, hub: Hub):
    hub.break_at = "/tag/"
    refused(release.folder, "connection to the Hub broke")
    hub.mend()
    before = hub.store.state()
    refused(other, r"main of somebody/probe, which is 1\.2\.3 without its tag, differs")
    assert hub.store.state() == before
    assert hub.writes == []
    assert publish(release.folder, REPO, True).outcome is Outcome.tagged
    assert publish(release.folder, REPO, False).outcome is Outcome.tagged
    assert hub.asked("PUT|POST") == [f"POST /api/datasets/{REPO}/tag/{hub.store.resolve(REPO, 'v1.2.3')}"]


def test_a_commit_of_somebody_else_is_not_overrun(release: Built, newer: Built, hub: Hub):
    publish(release.folder, REPO, False)
    hub.before["/commit/"] = lambda: hub.store.commit(REPO, "0", hub.store.tree(REPO, "main"), "somebody else's")
    refused(newer.folder, "has moved meanwhile")
    assert hub.store.files(REPO, "main") == files(release.folder)
    assert set(hub.store.refs(REPO, "tags")) == {"v1.2.3"}


def test_a_tag_of_somebody_else_is_not_moved(release: Built, hub: Hub):
    hub.store.create(REPO)
    first = hub.store.resolve(REPO, "main")
    hub.before["/tag/"] = lambda: hub.store.tag(REPO, "v1.2.3", first)
    refused(release.folder, "was given v1.2.3 meanwhile")
    refused(release.folder, "v1.2.3 of somebody/probe differs")
    assert hub.store.refs(REPO, "tags") == {"v1.2.3": first}


def test_a_commit_that_lacks_a_file_is_not_tagged(release: Built, newer: Built, hub: Hub):
    publish(release.folder, REPO, False)
    ignore = b"README.md"
    tree = hub.store.tree(REPO, "main") | {".gitignore": entry(hub.store.put(ignore), ignore, lfs=False)}
    hub.store.commit(REPO, hub.store.resolve(REPO, "main"), tree, "somebody's .gitignore")
    refused(newer.folder, r"not this release \(README\.md\) and was not tagged.*\.gitignore")
    assert set(hub.store.refs(REPO, "tags")) == {"v1.2.3"}


# --- who may, and what is published ------------------------------------------------------------------------------------------


def test_a_dry_run_needs_no_token_and_writes_nothing(release: Built, newer: Built, hub: Hub, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("HF_TOKEN")
    planned = publish(release.folder, REPO, True)
    assert (planned.outcome, planned.created, planned.commit) == (Outcome.published, True, None)
    assert planned.uploaded == {name: len(data) for name, data in files(release.folder).items()}
    assert hub.writes == []
    assert hub.store.state() == {}
    monkeypatch.setenv("HF_TOKEN", WRITER)
    publish(release.folder, REPO, False)
    monkeypatch.delenv("HF_TOKEN")
    hub.mend()
    next_one = publish(newer.folder, REPO, True)
    assert hub.writes == []
    monkeypatch.setenv("HF_TOKEN", WRITER)
    made = publish(newer.folder, REPO, False)
    assert (made.uploaded, made.kept, made.deleted) == (next_one.uploaded, next_one.kept, next_one.deleted)


@pytest.mark.parametrize(
    ("token", "message"),
    [(None, "no token.*hf auth login"), ("hf_nobody", "does not accept the token.*hf auth login"), (READER, "may not write to")],
)
def test_who_may_not_write_is_told_what_to_do(release: Built, hub: Hub, monkeypatch, token: str | None, message: str):
    monkeypatch.setenv("HF_TOKEN", token) if token else monkeypatch.delenv("HF_TOKEN")
    refused(release.folder, message)
    hub.store.create(REPO)
    before = hub.store.state()
    refused(release.folder, message)
    assert hub.store.state() == before


@pytest.mark.parametrize(
    ("status", "message"), [(503, "out of order.*run the same command again"), (422, "refuses with status 422: refused")]
)
def test_what_the_hub_says_is_passed_on_without_secrets(release: Built, hub: Hub, status: int, message: str):
    hub.store.create(REPO)
    hub.status = status
    refused(release.folder, message)


def test_without_a_connection_it_is_said(release: Built, hub: Hub, monkeypatch: pytest.MonkeyPatch):
    hub.down = True
    for dry_run in (True, False):
        refused(release.folder, "connection to the Hub broke or cannot be made.*run the same command again", dry_run=dry_run)
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    refused(release.folder, "HF_HUB_OFFLINE.*unset it")


@pytest.mark.parametrize(
    "repo", ["probe", "a/b/c", "some body/probe", "datasets/some/probe", "", "somebody/../probe", "somebody/pro--be"]
)
def test_a_name_that_no_repository_has_is_refused(release: Built, hub: Hub, repo: str):
    refused(release.folder, "OWNER/NAME", repo)
    assert hub.requests == []


def test_what_is_not_for_the_public_is_refused(hydrated: Built, hub: Hub, tmp_path: Path):
    refused(hydrated.folder, "hydrated build.*may not be passed on")
    dev = build(VALID, tmp_path / "1.2.4-dev", None, "1.2.4-dev").folder
    refused(dev, "still changes")
    refused(tmp_path, "is no release")
    assert hub.requests == []
