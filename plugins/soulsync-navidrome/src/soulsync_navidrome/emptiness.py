"""Empty is proven by independent evidence, or it is an error."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from soulsync_engine.plugin import NotFoundError
from soulsync_navidrome.asking import Asking, NotProvenError
from soulsync_navidrome.failures import PageRefusedError, RefusedError
from soulsync_navidrome.libraries import Selection
from soulsync_navidrome.values import flag, whole


def prove_empty(asking: Asking, selection: Selection) -> str:
    """Why it is certain that these libraries hold nothing, as a sentence. Raises `NotProvenError` when it is not."""
    if not selection.names:
        raise NotProvenError(
            "The server shows this user no music folder at all.",
            server=asking.server,
            next_step="Let the user see a library, on the server's page of users.",
        )
    counted = _at_rest(asking, selection)
    for folder in selection.parts:
        shown = {
            "artists": partial(_artists, asking, folder),
            "albums": partial(_albums, asking, folder),
            "songs": partial(_songs, asking, folder),
        }
        found = {what: _found(ask) for what, ask in shown.items()}
        if any(found.values()):
            what = next(what for what, seen in found.items() if seen)
            raise NotProvenError(
                f"The server shows {what}, but a listing of it came back empty.",
                server=asking.server,
                next_step="Try again when the server is at rest.",
            )
        if set(found.values()) == {None}:
            raise NotProvenError(
                "The server refuses to show any artist, album or song, so nothing proves that there is none.",
                server=asking.server,
                next_step="Look into the server's log, and try again.",
            )
    names = ", ".join(repr(name) for name in selection.names)
    return f"the music folder {names} is there, no artist, album or song is shown in it{counted}"


def _at_rest(asking: Asking, selection: Selection) -> str:
    """What the scan status adds to the evidence."""
    connection = asking.connection
    if connection.facts.scan_refusal is not None:
        return ""
    status = connection.transport.call("getScanStatus").scan_status
    if status is None:
        return ""
    if flag(status.scanning):
        raise NotProvenError(
            "The server shows nothing, but it is scanning at this moment.",
            server=asking.server,
            next_step="Try again when the scan has ended.",
        )
    count = whole(status.count) or 0
    if count and selection.folders is None:
        raise NotProvenError(
            f"The server shows nothing, although its scan counted {count} songs.",
            server=asking.server,
            next_step="Check on the server which libraries this user may see.",
        )
    return ", and no scan is running"


def _found(ask: Callable[[], bool]) -> bool | None:
    """Whether anything is shown; None when the server refuses to tell, which alone proves nothing."""
    try:
        return ask()
    except (NotFoundError, RefusedError, PageRefusedError):
        # Some servers say that an empty library is not there; it was seen among the music folders a moment ago.
        return None


def _artists(asking: Asking, folder: str | None) -> bool:
    found = asking.artists(folder, asking.connection.reading)
    return bool(found.items or found.problems)


def _albums(asking: Asking, folder: str | None) -> bool:
    return bytes(asking.album_list("alphabeticalByName", folder, 0, 1)).strip() not in (b"", b"null", b"[]")


def _songs(asking: Asking, folder: str | None) -> bool:
    found = asking.search_songs("", folder, 0, 1, asking.connection.reading)
    return bool(found.items or found.problems)
