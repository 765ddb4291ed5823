"""All that one simulated server knows and can find out about itself; the routes stand on it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import md5
from threading import RLock

from soulsync_jellyfin.simulator.accounts import Accounts, Caller, User
from soulsync_jellyfin.simulator.catalogue import Catalogue, Entry, Ids, Library
from soulsync_jellyfin.simulator.personality import Personality
from soulsync_jellyfin.simulator.querying import Parameters, found_by, in_order
from soulsync_jellyfin.simulator.rendering import Played, Renderer


@dataclass(slots=True, kw_only=True)
class Playlist:
    """What a playlist is besides an item. `entries` are pairs of entry id and item id, `shares` who may edit."""

    owner: str
    open_access: bool
    entries: list[tuple[str, str]] = field(default_factory=list)
    shares: dict[str, bool] = field(default_factory=dict)


@dataclass(slots=True, kw_only=True)
class Noted:
    """What the KodiSyncQueue plugin has noted."""

    removed: list[str] = field(default_factory=list)
    user_data: list[str] = field(default_factory=list)
    since: datetime = datetime(2000, 1, 1, tzinfo=UTC)


class State:
    """One server. Everything that changes is changed under `lock`."""

    def __init__(self, personality: Personality) -> None:
        self.personality = personality
        self.id = md5(personality.name.encode(), usedforsecurity=False).hexdigest()
        self.lock = RLock()
        self.ids = Ids(numbers=personality.emby)
        self.catalogue = Catalogue(self.ids)
        self.accounts = Accounts(personality)
        self.renderer = Renderer(self.catalogue, personality, self.id)
        self.playlists: dict[str, Playlist] = {}
        self.played: dict[tuple[str, str], Played] = {}
        self.quick_connect: dict[str, tuple[str, str | None]] = {}
        self.quick_connect_enabled = True
        self.scan_polls = 0
        """How many more times the server says that it scans."""
        self.refreshing: dict[str, int] = {}
        self.updated_paths: list[str] = []
        self.sync_queue: Noted | None = None
        self.now_playing: list[tuple[User, Entry]] = []
        self.listeners: list[Callable[[str], None]] = []
        self._sorted: dict[tuple[object, ...], list[Entry]] = {}
        self._sorted_version = -1

    def now(self) -> datetime:
        """The server's clock."""
        return datetime.now(UTC)

    def relation(self, user: User | None, item: str) -> Played:
        """What a user has to do with an item; nothing for an API key."""
        return self.played.get((user.id, item), Played()) if user is not None else Played()

    def visible(self, user: User | None) -> list[Library]:
        """The libraries a user sees; an API key sees all [S]."""
        return [
            library
            for library in self.catalogue.libraries.values()
            if user is None or user.libraries is None or library.id in user.libraries
        ]

    def below(self, user: User | None, parent: str | None) -> list[Entry]:
        """The items below a library, an album, or all the user sees.

        An unknown parent is taken for the root, so that everything is listed [S ItemsController].
        """
        items = self.catalogue.items
        if parent is not None and parent in items:
            return [entry for entry in items.values() if entry.album_id == parent]
        seen = {library.id for library in self.visible(user)}
        if parent is not None and parent in self.catalogue.libraries:
            seen &= {parent}
        return [
            entry
            for entry in items.values()
            if entry.library in seen or (parent is None and entry.library is None)
        ]

    def album_artists(self, user: User | None, parent: str | None) -> list[Entry]:
        """Those who are album artists of something below; guests are none."""
        names = dict.fromkeys(name for entry in self.below(user, parent) for name in entry.album_artists)
        found = (self.catalogue.items.get(self.catalogue.artist_id(name)) for name in names)
        return [entry for entry in found if entry is not None]

    def select(self, params: Parameters, user: User | None, *, artists: bool | None = None) -> list[Entry]:
        """The items a query means, all of them, in order. `artists` lists album artists, or all."""
        by, orders = params.names("sortBy"), params.names("sortOrder")
        start = params.number("startIndex") or 0
        key = (
            *(params.request.query if by and by[0] in ("artist", "albumartist") else ()),
            artists,
            None if user is None else user.id,
            *sorted(pair for pair in params.request.query if pair[0] not in _NOT_SELECTING),
        )
        if self._sorted_version != self.catalogue.version or len(self._sorted) > 32:
            self._sorted, self._sorted_version = {}, self.catalogue.version
        if key not in self._sorted or "random" in by:
            rows = self._filtered(params, user, artists=artists)
            self._sorted[key] = in_order(rows, by, orders, lambda entry: self.relation(user, entry.id), start)
        return self._sorted[key]

    def _filtered(self, params: Parameters, user: User | None, *, artists: bool | None) -> list[Entry]:
        parent, ids = params.id("parentId"), params.ids("ids")
        if ids:
            rows = [entry for each in ids if (entry := self.catalogue.items.get(each)) is not None]
        elif artists is not None:
            rows = self.album_artists(user, parent)
        else:
            rows = self.below(user, parent)
        types = params.names("includeItemTypes")
        if types:
            rows = [entry for entry in rows if entry.type.lower() in types]
        implied = bool(types) and self.personality.implies_recursion
        if not ids and artists is None and not params.flag("recursive", default=implied):
            # Then it is what lies in the folder itself; the tracks of an album lie in that.
            rows = [entry for entry in rows if parent in self.catalogue.items or entry.album_id is None]
        if not ids and artists is None and parent is None:
            # Artists lie in no library, so a query for a user does not find them [S].
            rows = [entry for entry in rows if user is None or entry.type != "MusicArtist"]
            rows = [entry for entry in rows if entry.type != "Playlist" or self.may_read(entry.id, user)]
        saved = params.moment("minDateLastSaved")
        if saved is not None:
            rows = [entry for entry in rows if entry.saved >= saved]
        term = params.text("searchTerm")
        if term is not None and term.strip():
            rows = found_by(term, rows)
        if "isplayed" in params.names("filters"):
            rows = [entry for entry in rows if self.relation(user, entry.id).played]
        for name in ("albumArtistIds", "artistIds"):
            wanted = set(params.ids(name))
            if wanted:
                rows = [entry for entry in rows if wanted & self._credited(entry, guests=name == "artistIds")]
        return rows

    def may_read(self, playlist: str, user: User | None) -> bool:
        """Whether a playlist is the user's own, public or shared."""
        details = self.playlists[playlist]
        return user is None or details.open_access or user.id == details.owner or user.id in details.shares

    def may_edit(self, playlist: str, user: User) -> bool:
        """Whether a playlist is the user's own or shared for editing."""
        details = self.playlists[playlist]
        return user.id == details.owner or details.shares.get(user.id, False)

    def user_of(self, caller: Caller, wanted: str | None) -> User | int | None:
        """The user a request is about, or the status of the refusal [S RequestHelpers].

        403 for somebody else unless one is an administrator, 404 for nobody.
        """
        if wanted is None:
            return caller.user
        if caller.user is not None and caller.user.id != wanted and not caller.admin:
            return 403
        return self.accounts.users.get(wanted, 404)

    def _credited(self, entry: Entry, *, guests: bool) -> set[str]:
        names = entry.album_artists + (entry.artists if guests else ())
        return {self.catalogue.artist_id(name) for name in names}


_NOT_SELECTING = frozenset(
    {
        "startIndex",
        "limit",
        "fields",
        "enableUserData",
        "enableImages",
        "enableTotalRecordCount",
        "ApiKey",
        "api_key",
    }
)
