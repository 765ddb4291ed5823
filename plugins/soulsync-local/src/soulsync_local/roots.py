"""The configured folders: whether they are there, and whether a path stays inside them."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import NoReturn

from soulsync_engine.plugin import NotAllowedError, NotFoundError, UnavailableError
from soulsync_local.ids import library_id


@dataclass(frozen=True)
class Root:
    """One configured folder, which is one library."""

    path: Path

    @cached_property
    def library(self) -> str:
        """The id of the library."""
        return library_id(str(self.path))

    @cached_property
    def name(self) -> str:
        """What the library is called: the folder's own name."""
        return os.fsencode(self.path.name or self.path).decode("utf-8", "replace")

    @cached_property
    def raw(self) -> bytes:
        """The path as the system spells it."""
        return os.fsencode(self.path)

    def absolute(self, path: bytes) -> bytes:
        """The whole path of a file or folder below this one."""
        return self._start + path

    @cached_property
    def _start(self) -> bytes:
        return os.path.join(self.raw, b"")


@dataclass(frozen=True, slots=True)
class RootIdentity:
    """Which directory was found at the path: another disk, or the bare mount point, has another one."""

    device: int
    inode: int


def look_at(root: Root) -> RootIdentity:
    """Prove that the folder is there and can be read. Raises `UnavailableError`, with what to do."""
    try:
        found = os.stat(root.raw)
        with os.scandir(root.raw):
            pass
    except OSError as error:
        refuse_root(root, error)
    return RootIdentity(found.st_dev, found.st_ino)


def refuse_root(root: Root, error: OSError) -> NoReturn:
    """Raise the `UnavailableError` for a root that the system will not read."""
    if isinstance(error, FileNotFoundError):
        raise UnavailableError(
            f"The folder {root.path} is not there.",
            next_step="Mount the disk it is on, or correct the path in this server's settings.",
        ) from error
    if isinstance(error, NotADirectoryError):
        raise UnavailableError(
            f"{root.path} is a file, not a folder.", next_step="Correct the path in this server's settings."
        ) from error
    if isinstance(error, PermissionError):
        raise UnavailableError(
            f"The folder {root.path} may not be read by the user this program runs as.",
            next_step="Give that user the right to read it.",
        ) from error
    raise UnavailableError(
        f"The folder {root.path} cannot be read: {error.strerror or error}.",
        next_step="Check the disk it is on.",
    ) from error


def contains(root: Root, path: bytes) -> bool:
    """Whether the place a path really leads to, all links followed, is the root or below it."""
    base = os.path.realpath(root.raw)
    real = os.path.realpath(path)
    return real == base or real.startswith(base.rstrip(b"/") + b"/")


def place_inside(roots: tuple[Root, ...], text: str) -> tuple[Root, bytes]:
    """The root, and the path relative to it, of a path handed in from outside, absolute or relative to a root.

    Raises `NotAllowedError` for one that leads out of the roots in any way, `NotFoundError` for one that is not there.
    """
    if "\0" in text or ".." in Path(text).parts:
        raise NotAllowedError(f"The path {text!r} is not allowed: it contains '..' or a NUL character.")
    raw = os.fsencode(os.path.normpath(text))
    outside = False
    for root in roots:
        whole = os.path.join(root.raw, raw)
        if whole != root.raw and not whole.startswith(root.raw.rstrip(b"/") + b"/"):
            outside = True
        elif os.path.lexists(whole):
            if not contains(root, whole):
                raise NotAllowedError(f"The path {text!r} leads out of {root.path} through a link.")
            relative = os.path.relpath(whole, root.raw)
            return root, b"" if relative == b"." else relative
    if outside and os.path.isabs(raw):
        inside_one = any(raw == root.raw or raw.startswith(root.raw.rstrip(b"/") + b"/") for root in roots)
        if not inside_one:
            raise NotAllowedError(
                f"The path {text!r} is outside the folders of this server.",
                next_step="Name a path below one of them, or add the folder to this server's settings.",
            )
    raise NotFoundError(f"There is nothing at {text!r} in the folders of this server.")
