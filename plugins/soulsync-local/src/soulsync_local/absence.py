"""When a file that is not found may be taken as deleted, and when that is in doubt. On a doubt nothing is removed."""

from __future__ import annotations

import os
from collections.abc import Iterable

from soulsync_engine.plugin import UnavailableError
from soulsync_local.index import FILE_NAME
from soulsync_local.moves import Known
from soulsync_local.naming import display
from soulsync_local.roots import Root, RootIdentity
from soulsync_local.walk import RootWalk

_OTHER_MUSIC = (
    f"Mount the right disk. If this is to be the library now, delete {FILE_NAME} in the server's data folder."
)
_NO_MUSIC = (
    "Mount the right disk. If the music is really gone, remove this server and have the mirror forget it."
)


def refuse_unread(found: RootWalk, missing: Iterable[Known]) -> None:
    """Raise `UnavailableError` when a missing file lay in a folder that cannot be read now."""
    if not found.unreadable:
        return
    closed = {one.path: one.reason for one in found.unreadable}
    for known in missing:
        for place in _upwards(known.path):
            if place in closed:
                raise UnavailableError(
                    f"The folder {display(place)!r} in {found.root.path} cannot be read: {closed[place]}.",
                    next_step="Make it readable, or mount its disk; until then nothing is taken as deleted.",
                )


def refuse_unmounted(found: RootWalk, missing: Iterable[Known]) -> None:
    """Raise `UnavailableError` when missing files lay on a disk of their own that seems not to be mounted.

    The sign: the deepest folder that is left of their path is empty and on another device than they were, or it is a
    link that leads nowhere.
    """
    looked_at: set[bytes] = set()
    for known in missing:
        folder = known.path.rpartition(b"/")[0]
        if known.device == found.identity.device or folder in looked_at:
            continue
        looked_at.add(folder)
        if _seems_unmounted(found.root, folder, known.device):
            raise UnavailableError(
                f"The disk with the folder {display(folder)!r} in {found.root.path} seems not to be mounted.",
                next_step="Mount it; or, if its files are really gone, remove the empty folder or the link too.",
            )


def prove_empty(found: RootWalk, populated: RootIdentity | None) -> str | None:
    """The proof that a root without audio files is truly empty; None when it was never known to hold any.

    Raises `UnavailableError` when it is not the very folder that held files before: a bare mount point, for example.
    """
    if populated is None:
        return None
    if found.identity != populated:
        raise _other_folder(found.root)
    return f"{found.root.path} is the very folder that held music before, and it has no audio file now"


def refuse_bare(root: Root, found: RootIdentity, populated: RootIdentity | None) -> None:
    """Raise `UnavailableError` for a root with nothing in it that is not the folder that held music before."""
    if populated is None or found == populated:
        return
    with os.scandir(root.raw) as items:
        if next(items, None) is None:
            raise _other_folder(root)


def refuse_stranger(found: RootWalk, populated: RootIdentity | None) -> None:
    """Raise `UnavailableError` when a root without any of the files it is known for is another folder than before."""
    if populated is not None and found.identity != populated:
        raise UnavailableError(
            f"The folder {found.root.path} is not the one that held music before, and none of those files is in it.",
            next_step=_OTHER_MUSIC,
        )


def _other_folder(root: Root) -> UnavailableError:
    return UnavailableError(
        f"The folder {root.path} is empty, and it is not the one that held music before.", next_step=_NO_MUSIC
    )


def _seems_unmounted(root: Root, folder: bytes, device: int) -> bool:
    for place in _upwards(folder):
        whole = root.absolute(place)
        try:
            info = os.stat(whole)
        except OSError:
            if os.path.islink(whole):
                return True
            continue
        try:
            with os.scandir(whole) as items:
                return info.st_dev != device and next(items, None) is None
        except OSError:
            return True
    return False


def _upwards(path: bytes) -> Iterable[bytes]:
    """The path and its folders, the deepest first, without the root."""
    while path:
        yield path
        path = path.rpartition(b"/")[0]
