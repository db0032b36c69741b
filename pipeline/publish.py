"""A release → a dataset repository of the Hugging Face Hub: one commit that makes ``main`` the release, then the tag ``v<version>``.

The same version never changes there: a tag is made once, never moved and never deleted, and nothing is force-pushed. So a break
anywhere is mended by the same command once more: files that are uploaded are not sent again, a commit that is there is only tagged,
and a release whose tag is there is left alone.
"""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from pipeline.bag import files, sha256
from pipeline.findings import CannotRun, some
from pipeline.house import core, final
from pipeline.hub import AGAIN, talk, transfer
from pipeline.release import RELEASE, Release, read_release

if TYPE_CHECKING:
    from huggingface_hub import HfApi
    from huggingface_hub.hf_api import GitRefs, RepoFile

_OWN = ".gitattributes"  # written by the Hub when it makes a repository: what is kept as Git LFS; no part of a release
_BLANK = {_OWN, "README.md"}  # all that a repository holds that was only just made on the website


class Outcome(StrEnum):
    """What publishing did, or would do."""

    published = "published"
    tagged = "tagged"
    """``main`` was this release already, as after a break between commit and tag; only the tag was missing."""
    unchanged = "unchanged"
    """The tag was there, and is this release."""


@dataclass(frozen=True)
class Published:
    """What publishing did, or in a dry run would do."""

    repo: str
    version: str
    tag: str
    url: str
    """Where people see this version."""
    outcome: Outcome
    created: bool
    """Whether the repository was missing. The Hub makes it public, unless the settings of its owner say otherwise."""
    commit: str | None
    """The commit that has the tag or gets it; None where a dry run has not made it."""
    uploaded: dict[str, int]
    """Bytes of the files that ``main`` did not have like this, by path. What the Hub has in store of them is not sent again."""
    kept: dict[str, int]
    """Bytes of the files that were there already, by path."""
    deleted: tuple[str, ...]
    """Files of ``main`` that are not in this release: they stay under the tags of older versions."""


def publish(
    release: Path, repo: str, dry_run: bool, step: Callable[[str], None] = lambda _: None, *, bars: bool = False
) -> Published:
    """Publish a release, which must be verified, as dataset repository ``owner/name``; ``dry_run`` only reads, and says what it would do.

    The token is the one that ``hf auth login`` keeps (or ``HF_TOKEN``); a dry run needs none where the repository is public or missing.
    ``bars`` shows the library's progress bars while it uploads. Raises CannotRun where the release is not one to publish, where the
    repository has something else under this version, a higher one, or no release at all, and where the Hub refuses or is out of reach.
    """
    found = read_release(release)
    _check(release, found, repo)
    with talk(repo):
        from huggingface_hub import HfApi

        api = HfApi(token=None if dry_run else True)
        step("compare with the Hub")
        plan, main = _compare(api, release, found, repo)
        if dry_run:
            return plan
        if plan.created:
            step("create the repository")
            api.create_repo(repo, repo_type="dataset", exist_ok=True)
            plan, main = _compare(api, release, found, repo)
            plan = replace(plan, created=True)
        message = f"{found.title} {found.version}"
        commit = plan.commit
        if plan.outcome is Outcome.published:
            step("upload")
            commit = _commit(api, plan, release, message, main, bars)
            _check_commit(api, plan, release, commit)
        if plan.outcome is not Outcome.unchanged and commit:
            step("tag")
            _tag(api, plan, message, commit)
        return replace(plan, commit=commit)


def _compare(api: "HfApi", release: Path, found: Release, repo: str) -> tuple[Published, str | None]:
    """What is to be done, and the commit of ``main`` that says so. Raises CannotRun where the repository stands against it."""
    refs = _refs(api, repo)
    tags = {ref.name: ref.target_commit for ref in refs.tags} if refs else {}
    main = next((ref.target_commit for ref in refs.branches if ref.name == "main"), None) if refs else None
    tag = f"v{found.version}"
    there = _tree(api, repo, tag if tag in tags else main)
    local = {name: (release / name).stat().st_size for name in files(release)}
    differing = _differing(release, there)
    if tag in tags and differing:
        raise CannotRun(_refusal(f"{tag} of {repo}", found.version, differing))
    if tag not in tags and main:
        _check_main(api, found, repo, main, there, tags, differing)
    outcome = Outcome.unchanged if tag in tags else Outcome.published if differing else Outcome.tagged
    plan = Published(
        repo=repo, version=found.version, tag=tag, url=f"{api.endpoint}/datasets/{repo}/tree/{tag}", outcome=outcome,
        created=refs is None, commit=None if differing else tags.get(tag, main),
        uploaded={name: local[name] for name in differing if name in local},
        kept={name: size for name, size in local.items() if name not in differing},
        deleted=tuple(name for name in differing if name not in local),
    )  # fmt: skip
    return plan, main


def _check(release: Path, found: Release, repo: str) -> None:
    """Raise CannotRun for what is never published, and for the name of a repository that none can have."""
    from huggingface_hub import constants
    from huggingface_hub.errors import HFValidationError
    from huggingface_hub.utils import validate_repo_id  # type: ignore[attr-defined]

    if found.hydrated or "+" in found.version:
        raise CannotRun(f"{release} is a hydrated build: its withheld texts may not be passed on; build without --pages to publish")
    if not final(found.version):
        raise CannotRun(
            f"{found.version} still changes, as its suffix says; set the version to publish in corpus.toml and build it"
        )
    try:
        validate_repo_id(repo)
    except HFValidationError:
        repo = ""
    if repo.count("/") != 1:
        raise CannotRun("a repository is named OWNER/NAME, of letters, digits, '-', '_' and '.'; OWNER is you or your organisation")
    if constants.is_offline_mode():
        raise CannotRun("HF_HUB_OFFLINE (or TRANSFORMERS_OFFLINE) is set, so that nothing is sent; unset it to publish")


