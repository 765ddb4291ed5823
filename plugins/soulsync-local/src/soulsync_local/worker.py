"""What runs in a worker process. It imports the tag reader and nothing else, so that a worker is there soon."""

from __future__ import annotations

import os
import pickle
import sys
import traceback
from collections.abc import Sequence
from queue import Empty, SimpleQueue
from threading import Thread
from typing import BinaryIO, Final, NoReturn

import msgspec

from soulsync_local.tags import ProblemReason, TagProblem, read_batch

_NICER: Final = 19

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


def serve(idle_seconds: float) -> NoReturn:
    """Read the files that are asked for on the standard input, in order, until it ends or long nothing is asked for."""
    if hasattr(os, "nice"):
        # The host goes first: what it does with the answers takes longer than reading, and is done by one processor.
        os.nice(_NICER)
    asked: SimpleQueue[Sequence[bytes]] = SimpleQueue()
    found: SimpleQueue[list[Found] | None] = SimpleQueue()
    # Whatever else is printed goes where errors go.
    output, sys.stdout = sys.stdout.buffer, sys.stderr
    # Neither the host nor this process waits for the other while there is something to do.
    Thread(target=_receive, args=(sys.stdin.buffer, asked), daemon=True).start()
    sender = Thread(target=_send, args=(output, found), daemon=True)
    sender.start()
    try:
        while True:
            found.put(read_encoded(asked.get(timeout=idle_seconds)))
    except Empty:
        found.put(None)
        sender.join()
    except BaseException:  # noqa: BLE001 - the host has to learn of it, whatever it is
        traceback.print_exc()
        os._exit(1)
    # An interpreter cannot be shut down while one of its threads waits for input.
    os._exit(0)


def _receive(source: BinaryIO, asked: SimpleQueue[Sequence[bytes]]) -> None:
    try:
        while True:
            asked.put(pickle.load(source))  # noqa: S301 - both ends are ours
    except (EOFError, pickle.UnpicklingError):
        # The host is gone, perhaps in the middle of a request, or wants no more.
        os._exit(0)


def _send(target: BinaryIO, found: SimpleQueue[list[Found] | None]) -> None:
    try:
        while (batch := found.get()) is not None:
            target.write(pickle.dumps(batch, pickle.HIGHEST_PROTOCOL))
            target.flush()
    except OSError:
        # Nobody takes the answers any more.
        os._exit(0)
