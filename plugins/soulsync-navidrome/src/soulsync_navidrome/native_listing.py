"""Songs and albums by Navidrome's own API, which declares its total with every page."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Final, Generic, TypeVar

import msgspec

from soulsync_engine.http import (
    DecodedItems,
    UnexpectedAnswerError,
    UnreadableAnswerError,
    decode,
    decode_items,
)
from soulsync_engine.http.answer import HttpAnswer
from soulsync_engine.models import Album, Item, Kind, Page, Track
from soulsync_navidrome import native_mapper, pages
from soulsync_navidrome.libraries import Selection
from soulsync_navidrome.native import NativeApi, NativeUnavailableError
from soulsync_navidrome.pages import PageSize, Progress
from soulsync_navidrome.wire import Wire

ItemT = TypeVar("ItemT", bound=Item)
WireT = TypeVar("WireT", bound=Wire)


@dataclass(frozen=True)
class NativeList(Generic[ItemT]):
    """One of its lists: where it is, and how an answer is read for a server of some name."""

    path: str
    kind: Kind
    read: Callable[[HttpAnswer, str], DecodedItems[ItemT]]


def _read(
    wire: type[WireT], to_model: Callable[[WireT, str], ItemT], kind: Kind, answer: HttpAnswer, server: str
) -> DecodedItems[ItemT]:
    return decode_items(decode(answer, list[msgspec.Raw]), wire, lambda row: to_model(row, server), kind=kind)


SONGS: Final = NativeList[Track](
    "/api/song",
    Kind.TRACK,
    partial(_read, native_mapper.NativeSong, native_mapper.track, Kind.TRACK),
)
ALBUMS: Final = NativeList[Album](
    "/api/album",
    Kind.ALBUM,
    partial(_read, native_mapper.NativeAlbum, native_mapper.album, Kind.ALBUM),
)


class NativeListing(Generic[ItemT]):
    """One of its lists, of the libraries selected. Making one looks at the first entry.

    `NativeUnavailableError` when that is not what it should be.
    """

    def __init__(
        self,
        native: NativeApi,
        server: str,
        what: NativeList[ItemT],
        selection: Selection,
        size: PageSize,
    ) -> None:
        self._native = native
        self._server = server
        self._what = what
        # Files that are gone are in the list, too, until somebody clears them away.
        self._filters: list[tuple[str, str | int]] = [
            ("missing", "false"),
            *(("library_id", folder) for folder in selection.folders or ()),
        ]
        self._folders = selection.folders
        self._size = size
        self._progress = Progress(server)
        answer, self.total = native.page(what.path, 0, 1, self._filters)
        try:
            found = what.read(answer, server)
        except UnreadableAnswerError:
            found = None
        if found is None or found.problems:
            raise NativeUnavailableError(f"its {what.kind}s do not have the expected shape")
        self._check_libraries(found)

    def page(self, offset: int, limit: int) -> Page[ItemT]:
        """See `Listing`."""
        found = pages.gathered(
            self._size,
            self._progress,
            self._ask,
            (offset, min(offset + limit, self.total)),
            missing=partial(pages.short, self._server, f"{self._what.kind}s", self.total),
        )
        return pages.page_of(pages.joined(found), offset, self.total)

    def _ask(self, offset: int, count: int) -> DecodedItems[ItemT]:
        try:
            answer, total = self._native.page(self._what.path, offset, offset + count, self._filters)
            found = self._what.read(answer, self._server)
            self._check_libraries(found)
        except NativeUnavailableError as error:
            # Half a listing cannot be continued in another way: the order is another one.
            self._native.give_up(str(error))
            raise UnexpectedAnswerError(
                f"Navidrome's own API stopped answering in the middle of a listing: {error}.",
                server=self._server,
                next_step="Try again; the listing will be read in another way.",
            ) from None
        if total > self.total:
            raise pages.grown(self._server, f"{self._what.kind}s", self.total)
        if total < self.total:
            raise pages.short(self._server, f"{self._what.kind}s", self.total, total)
        return found

    def _check_libraries(self, found: DecodedItems[ItemT]) -> None:
        """Nothing of a library that was left out may be among what was found."""
        if self._folders is not None and any(item.library_id not in self._folders for item in found.items):
            raise NativeUnavailableError("it does not heed which library is asked for")
