"""Talking with the Hugging Face Hub: how files go there, and what its errors mean to a user."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from pipeline.findings import CannotRun, shown

if TYPE_CHECKING:
    from huggingface_hub import HfApi

AGAIN = "run the same command again: what is uploaded is kept"


@contextmanager
def transfer(api: "HfApi", repo: str, bars: bool) -> Iterator[None]:
    """Upload by Xet only where the server offers it: huggingface_hub 2 does not ask, and fails where it is not; Git LFS is everywhere."""
    from huggingface_hub import constants, get_session
    from huggingface_hub.utils import build_hf_headers, disable_progress_bars, enable_progress_bars  # type: ignore[attr-defined]

    url = f"{api.endpoint}/api/datasets/{repo}/xet-write-token/main"
    without = constants.HF_HUB_DISABLE_XET
    constants.HF_HUB_DISABLE_XET = without or get_session().get(url, headers=build_hf_headers(token=True)).status_code == 404
    if bars and constants.HF_HUB_DISABLE_PROGRESS_BARS is None:
        enable_progress_bars()
    try:
        yield
    finally:
        constants.HF_HUB_DISABLE_XET = without
        if constants.HF_HUB_DISABLE_PROGRESS_BARS is None:
            disable_progress_bars()


@contextmanager
def talk(repo: str) -> Iterator[None]:
    """Talk with the Hub: what goes wrong becomes CannotRun in words of ours. The library's own are kept back, since its warnings and
    errors name signed addresses, which are as good as a password while they are valid.
    """
    from huggingface_hub import constants
    from huggingface_hub.errors import HTTPError  # type: ignore[attr-defined]  # the HTTP client's, whichever it is
    from huggingface_hub.utils import disable_progress_bars, logging  # type: ignore[attr-defined]

    verbosity = logging.get_verbosity()
    logging.set_verbosity(40)  # errors only
    if constants.HF_HUB_DISABLE_PROGRESS_BARS is None:
        disable_progress_bars()
    try:
        yield
    except (HTTPError, OSError, RuntimeError, ValueError) as error:
        raise CannotRun(_reason(error, repo)) from None
    finally:
        logging.set_verbosity(verbosity)


def _reason(error: BaseException, repo: str) -> str:
    """What went wrong with the Hub, and what to do."""
    from huggingface_hub.errors import HfHubHTTPError, LocalTokenNotFoundError, RepositoryNotFoundError

    chain = [error]
    while cause := chain[-1].__cause__:
        chain.append(cause)
    if any(isinstance(link, LocalTokenNotFoundError) for link in chain):
        return "there is no token for the Hub; run 'hf auth login' with one that may write"
    if here := next((link for link in chain if isinstance(link, OSError) and link.filename), None):
        return f"{here.filename}: {here.strerror}; {AGAIN}"
    answer = next((link for link in chain if isinstance(link, HfHubHTTPError)), None)
    if answer is None:
        if type(error) is ValueError:
            return f"the Hub or its client refuses the release: {_harmless(str(error))}"
        return f"the connection to the Hub broke or cannot be made ({type(chain[-1]).__name__}); {AGAIN}"
    status = answer.response.status_code
    if status == 401 and not isinstance(answer, RepositoryNotFoundError):
        return "the Hub does not accept the token; run 'hf auth login' with one that is valid and may write"
    if status in (401, 403):
        return f"this token may not write to {repo}; run 'hf auth login' with one that may, or name a repository of yours"
    if status == 404:
        return f"{repo} is not there, or this token may not see it; check the name, or run 'hf auth login' with a token that may"
    if status == 429 or status >= 500:
        return f"the Hub is busy or out of order (status {status}); later, {AGAIN}"
    return f"the Hub refuses with status {status}: {_harmless(answer.server_message or 'without a reason')}"


def _harmless(text: str) -> str:
    """What the Hub said, on one line, without the token and without the queries of addresses, which may be signatures."""
    from huggingface_hub import get_token

    text = " ".join(text.split()).replace(get_token() or "\0", "…")
    return shown(re.sub(r"\?\S+", "?…", text), 300)
