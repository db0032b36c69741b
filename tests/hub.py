"""A Hub on loopback that keeps real files, commits and tags, and speaks as much of the Hub's protocol as its real client does when it
publishes and loads a dataset: repositories, trees in pages, Git LFS (batch, PUT, verify), commits, tags, and files with redirects.

It offers no Xet. It can break: ``break_after`` cuts the connection within an upload, ``break_at`` at a request, and the Hub stays out of
reach until ``mend``. ``before`` lets a test act between two requests of the client.
"""

import base64
import hashlib
import json
import re
import socket
import threading
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

WRITER, READER = "hf_writerofthetestshub", "hf_readerofthetestshub"
SIGNATURE = "signaturethatisasecret"
PAGE = 20  # entries of a tree in one answer


@dataclass(frozen=True)
class Entry:
    """A file of a commit."""

    sha256: str
    size: int
    lfs: bool
    oid: str
    """Name of the Git blob: of the bytes, or of the LFS pointer."""


class Absent(Exception):
    """Something is not there; the code is the Hub's."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True)
class Store:
    """Files named by their SHA-256, commits by that of what they say, and branches and tags that name commits."""

    folder: Path

    def put(self, data: bytes) -> str:
        name = hashlib.sha256(data).hexdigest()
        self.object(name).parent.mkdir(parents=True, exist_ok=True)
        self.object(name).write_bytes(data)
        return name

    def object(self, name: str) -> Path:
        return self.folder / "objects" / name

    def create(self, repo: str) -> None:
        data = b"*.parquet filter=lfs diff=lfs merge=lfs -text\n"
        self.commit(repo, None, {".gitattributes": entry(self.put(data), data, lfs=False)}, "initial commit")

    def commit(self, repo: str, parent: str | None, tree: dict[str, Entry], summary: str) -> str:
        value = {"parent": parent, "summary": summary, "tree": {path: asdict(tree[path]) for path in sorted(tree)}}
        text = json.dumps(value)
        name = hashlib.sha1(text.encode()).hexdigest()
        self._write(repo, f"commits/{name}", text)
        self._write(repo, "heads/main", name)
        return name

    def tag(self, repo: str, tag: str, commit: str) -> None:
        self._write(repo, f"tags/{tag}", commit)

    def refs(self, repo: str, kind: str) -> dict[str, str]:
        if not (self.folder / repo).is_dir():
            raise Absent("RepoNotFound")
        return {path.name: path.read_text() for path in sorted((self.folder / repo / kind).glob("*"))}

    def resolve(self, repo: str, revision: str) -> str:
        commits = {name: name for name in self.refs(repo, "commits")}
        try:
            return (commits | self.refs(repo, "tags") | self.refs(repo, "heads"))[revision]
        except KeyError:
            raise Absent("RevisionNotFound") from None

    def tree(self, repo: str, revision: str) -> dict[str, Entry]:
        path = self.folder / repo / "commits" / self.resolve(repo, revision)
        return {name: Entry(**value) for name, value in json.loads(path.read_text())["tree"].items()}

    def files(self, repo: str, revision: str) -> dict[str, bytes]:
        """Every file of a revision, by path, but the Hub's own."""
        tree = self.tree(repo, revision)
        return {path: self.object(e.sha256).read_bytes() for path, e in tree.items() if path != ".gitattributes"}

    def state(self) -> dict[str, bytes]:
        """Everything that is in view: commits, branches and tags."""
        paths = [p for p in self.folder.rglob("*") if p.is_file() and p.parent != self.folder / "objects"]
        return {p.relative_to(self.folder).as_posix(): p.read_bytes() for p in sorted(paths)}

    def _write(self, repo: str, name: str, text: str) -> None:
        path = self.folder / repo / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def entry(sha256: str, data: bytes, lfs: bool) -> Entry:
    """What a tree says of a file."""
    pointer = f"version https://git-lfs.github.com/spec/v1\noid sha256:{sha256}\nsize {len(data)}\n".encode() if lfs else data
    return Entry(sha256, len(data), lfs, hashlib.sha1(b"blob %d\0" % len(pointer) + pointer).hexdigest())


