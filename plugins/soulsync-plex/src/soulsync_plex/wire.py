"""What a Plex server sends, as far as it is used. Every field is optional: servers of ten years are out there.

Names are the server's own. Keys are numbers or texts, depending on the place and the version.
"""

from __future__ import annotations

from typing import Generic, TypeVar

from msgspec import Struct

RowT = TypeVar("RowT")

Key = str | int | None


class Tag(Struct, gc=False):
    """A genre, a subformat or any other tag."""

    tag: str | None = None


class Guid(Struct, gc=False):
    """An id in another catalogue, such as `mbid://...`."""

    id: str | None = None


class Stream(Struct, gc=False):
    """A sound track within a file; sent for single items only."""

    samplingRate: int | None = None
    streamType: int | None = None


class Part(Struct, gc=False):
    """A file."""

    key: str | None = None
    file: str | None = None
    size: int | None = None
    container: str | None = None
    Stream: tuple[Stream, ...] = ()


class Media(Struct, gc=False):
    """One version of a track. `bitrate` is in kbit/s."""

    bitrate: int | None = None
    audioCodec: str | None = None
    container: str | None = None
    Part: tuple[Part, ...] = ()


class Field(Struct, gc=False):
    """A field that somebody edited. A locked one is left alone by the server's own agents."""

    name: str | None = None
    locked: bool | None = None


class ItemRow(Struct, gc=False):
    """An artist, an album or a track. Times are seconds since 1970, durations milliseconds, ratings 0 to 10."""

    ratingKey: Key = None
    type: str | None = None
    guid: str | None = None
    title: str | None = None
    titleSort: str | None = None
    originalTitle: str | None = None
    summary: str | None = None
    parentRatingKey: Key = None
    parentTitle: str | None = None
    parentIndex: int | None = None
    parentYear: int | None = None
    grandparentRatingKey: Key = None
    grandparentTitle: str | None = None
    index: int | None = None
    year: int | None = None
    duration: int | None = None
    addedAt: int | None = None
    updatedAt: int | None = None
    lastViewedAt: int | None = None
    viewCount: int | None = None
    userRating: float | None = None
    leafCount: int | None = None
    childCount: int | None = None
    librarySectionID: Key = None
    thumb: str | None = None
    parentThumb: str | None = None
    grandparentThumb: str | None = None
    playlistItemID: Key = None
    Genre: tuple[Tag, ...] = ()
    Guid: tuple[Guid, ...] = ()
    Subformat: tuple[Tag, ...] = ()
    Media: tuple[Media, ...] = ()
    Field: tuple[Field, ...] = ()


class PlaylistRow(Struct):
    """A playlist."""

    ratingKey: Key = None
    type: str | None = None
    title: str | None = None
    summary: str | None = None
    playlistType: str | None = None
    smart: bool | None = None
    radio: bool | None = None
    leafCount: int | None = None
    duration: int | None = None
    composite: str | None = None
    thumb: str | None = None
    addedAt: int | None = None
    updatedAt: int | None = None


class EventRow(Struct):
    """One row of the play history. What was played may be gone: then there is no `ratingKey`."""

    ratingKey: Key = None
    type: str | None = None
    title: str | None = None
    originalTitle: str | None = None
    parentTitle: str | None = None
    grandparentTitle: str | None = None
    librarySectionID: Key = None
    viewedAt: int | None = None
    accountID: Key = None
    deviceID: Key = None


class SessionUser(Struct):
    """Who listens."""

    title: str | None = None


class Player(Struct):
    """What somebody listens with."""

    title: str | None = None
    product: str | None = None
    state: str | None = None


class SessionRow(Struct):
    """Something that is being played."""

    ratingKey: Key = None
    type: str | None = None
    title: str | None = None
    viewOffset: int | None = None
    User: SessionUser | None = None
    Player: Player | None = None


class PosterRow(Struct):
    """A picture that an item may have. Uploaded ones have a key that begins with `upload://`."""

    ratingKey: Key = None
    selected: bool | None = None


class Location(Struct):
    """A folder of a section."""

    path: str | None = None


class Section(Struct):
    """A library. `contentChangedAt` is a counter, the other times are seconds since 1970."""

    key: Key = None
    title: str | None = None
    type: str | None = None
    agent: str | None = None
    uuid: str | None = None
    refreshing: bool | None = None
    updatedAt: int | None = None
    scannedAt: int | None = None
    contentChangedAt: int | None = None
    Location: tuple[Location, ...] = ()


class Sections(Struct):
    """The answer to `/library/sections`."""

    Directory: tuple[Section, ...] = ()


class Root(Struct):
    """The answer to `/`."""

    machineIdentifier: str | None = None
    friendlyName: str | None = None
    version: str | None = None
    myPlexSigninState: str | None = None


class Named(Struct):
    """An account or a device as the server numbers them."""

    id: Key = None
    name: str | None = None


class Accounts(Struct):
    """The answer to `/accounts`. 1 is the owner, 0 the server itself, which has no name."""

    Account: tuple[Named, ...] = ()


class Devices(Struct):
    """The answer to `/devices`: what ever played something."""

    Device: tuple[Named, ...] = ()


class Activity(Struct):
    """Something the server is busy with. `progress` is in percent, -1 while unknown."""

    type: str | None = None
    title: str | None = None
    subtitle: str | None = None
    progress: int | None = None


class Activities(Struct):
    """The answer to `/activities`."""

    Activity: tuple[Activity, ...] = ()


class Hub(Struct):
    """Hits of one kind."""

    type: str | None = None
    Metadata: tuple[ItemRow, ...] = ()


class Hubs(Struct):
    """The answer to `/hubs/search`."""

    Hub: tuple[Hub, ...] = ()


class Rows(Struct, Generic[RowT]):
    """A page of a listing. `totalSize` and `offset` come only when a page was asked for."""

    size: int | None = None
    totalSize: int | None = None
    offset: int | None = None
    Metadata: tuple[RowT, ...] = ()


class Envelope(Struct, Generic[RowT]):
    """Around every answer."""

    MediaContainer: RowT
