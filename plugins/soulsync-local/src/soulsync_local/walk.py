"""One look over a folder tree: which audio files there are, and their stat values. Reads no file.

Order and content depend on the tree alone. Symbolic links:

- One that leads to a place inside the roots is passed over, because what it leads to is found where it lies.
- One that leads out of them is followed, unless that is switched off; each folder out there is entered once.

So loops end, nothing is listed twice, and nothing depends on which way came first.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Final

import msgspec

from soulsync_local.roots import Root, RootIdentity, contains, look_at, refuse_root

AUDIO_SUFFIXES: Final = frozenset(
    b"mp3 flac ogg oga opus m4a m4b aac wav wma aiff aif aifc ape wv mpc".split()
)

_NOT_FOR_MUSIC: Final = frozenset(
    {
        b"lost+found",
        b"$RECYCLE.BIN",
        b"System Volume Information",
        b"@eaDir",
        b"#recycle",
        b".Trash",
        b".Trashes",
    }
)
"""Folders that systems keep for themselves. Mostly unreadable, and never part of a collection."""


class Entry(msgspec.Struct, frozen=True, gc=False):
    """An audio file. `path` is relative to the root, in the bytes the system uses."""

    path: bytes
    size: int
    mtime_ns: int
    inode: int
    mode: int
    device: int


path_of: Final = attrgetter("path")
"""The key that puts entries in path order."""


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A folder, or a file, that is there but that the system would not show."""

    path: bytes
    reason: str


@dataclass(slots=True)
class RootWalk:
    """What one root holds: `entries` in path order, the `folders` entered, and what could not be looked into."""

    root: Root
    identity: RootIdentity
    entries: list[Entry] = field(default_factory=list)
    folders: list[bytes] = field(default_factory=list)
    unreadable: list[Unreadable] = field(default_factory=list)


class VanishedError(Exception):
    """A folder that its parent still listed was gone when it was its turn."""

    def __init__(self, path: bytes) -> None:
        super().__init__(path)
        self.path = path


Watch = Callable[[int], None]
"""Is told how many files were found so far."""


def walk(
    root: Root, roots: tuple[Root, ...], *, follow_symlinks: bool, watch: Watch | None = None
) -> RootWalk:
    """Look over one root. `roots` are all of them, so that links between them are known as such.

    Raises `UnavailableError` when the root cannot be read, `VanishedError` when a folder goes away meanwhile.
    """
    found = RootWalk(root, look_at(root))
    _Walker(found, roots, follow_symlinks, watch).run()
    found.entries.sort(key=path_of)
    found.unreadable.sort(key=lambda one: one.path)
    return found


class _Walker:
    def __init__(
        self, found: RootWalk, roots: tuple[Root, ...], follow_symlinks: bool, watch: Watch | None
    ) -> None:
        self._found = found
        self._roots = roots
        self._follow = follow_symlinks
        self._watch = watch
        self._outside: set[tuple[int, int]] = set()

    def run(self) -> None:
        links: list[bytes] = []
        self._descend(b"", links)
        # Links after the real tree, in order, so that each folder out there is always reached the same way.
        links.sort(reverse=True)
        while links:
            further: list[bytes] = []
            self._follow_link(links.pop(), further)
            links.extend(sorted(further, reverse=True))

    def _descend(self, start: bytes, links: list[bytes], *, outside: bool = False) -> None:
        append = self._found.entries.append
        pending = [start]
        while pending:
            folder = pending.pop()
            prefix = folder + b"/" if folder else b""
            if outside and not self._first_time(folder):
                continue
            self._found.folders.append(folder)
            below: list[bytes] = []
            for item in self._items(folder):
                name = item.name
                try:
                    # The most frequent first; for all but links the answer is known without asking the system.
                    if item.is_file(follow_symlinks=False):
                        if _is_audio_name(name):
                            info = item.stat(follow_symlinks=False)
                            append(_entry(prefix + name, info))
                    elif item.is_symlink():
                        links.append(prefix + name)
                    elif (
                        item.is_dir(follow_symlinks=False)
                        and name not in _NOT_FOR_MUSIC
                        and not name.startswith(b".Trash-")
                    ):
                        below.append(prefix + name)
                except FileNotFoundError:
                    continue
                except OSError as error:
                    self._unreadable(prefix + name, error)
            if self._watch is not None:
                self._watch(len(self._found.entries))
            # Nearly in path order, so that sorting costs next to nothing.
            below.sort(reverse=True)
            pending += below

    def _items(self, folder: bytes) -> list[os.DirEntry[bytes]]:
        root = self._found.root
        found: list[os.DirEntry[bytes]] = []
        try:
            with os.scandir(root.absolute(folder)) as items:
                found.extend(items)
        except OSError as error:
            if not folder:
                refuse_root(root, error)
            if isinstance(error, FileNotFoundError | NotADirectoryError):
                raise VanishedError(folder) from error
            self._unreadable(folder, error)
        return found

    def _unreadable(self, path: bytes, error: OSError) -> None:
        self._found.unreadable.append(Unreadable(path, error.strerror or str(error)))

    def _first_time(self, folder: bytes) -> bool:
        try:
            info = os.stat(self._found.root.absolute(folder))
        except OSError as error:
            self._unreadable(folder, error)
            return False
        place = (info.st_dev, info.st_ino)
        if place in self._outside:
            return False
        self._outside.add(place)
        return True

    def _follow_link(self, path: bytes, links: list[bytes]) -> None:
        whole = self._found.root.absolute(path)
        if not self._follow or any(contains(root, whole) for root in self._roots):
            return
        try:
            info = os.stat(whole)
        except OSError as error:
            # A link that leads nowhere, or in a circle, is no file and no folder.
            if error.errno not in (errno.ENOENT, errno.ELOOP, errno.ENOTDIR):
                self._unreadable(path, error)
            return
        if stat.S_ISDIR(info.st_mode):
            self._descend(path, links, outside=True)
        elif stat.S_ISREG(info.st_mode) and _is_audio_name(path):
            self._found.entries.append(_entry(path, info))


def _entry(path: bytes, info: os.stat_result) -> Entry:
    return Entry(path, info.st_size, info.st_mtime_ns, info.st_ino, info.st_mode, info.st_dev)


def _is_audio_name(name: bytes) -> bool:
    # "._x.mp3" is what macOS keeps beside x.mp3 on foreign disks.
    return name[name.rfind(b".") + 1 :].lower() in AUDIO_SUFFIXES and not name.startswith(b"._")
