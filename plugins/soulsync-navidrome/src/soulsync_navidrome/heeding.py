"""Whether a server heeds which music folder is asked for. One that does not would let the others leak in.

What is asked for a folder that was chosen is asked for one that was left out as well. The same answer to both comes
from a server that looks at neither. Servers heed the folder in one list and not in another, so each list is judged by
itself; one that was seen to heed it is not asked again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import Final

import msgspec

from soulsync_engine.http import UnreadableAnswerError
from soulsync_engine.plugin import NotFoundError, UnavailableError
from soulsync_navidrome.asking import Asking
from soulsync_navidrome.failures import PageRefusedError, RefusedError
from soulsync_navidrome.libraries import Selection

_ENOUGH: Final = 10
_NOTHING: Final[frozenset[str]] = frozenset()

Shown = Callable[[str], frozenset[str]]
"""The ids of what a list shows of a folder."""


class Heeding:
    """What one server was seen to heed. Thread-safe, as nothing is ever taken back."""

    def __init__(self, asking: Asking) -> None:
        self._asking = asking
        self._heeded: set[str] = set()

    def check_albums(self, selection: Selection) -> None:
        """Raise `UnavailableError` when the list of albums is the same for every folder."""
        if not self._heeds("albums", selection, [self._albums]):
            raise self._leaks(
                "shows the same albums for two music folders, so it cannot show one of them alone"
            )

    def check_search(self, selection: Selection, query: str) -> None:
        """Raise `UnavailableError` when a search finds the same in every folder."""
        if not self.search(selection, query, "", '""'):
            raise self._leaks("searches all music folders at once, so it cannot search one of them alone")

    def search(self, selection: Selection, *queries: str) -> bool:
        """Whether a search heeds the folder: the first of the queries that finds any song tells."""
        return self._heeds("search", selection, [partial(self._songs, query) for query in queries])

    def artists(self, selection: Selection) -> bool:
        """Whether the list of artists heeds the folder; not known where the same artists are in two folders."""
        return self._heeds("artists", selection, [self._artists])

    def _heeds(self, what: str, selection: Selection, lists: Iterable[Shown]) -> bool:
        """Whether this is so, or nothing is shown of either folder, so that nothing can leak."""
        if not selection.folders or not selection.others or what in self._heeded:
            return True
        for shown in lists:
            chosen, other = _seen(shown, selection.folders[0]), _seen(shown, selection.others[0])
            if chosen != other:
                self._heeded.add(what)
                return True
            if chosen:
                return False
        return True

    def _leaks(self, what: str) -> UnavailableError:
        return UnavailableError(
            f"The server {what}.",
            server=self._asking.server,
            next_step="Use all its libraries, or update the server.",
        )

    def _albums(self, folder: str) -> frozenset[str]:
        raw = self._asking.album_list("alphabeticalByName", folder, 0, _ENOUGH)
        if not bytes(raw):
            return _NOTHING
        try:
            rows = msgspec.json.decode(raw, type=list[dict[str, object]])
        except (msgspec.DecodeError, RecursionError):
            raise UnreadableAnswerError(
                "The server's list of albums cannot be read.",
                server=self._asking.server,
                next_step="Check that the server's version is supported.",
            ) from None
        return frozenset(str(row.get("id")) for row in rows)

    def _songs(self, query: str, folder: str) -> frozenset[str]:
        found = self._asking.search_songs(query, folder, 0, _ENOUGH, self._asking.connection.reading)
        return frozenset(track.ref.id for track in found.items)

    def _artists(self, folder: str) -> frozenset[str]:
        found = self._asking.artists(folder, self._asking.connection.reading)
        return frozenset(artist.ref.id for artist in found.items)


def _seen(shown: Shown, folder: str) -> frozenset[str]:
    try:
        return shown(folder)
    except (NotFoundError, RefusedError, PageRefusedError):
        # What is not shown cannot leak; that there is no such list is for whoever reads it.
        return _NOTHING
