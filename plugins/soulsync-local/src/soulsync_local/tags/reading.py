"""Reading one file, or many, without ever failing for one."""

from __future__ import annotations

import os
from collections.abc import Iterable
from io import BufferedReader

from soulsync_local.tags.opening import HEAD_SIZE, NoAudioError, kind_of
from soulsync_local.tags.plain import FIRST, Window, read_plain
from soulsync_local.tags.thorough import read_with_mutagen
from soulsync_local.tags.values import FileTags, TagProblem

AnyPath = str | bytes | os.PathLike[str] | os.PathLike[bytes]


def read_tags(path: AnyPath) -> FileTags | TagProblem:
    """The tags and audio properties of the file at `path`.

    Never raises for what is in the file, nor for its state on the disk.
    """
    head = b""
    try:
        with open(path, "rb", buffering=0) as file:
            head = file.read(FIRST)
            if not head:
                return TagProblem(reason="empty", detail="The file has no bytes.")
            size = os.fstat(file.fileno()).st_size
            plain = read_plain(Window(file, head, size))
            return plain or read_with_mutagen(BufferedReader(file), head[:HEAD_SIZE], size)
    except FileNotFoundError as error:
        return TagProblem(reason="missing", detail=_words(error, path))
    except OSError as error:
        return TagProblem(reason="unreadable", detail=_words(error, path))
    except NoAudioError as error:
        return TagProblem(reason="not-audio", detail=_words(error, path))
    except Exception as error:  # noqa: BLE001 - hostile bytes make the libraries raise nearly anything
        return TagProblem(
            reason="not-audio" if kind_of(head) is None else "damaged", detail=_words(error, path)
        )


def read_batch(paths: Iterable[AnyPath]) -> list[FileTags | TagProblem]:
    """`read_tags` of each path, in their order: the unit of work of a worker process."""
    return [read_tags(path) for path in paths]


def _words(error: Exception, path: AnyPath) -> str:
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    text = str(error)
    # mutagen names the file in some messages, and a problem is told and counted without its path.
    for name in (repr(path), repr(os.fspath(path)), os.fsdecode(path)):
        text = text.replace(name, "the file")
    return (text if isinstance(error, NoAudioError) else f"{type(error).__name__}: {text}")[:300]
