"""A task and its outcome as bytes, for the way to a worker and back. Functions go by name."""

import gc
import importlib
import pickle
import traceback
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from functools import cache
from typing import Any

from pipeline.execute.memory import keep


@cache
def load(modules: tuple[str, ...]) -> None:
    """Make ready a process that does tasks, once: load what they need before there are any, have collections leave that alone, so that
    the memory of processes that are forked stays shared, and keep memory that is freed. Of what is missing, a task that needs it says
    what is wrong.
    """
    keep()
    gc.disable()  # loading leaves little to collect
    for module in modules:
        with suppress(Exception):
            importlib.import_module(module)
    gc.enable()
    gc.collect()
    gc.freeze()


def pack(function: Callable[[Any], Any], tasks: Iterable[Any], broken: list[Exception]) -> Iterator[bytes]:
    """Each task as ``perform`` takes it. What ``tasks`` or pickle raise ends them and goes to ``broken``, to be raised when the results
    of the tasks before have been taken, as it would be if these were done one by one.
    """
    try:
        for task in tasks:
            yield pickle.dumps((function, task), pickle.HIGHEST_PROTOCOL)
    except Exception as error:
        broken.append(error)


def perform(packed: bytes) -> bytes:
    """Do a task; gives its result, or what it raised. Raises nothing, so that whatever else comes out of a worker is the worker's."""
    try:
        function, task = pickle.loads(packed)  # noqa: S301 – from our own process
        return pickle.dumps((function(task), None, None), pickle.HIGHEST_PROTOCOL)
    except BaseException as error:  # SystemExit too would be raised by a task that is done here
        told = "".join(traceback.format_exception(error))
        try:
            failed = pickle.dumps((None, error, told))
            pickle.loads(failed)  # noqa: S301
        except Exception:  # exceptions whose own __init__ does not take their args
            failed = pickle.dumps((None, RuntimeError("".join(traceback.format_exception_only(error)).strip()), told))
        return failed


def load_and_perform(modules: tuple[str, ...], packed: bytes) -> bytes:
    """Do a task in a process that may be new, and made ready by nobody."""
    load(modules)
    return perform(packed)


def unpack(outcome: bytes) -> Any:
    """The result; raises what the task raised, with the worker's traceback as a note."""
    result, error, told = pickle.loads(outcome)  # noqa: S301
    if error is not None:
        error.add_note(f"In the worker:\n{told}")
        raise error
    return result
