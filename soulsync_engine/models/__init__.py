"""The values that cross the contract: immutable, typed, the same for every server."""

from soulsync_engine.models.activity import (
    ActivePlay,
    HistoryLevel,
    PlayCount,
    PlayEvent,
    PlayEventPage,
    UserData,
)
from soulsync_engine.models.library import (
    Album,
    Artist,
    ArtistCredit,
    Item,
    Library,
    MusicBrainzIds,
    Track,
)
from soulsync_engine.models.media import ByteRange, Media, MediaBytes, MediaFile, MediaRequest
from soulsync_engine.models.pages import ChangedPage, Page, PagingLimits, Problem
from soulsync_engine.models.playlists import Playlist, PlaylistEntry, PlaylistResult
from soulsync_engine.models.refs import EVERYTHING, ItemRef, Kind, Scope
from soulsync_engine.models.search import SearchResult
from soulsync_engine.models.server import (
    ChangeHint,
    ScanPhase,
    ScanState,
    ServerInfo,
    ServerState,
    Status,
    User,
)
from soulsync_engine.models.writeback import (
    AlbumPatch,
    ArtistPatch,
    FieldOutcome,
    FieldResult,
    PatchResult,
    TrackPatch,
)

__all__ = [
    "EVERYTHING",
    "ActivePlay",
    "Album",
    "AlbumPatch",
    "Artist",
    "ArtistCredit",
    "ArtistPatch",
    "ByteRange",
    "ChangeHint",
    "ChangedPage",
    "FieldOutcome",
    "FieldResult",
    "HistoryLevel",
    "Item",
    "ItemRef",
    "Kind",
    "Library",
    "Media",
    "MediaBytes",
    "MediaFile",
    "MediaRequest",
    "MusicBrainzIds",
    "Page",
    "PagingLimits",
    "PatchResult",
    "PlayCount",
    "PlayEvent",
    "PlayEventPage",
    "Playlist",
    "PlaylistEntry",
    "PlaylistResult",
    "Problem",
    "ScanPhase",
    "ScanState",
    "Scope",
    "SearchResult",
    "ServerInfo",
    "ServerState",
    "Status",
    "Track",
    "TrackPatch",
    "User",
    "UserData",
]