@dataclass
class Hub:
    """The running server: what it keeps, what it was asked, and how it breaks."""

    store: Store
    url: str = ""
    storage: str = ""
    """Where files of Git LFS are: another host to the client, which may not have the token."""
    requests: list[tuple[str, str]] = field(default_factory=list)
    """Method and path of every request, in order."""
    received: list[str] = field(default_factory=list)
    """SHA-256 of every file that was sent whole by LFS."""
    break_after: int | None = None
    """Bytes of uploads after which the connection is cut."""
    break_at: str | None = None
    """Pattern of the request, method and path, at which the connection is cut before anything is done."""
    break_behind: str | None = None
    """The same, but what was asked is done and only the answer is lost."""
    before: dict[str, Callable[[], Any]] = field(default_factory=dict)
    """What happens once just before a request, by its pattern."""
    status: int | None = None
    """What every request that writes is answered, if not what it should be."""
    down: bool = False
    lock: threading.RLock = field(default_factory=threading.RLock)

    def mend(self) -> None:
        """Let it work again."""
        self.down, self.break_after, self.break_at, self.break_behind, self.status = False, None, None, None, None
        self.requests.clear(), self.received.clear()

    def asked(self, pattern: str) -> list[str]:
        """The requests of a pattern."""
        return [f"{method} {path}" for method, path in self.requests if re.match(pattern, f"{method} {path}")]

    @property
    def writes(self) -> list[str]:
        """The requests that are made to change something."""
        return self.asked("PUT|POST (?!/api/validate-yaml)")