def _check_main(
    api: "HfApi", found: Release, repo: str, main: str, there: "dict[str, RepoFile]", tags: dict[str, str], differing: list[str]
) -> None:
    """Raise CannotRun where ``main`` is not to become this release: it is something else, newer, or the same version and different."""
    if set(there) <= _BLANK:
        return
    name, version = _named(api, repo, main) if RELEASE in there else (None, "")
    if name != found.name or not re.fullmatch(r"\d+\.\d+\.\d+([-+].*)?", version):
        raise CannotRun(f"{repo} holds no release of {found.name}, and its files would be gone from main; name another repository")
    newest = max([version, *(tag[1:] for tag in tags if tag[0] == "v" and final(tag[1:]))], key=core)
    if core(newest) > core(found.version):
        raise CannotRun(
            f"{repo} has {newest} already, so that publishing {found.version} would take main back; publish a higher version"
        )
    if version == found.version and differing:
        raise CannotRun(_refusal(f"main of {repo}, which is {version} without its tag,", version, differing))


def _refs(api: "HfApi", repo: str) -> "GitRefs | None":
    """Branches and tags; None where there is no such repository, or none that this token may see."""
    from huggingface_hub.errors import GatedRepoError, RepositoryNotFoundError

    try:
        return api.list_repo_refs(repo, repo_type="dataset")
    except GatedRepoError:
        raise
    except RepositoryNotFoundError:
        return None


def _tree(api: "HfApi", repo: str, revision: str | None) -> "dict[str, RepoFile]":
    """The files of a revision, by path."""
    from huggingface_hub.hf_api import RepoFile

    entries = api.list_repo_tree(repo, recursive=True, revision=revision, repo_type="dataset") if revision else ()
    return {entry.path: entry for entry in entries if isinstance(entry, RepoFile)}


def _named(api: "HfApi", repo: str, revision: str) -> tuple[str | None, str]:
    """Name and version of the release that a revision holds; no name where its release.json is none of ours."""
    with TemporaryDirectory() as folder:
        text = Path(api.hf_hub_download(repo, RELEASE, repo_type="dataset", revision=revision, cache_dir=folder)).read_bytes()
    try:
        said = json.loads(text)
        return str(said["name"]), str(said["version"])
    except (ValueError, LookupError, TypeError):
        return None, ""


def _differing(release: Path, there: "dict[str, RepoFile]") -> list[str]:
    """Paths of the files that are not the same here and there, ordered: Git LFS names a file by SHA-256, Git by the SHA-1 of its blob."""
    from huggingface_hub.utils.sha import git_hash

    def same(name: str) -> bool:
        path = release / name
        if name not in there or not path.is_file() or path.stat().st_size != there[name].size:
            return False
        lfs = there[name].lfs
        return sha256(path) == lfs.sha256 if lfs else git_hash(path.read_bytes()) == there[name].blob_id

    return sorted(name for name in {*files(release), *there} - {_OWN} if not same(name))


def _commit(api: "HfApi", plan: Published, release: Path, message: str, main: str | None, bars: bool) -> str:
    """Upload files and make ``main`` a commit upon the one that was compared; gives the commit."""
    from huggingface_hub import CommitOperationAdd, CommitOperationDelete
    from huggingface_hub.errors import HfHubHTTPError

    added = [CommitOperationAdd(path_in_repo=name, path_or_fileobj=release / name) for name in plan.uploaded]
    gone = [CommitOperationDelete(path_in_repo=name, is_folder=False) for name in plan.deleted]
    try:
        with transfer(api, plan.repo, bars):
            made = api.create_commit(plan.repo, [*added, *gone], commit_message=message, repo_type="dataset", parent_commit=main)
        return made.oid
    except HfHubHTTPError as error:
        if error.response.status_code not in (409, 412):
            raise
        raise CannotRun(
            f"main of {plan.repo} has moved meanwhile and was left as it is: look at that commit, then {AGAIN}"
        ) from None


def _check_commit(api: "HfApi", plan: Published, release: Path, commit: str) -> None:
    """Raise CannotRun where a commit is not the release, so that no tag says that it were."""
    if left := _differing(release, _tree(api, plan.repo, commit)):
        raise CannotRun(
            f"what {plan.repo} made of the upload is not this release ({some(left)}) and was not tagged; look at commit {commit} "
            "(a .gitignore keeps files out), and publish the next version"
        )


def _tag(api: "HfApi", plan: Published, message: str, commit: str) -> None:
    """Tag a commit. A tag that has come meanwhile stays as it is."""
    from huggingface_hub.errors import HfHubHTTPError

    try:
        api.create_tag(plan.repo, tag=plan.tag, tag_message=message, revision=commit, repo_type="dataset")
    except HfHubHTTPError as error:
        if error.response.status_code != 409:
            raise
        raise CannotRun(
            f"{plan.repo} was given {plan.tag} meanwhile; run the same command again to compare it with this release"
        ) from None


def _refusal(what: str, version: str, differing: list[str]) -> str:
    return f"{what} differs from this release in {some(differing)}; {version} stays as it is there: raise the version to publish"
