"""A backend that makes up a library as it is read: any number of tracks, ten to an album, twenty to an artist.

Its token is the one of its settings, so that a second look can find everything or nothing to be new.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from random import Random
from uuid import UUID

from soulsync_engine import MediaServerEngine
from soulsync_engine.discovery import in_process
from soulsync_engine.models import (
    Album,
    Artist,
    ArtistCredit,
    Item,
    ItemRef,
    Kind,
    Library,
    MusicBrainzIds,
    Page,
    PagingLimits,
    Scope,
    SearchResult,
    ServerInfo,
    Track,
)
from soulsync_engine.plugin import BackendSettings, BackendSpec, MediaServerClient, ServerContext

PER_ALBUM, PER_ARTIST = 10, 20
START = datetime(2020, 1, 1, tzinfo=UTC)
_SYLLABLES = "ba ce di fo gu la me ni or pu ra se ti vo xy ka le mo nu sha ther ing man ver est an el in on"
SYLLABLES = _SYLLABLES.split()
VOCABULARY = 20_000
GENRES = (("Rock",), ("Rock", "Pop"), ("Jazz",), ("Electronic",), ("Folk", "Acoustic"), ("Klassik",))

backend = BackendSpec(
    name="generated", title="Generated", contract=1, client="generated:Client", settings="generated:Settings"
)


class Settings(BackendSettings):
    """How much there is."""

    tracks: int
    token: str = "t"
    page: int = 1000
    wait_seconds: float = 0.0
    """How long each page takes to come."""


class Client(MediaServerClient):
    """The library."""

    def __init__(self, context: ServerContext[Settings]) -> None:
        super().__init__(context)
        settings = context.settings
        self._tracks, self._token, self._wait = settings.tracks, settings.token, settings.wait_seconds
        self.limits = PagingLimits(max_page_size=settings.page)

    def connect(self) -> ServerInfo:
        return ServerInfo(product="Generated", version="1")

    def list_libraries(self) -> tuple[Library, ...]:
        return (Library(id="1", name="Music"),)

    def change_token(self, scope: Scope) -> str:
        return self._token

    def list_tracks(self, scope: Scope, cursor: str | None, limit: int) -> Page[Track]:
        return self._page(self.track, self._tracks, cursor, limit)

    def list_albums(self, scope: Scope, cursor: str | None, limit: int) -> Page[Album]:
        return self._page(self.album, self._tracks // PER_ALBUM, cursor, limit)

    def list_artists(self, scope: Scope, cursor: str | None, limit: int) -> Page[Artist]:
        return self._page(self.artist, self._tracks // PER_ARTIST, cursor, limit)

    def get_items(self, kind: Kind, ids: tuple[str, ...]) -> tuple[Item, ...]:
        raise NotImplementedError

    def search(self, query: str, kinds: frozenset[Kind], scope: Scope, limit: int) -> SearchResult:
        return SearchResult()

    def _page(self, make, total, cursor, limit):  # type: ignore[no-untyped-def]
        time.sleep(self._wait)
        start = int(cursor or 0)
        end = min(start + limit, total)
        return Page(
            items=tuple([make(number) for number in range(start, end)]),
            next_cursor=str(end) if end < total else None,
            total=total,
        )

    def track(self, number: int) -> Track:
        album, artist = number // PER_ALBUM, number // PER_ARTIST
        credit = (ArtistCredit(name=title_of(artist + 7_000_000, 2), id=id_of("ar", artist)),)
        moment = START + timedelta(minutes=album)
        return Track(
            ref=ItemRef(self.server, Kind.TRACK, id_of("tr", number)),
            title=title_of(number, 3),
            artists=credit,
            album=title_of(album + 3_000_000, 3),
            album_id=id_of("al", album),
            album_artists=credit,
            disc=1,
            track_number=number % PER_ALBUM + 1,
            duration_ms=180_000 + number % 100_000,
            year=1960 + album % 60,
            genres=GENRES[album % len(GENRES)],
            musicbrainz=MusicBrainzIds(
                recording=str(UUID(int=number * 7919 << 32)), release=str(UUID(int=album << 40))
            ),
            path=f"/music/{artist}/{album}/{number % PER_ALBUM + 1:02} track.flac",
            size=20_000_000 + number,
            bitrate=900,
            codec="flac",
            sample_rate=44_100,
            favorite=False,
            library_id="1",
            added=moment,
            updated=moment,
        )

    def album(self, number: int) -> Album:
        artist = number * PER_ALBUM // PER_ARTIST
        return Album(
            ref=ItemRef(self.server, Kind.ALBUM, id_of("al", number)),
            title=title_of(number + 3_000_000, 3),
            artists=(ArtistCredit(name=title_of(artist + 7_000_000, 2), id=id_of("ar", artist)),),
            year=1960 + number % 60,
            genres=GENRES[number % len(GENRES)],
            track_count=PER_ALBUM,
            library_id="1",
        )

    def artist(self, number: int) -> Artist:
        return Artist(
            ref=ItemRef(self.server, Kind.ARTIST, id_of("ar", number)),
            name=title_of(number + 7_000_000, 2),
            album_count=PER_ARTIST // PER_ALBUM,
            library_id="1",
        )


def engine_of(tracks: int, folder: str, *, token: str) -> MediaServerEngine:
    """An engine of such a library, with its mirror in a folder."""
    server = {"backend": backend.name, "tracks": tracks, "token": token}
    config = {"servers": {"g": server}, "engine": {"data_dir": folder}}
    return MediaServerEngine(config, records=in_process(backend))


def id_of(prefix: str, number: int) -> str:
    """An id like those of real servers: in no order."""
    return f"{prefix}{number * 2_654_435_761 % 4_294_967_296:08x}{number:x}"


@lru_cache(maxsize=VOCABULARY)
def word_of(number: int) -> str:
    """A word; those of small numbers are short."""
    word = ""
    number += 1
    while number:
        number, place = divmod(number, len(SYLLABLES))
        word += SYLLABLES[place]
    return word.capitalize()


def title_of(number: int, words: int) -> str:
    """A title, the same for the same number. As in a language, few words are frequent and most are rare."""
    spread = (number + 1) * 0x9E3779B97F4A7C15 % (1 << 64)
    chosen = []
    for _ in range(words):
        chosen.append(word_of(int(VOCABULARY * (spread / (1 << 64)) ** 4)))
        spread = spread * 6_364_136_223_846_793_005 % (1 << 64)
    return " ".join(chosen)


def sample_queries(number: int, tracks: int) -> list[str]:
    """What people look for: words of a title and of its artist, the last one not typed to its end."""
    random = Random(4)
    queries = []
    for _ in range(number):
        track = random.randrange(tracks)
        words = [*title_of(track, 3).split(), title_of(track // PER_ARTIST + 7_000_000, 2).split()[0]]
        chosen = words[: random.randint(1, 2)] + words[3:]
        queries.append(" ".join([*chosen[:-1], chosen[-1][: random.randint(3, 9)]]).lower())
    return queries