class Cut(Exception):
    """The connection breaks here."""


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    hub: Hub

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def handle_one_request(self) -> None:
        try:
            super().handle_one_request()
        except (Cut, ConnectionError):
            self.hub.down = True
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)

    def do(self) -> None:
        hub, url = self.hub, urlsplit(self.path)
        line = f"{self.command} {url.path}"
        if hub.down or (hub.break_at and re.search(hub.break_at, line)):
            raise Cut
        body = self.body()
        with hub.lock:
            hub.requests.append((self.command, url.path))
            for pattern in [p for p in hub.before if re.search(p, line)]:
                hub.before.pop(pattern)()
            try:
                answer = self.route(url.path, {key: values[0] for key, values in parse_qs(url.query).items()}, body)
            except Absent as error:
                status = 401 if error.code == "RepoNotFound" and not self.token else 404
                answer = status, {"X-Error-Code": error.code, "X-Error-Message": error.code}, {"error": error.code}
        if hub.break_behind and re.search(hub.break_behind, line):
            raise Cut
        self.answer(*answer)

    do_GET = do_HEAD = do_POST = do_PUT = do  # noqa: N815  (the names that http.server calls)

    @property
    def token(self) -> str | None:
        return (self.headers.get("Authorization") or "").removeprefix("Bearer ") or None

    def body(self) -> bytes:
        left, chunks = int(self.headers.get("Content-Length") or 0), []
        while left:
            chunk = self.rfile.read(min(left, 4096))
            if self.command == "PUT" and self.hub.break_after is not None:
                self.hub.break_after -= len(chunk)
                if self.hub.break_after < 0:
                    raise Cut
            if not chunk:
                raise Cut
            left -= len(chunk)
            chunks.append(chunk)
        return b"".join(chunks)

    def answer(self, status: int, headers: dict[str, str], value: object) -> None:
        data = value if isinstance(value, bytes) else json.dumps(value).encode()
        wanted = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range") or "")
        if wanted and status == 200 and isinstance(value, bytes):
            first, last = int(wanted[1]), min(int(wanted[2] or len(data)), len(data) - 1)
            status, headers = 206, headers | {"Content-Range": f"bytes {first}-{last}/{len(data)}"}
            data = data[first : last + 1]
        self.send_response(status)
        kind = "application/octet-stream" if isinstance(value, bytes) else "application/json"
        for name, text in {"Content-Type": kind, "Content-Length": str(len(data)), "Accept-Ranges": "bytes", **headers}.items():
            self.send_header(name, text)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)

    def route(self, path: str, query: dict[str, str], body: bytes) -> tuple[int, dict[str, str], object]:
        """What a request is answered: status, headers, and JSON or bytes."""
        if self.token not in (None, WRITER, READER):
            return 401, {"X-Error-Message": "Invalid credentials in Authorization header"}, {"error": f"bad token {self.token}"}
        if match := re.fullmatch(r"/(lfs|cdn)/([0-9a-f]{64})", path):
            return self.storage(match[2], query, body)
        if path == "/api/validate-yaml":
            return 200, {}, {"errors": [], "warnings": []}
        if self.command == "POST":
            if self.hub.status:
                return self.hub.status, {}, {"error": f"refused: {self.hub.url}/x?X-Signature={SIGNATURE} {self.token}"}
            if self.token != WRITER:
                return (403, {}, {"error": "no right to write"}) if self.token else (401, {}, {"error": "no token"})
        if path == "/api/repos/create":
            asked = json.loads(body)
            repo = f"{asked['organization']}/{asked['name']}"
            if (self.hub.store.folder / repo).exists():
                return 409, {}, {"error": "there is one already", "url": f"{self.hub.url}/datasets/{repo}"}
            self.hub.store.create(repo)
            return 200, {}, {"url": f"{self.hub.url}/datasets/{repo}"}
        if match := re.fullmatch(r"/datasets/([^/]+/[^/]+)\.git/info/lfs/(objects/batch|verify)", path):
            return self.lfs(match[1], match[2], json.loads(body))
        if match := re.fullmatch(r"/datasets/([^/]+/[^/]+)/resolve/([^/]+)/(.+)", path):
            return self.file(match[1], unquote(match[2]), unquote(match[3]))
        if match := re.fullmatch(r"/api/datasets/([^/]+/[^/]+)(?:/([^/]+))?(?:/([^/]+))?(?:/(.+))?", path):
            repo, what, revision, below = match[1], match[2] or "revision", unquote(match[3] or "main"), unquote(match[4] or "")
            if action := {
                "revision": self.info, "refs": self.refs, "tree": self.tree, "preupload": self.preupload,
                "commit": self.commit, "tag": self.tag,
            }.get(what):  # fmt: skip
                self.hub.store.refs(repo, "heads")  # whether there is such a repository
                return action(repo, revision, below, query, body)
        return 404, {}, {"error": "no such thing"}

    def info(self, repo: str, revision: str, *_: object) -> tuple[int, dict[str, str], object]:
        tree, commit = self.hub.store.tree(repo, revision), self.hub.store.resolve(repo, revision)
        return 200, {}, {"id": repo, "sha": commit, "private": False, "siblings": [{"rfilename": path} for path in tree]}

    def refs(self, repo: str, *_: object) -> tuple[int, dict[str, str], object]:
        listed = {
            kind: [{"name": n, "ref": f"refs/{kind}/{n}", "targetCommit": c} for n, c in self.hub.store.refs(repo, kind).items()]
            for kind in ("heads", "tags")
        }
        return 200, {}, {"branches": listed["heads"], "tags": listed["tags"], "converts": []}

    def tree(self, repo: str, revision: str, below: str, query: dict[str, str], _: bytes) -> tuple[int, dict[str, str], object]:
        entries = described(self.hub.store.tree(repo, revision))
        inside = [e for e in entries if not below or e["path"].startswith(f"{below}/")]
        if below and not inside:
            raise Absent("EntryNotFound")
        if query.get("recursive") != "true":
            depth = below.count("/") + 1 if below else 0
            inside = [e for e in inside if e["path"].count("/") == depth]
        first = int(query.get("cursor", 0))
        url = f"{self.hub.url}{urlsplit(self.path).path}?recursive={query.get('recursive')}&cursor={first + PAGE}"
        more = {"Link": f'<{url}>; rel="next"'} if first + PAGE < len(inside) else {}
        return 200, more, inside[first : first + PAGE]

    def preupload(self, repo: str, revision: str, _: str, __: object, body: bytes) -> tuple[int, dict[str, str], object]:
        tree, ignored = (
            self.hub.store.tree(repo, revision),
            self.hub.store.files(repo, revision).get(".gitignore", b"").decode().split(),
        )
        files = []
        for asked in json.loads(body)["files"]:
            path, there = asked["path"], tree.get(asked["path"])
            mode = "lfs" if path.endswith(".parquet") else "regular"
            oid = (there.sha256 if there.lfs else there.oid) if there else None
            files.append({"path": path, "uploadMode": mode, "shouldIgnore": path in ignored, "oid": oid})
        return 200, {}, {"files": files}

    def lfs(self, repo: str, what: str, asked: dict[str, Any]) -> tuple[int, dict[str, str], object]:
        store = self.hub.store
        if what == "verify":
            return (200 if store.object(asked["oid"]).stat().st_size == asked["size"] else 422), {}, {}
        objects = []
        for wanted in asked["objects"]:
            oid, answer = wanted["oid"], dict(wanted)
            if not store.object(oid).exists():
                answer["actions"] = {
                    "upload": {"href": f"{self.hub.storage}/lfs/{oid}?X-Signature={SIGNATURE}"},
                    "verify": {"href": f"{self.hub.url}/datasets/{repo}.git/info/lfs/verify"},
                }
            objects.append(answer)
        return 200, {}, {"transfer": "basic", "objects": objects}

    def storage(self, oid: str, query: dict[str, str], body: bytes) -> tuple[int, dict[str, str], object]:
        if query.get("X-Signature") != SIGNATURE or self.token:
            return 403, {}, {"error": "not signed, or with the token of the Hub"}
        if self.command != "PUT":
            return 200, {"ETag": f'"{oid}"'}, self.hub.store.object(oid).read_bytes()
        if hashlib.sha256(body).hexdigest() != oid:
            return 400, {}, {"error": "other bytes"}
        self.hub.store.put(body)
        self.hub.received.append(oid)
        return 200, {}, {}

    def commit(self, repo: str, revision: str, _: str, __: object, body: bytes) -> tuple[int, dict[str, str], object]:
        store = self.hub.store
        lines = [json.loads(line) for line in body.splitlines()]
        head, tree = store.resolve(repo, revision), store.tree(repo, revision)
        if lines[0]["value"].get("parentCommit", head) != head:
            return 412, {}, {"error": "A commit has happened since. Please refresh and try again."}
        for key, value in ((line["key"], line["value"]) for line in lines[1:]):
            if key == "file":
                data = base64.b64decode(value["content"])
                tree[value["path"]] = entry(store.put(data), data, lfs=False)
            elif key == "lfsFile":
                tree[value["path"]] = entry(value["oid"], store.object(value["oid"]).read_bytes(), lfs=True)
            elif key == "deletedFile":
                del tree[value["path"]]
        name = store.commit(repo, head, tree, lines[0]["value"]["summary"])
        return 200, {}, {"commitOid": name, "commitUrl": f"{self.hub.url}/datasets/{repo}/commit/{name}"}

    def tag(self, repo: str, revision: str, _: str, __: object, body: bytes) -> tuple[int, dict[str, str], object]:
        tag = json.loads(body)["tag"]
        if tag in self.hub.store.refs(repo, "tags"):
            return 409, {}, {"error": "Tag already exists"}
        self.hub.store.tag(repo, tag, self.hub.store.resolve(repo, revision))
        return 200, {}, {}

    def file(self, repo: str, revision: str, path: str) -> tuple[int, dict[str, str], object]:
        commit = self.hub.store.resolve(repo, revision)
        found = self.hub.store.tree(repo, revision).get(path)
        if found is None:
            return 404, {"X-Error-Code": "EntryNotFound", "X-Repo-Commit": commit}, {"error": "Entry not found"}
        if not found.lfs:
            data = self.hub.store.object(found.sha256).read_bytes()
            return 200, {"X-Repo-Commit": commit, "ETag": f'"{found.oid}"'}, data
        return 302, {
            "X-Repo-Commit": commit, "X-Linked-Etag": f'"{found.sha256}"', "X-Linked-Size": str(found.size),
            "Location": f"{self.hub.storage}/cdn/{found.sha256}?X-Signature={SIGNATURE}",
        }, {}  # fmt: skip


def described(tree: dict[str, Entry]) -> list[dict[str, Any]]:
    """A tree as the Hub lists it: folders and files."""
    folders = {parent.as_posix() for path in tree for parent in Path(path).parents if parent.name}
    entries: list[dict[str, Any]] = [{"type": "directory", "path": path, "size": 0, "oid": "0" * 40} for path in sorted(folders)]
    for path, found in tree.items():
        lfs = {"lfs": {"oid": found.sha256, "size": found.size, "pointerSize": 130}} if found.lfs else {}
        entries.append({"type": "file", "path": path, "size": found.size, "oid": found.oid, **lfs})
    return entries


def serve(folder: Path) -> tuple[Hub, Callable[[], None]]:
    """Start a Hub that keeps its things in a folder; gives it, and what stops it."""
    hub = Hub(Store(folder))
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Bound", (Handler,), {"hub": hub}))
    server.daemon_threads = True
    hub.url, hub.storage = (f"http://{host}:{server.server_address[1]}" for host in ("127.0.0.1", "localhost"))
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()

    def stop() -> None:
        server.shutdown()
        server.server_close()

    return hub, stop
