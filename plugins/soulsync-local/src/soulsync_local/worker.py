"""What runs in a worker process. It imports the tag reader and nothing else, so that a worker is there soon."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final

import msgspec

from soulsync_local.tags import ProblemReason, TagProblem, read_batch

_POLL_SECONDS: Final = 1.0
_NICER: Final = 5

_encode = msgspec.msgpack.Encoder().encode

Found = bytes | tuple[ProblemReason, str]
"""What reading a file gave: its encoded `FileTags`, or the reason why there are none, and that in words.

Nothing is put around the bytes, since every file's are pickled, sent and unpickled.
"""


def read_encoded(paths: Sequence[bytes]) -> list[Found]:
    """Read the tags of files. They travel as bytes, because that is how they are stored and it is cheap to pass on."""
    return [
        (found.reason, found.detail) if isinstance(found, TagProblem) else _encode(found)
        for found in read_batch(paths)
    ]


@contextmanager
def interrupts_held_back() -> Iterator[None]:
    """Let no process that is started in the block be interrupted before it is ready; this thread waits as long.

    A process inherits which signals its starter's thread holds back.
    """
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def belong_to(host: int) -> None:
    """Make this process end when its host does, even when the host was killed and could not say so; and only then.

    A terminal sends Ctrl-C to every process of the host. What it means is for the host to say.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if hasattr(signal, "pthread_sigmask"):
        # What was held back while the process started is ignored now.
        signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGINT])
    if hasattr(os, "nice"):
        # The host goes first, lest it fall behind and be left with work that one processor does alone.
        os.nice(_NICER)

    def watch() -> None:
        # An orphan is given another parent. (Not on Windows; there loky's workers end after they were idle.)
        while os.getppid() == host:
            time.sleep(_POLL_SECONDS)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
