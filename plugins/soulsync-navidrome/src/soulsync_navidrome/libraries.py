"""Music folders as libraries, and which of them a call is about."""

from __future__ import annotations

from dataclasses import dataclass

from soulsync_engine.models import Library, Scope
from soulsync_engine.plugin import NotAllowedError, NotFoundError
from soulsync_navidrome.connection import Connection
from soulsync_navidrome.values import optional_id
from soulsync_navidrome.wire import MusicFolder


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """The libraries of a call.

    `folders` are the ids to ask for one by one, None when everything the user may see is meant, which is asked for
    without naming folders. `library_id` is set when all that is found belongs to that one library. `others` are the
    folders left out.
    """

    folders: tuple[str, ...] | None
    library_id: str | None
    others: tuple[str, ...] = ()
    names: tuple[str, ...] = ()

    @property
    def parts(self) -> tuple[str | None, ...]:
        """What to ask for, one after the other; None is everything at once."""
        return (None,) if self.folders is None else self.folders


def list_libraries(connection: Connection) -> tuple[Library, ...]:
    """The music folders the user may see, freshly asked."""
    found = connection.transport.call("getMusicFolders").music_folders
    folders = found.music_folder if found else None
    several = [folders] if isinstance(folders, MusicFolder) else folders or []
    return tuple(
        Library(id=folder_id, name=folder.name or folder_id)
        for folder in several
        if (folder_id := optional_id(folder.id)) is not None
    )


def select(connection: Connection, scope: Scope) -> Selection:
    """The libraries of a scope. One that is gone is `NotFoundError`."""
    user = connection.facts.user
    if scope.user is not None and user is not None and scope.user.casefold() != user.casefold():
        raise NotAllowedError(
            f"The credentials speak for {user!r} alone, not for {scope.user!r}.",
            server=connection.server,
            next_step="Configure another server with that user's credentials.",
        )
    libraries = list_libraries(connection)
    known = {library.id: library.name for library in libraries}
    wanted = tuple(known) if scope.libraries is None else tuple(dict.fromkeys(scope.libraries))
    for library_id in wanted:
        if library_id not in known:
            raise NotFoundError(
                f"The server shows this user no music folder with the id {library_id!r}.",
                server=connection.server,
                next_step="List the libraries again and choose among them.",
            )
    everything = scope.libraries is None or (bool(known) and set(wanted) == set(known))
    return Selection(
        folders=None if everything else wanted,
        library_id=wanted[0] if len(wanted) == 1 else None,
        others=tuple(library_id for library_id in known if library_id not in wanted),
        names=tuple(known[library_id] for library_id in wanted),
    )
