"""A simulated server and an engine that uses it."""

from __future__ import annotations

import os
import ssl
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

import pytest
import trustme

from soulsync_engine import MediaServerEngine
from soulsync_engine.discovery import BackendRecord, discover, find
from soulsync_engine.models import ArtistPatch, Kind, MediaBytes
from soulsync_engine.plugins import GlobalPlugins
from soulsync_engine.server import MediaServer
from soulsync_engine.testing.scenarios import COVER, small
from soulsync_plex.client import PlexClient
from soulsync_plex.simulator import PlexSimulator

Connect = Callable[..., MediaServer]


@pytest.fixture(scope="session")
def record() -> BackendRecord:
    """The installed backend, as hosts find it."""
    return find("plex", discover())


@pytest.fixture
def running() -> Iterator[Callable[..., PlexSimulator]]:
    """Starts simulators. What they were asked and do not have fails the test, and so do tokens in addresses."""
    started: list[PlexSimulator] = []
    with ExitStack() as stack:

        def start(*args: object, **kwargs: object) -> PlexSimulator:
            simulator = PlexSimulator(*args, **kwargs)  # type: ignore[arg-type]
            stack.callback(simulator.stop)
            started.append(simulator.start())
            return simulator

        yield start
    assert [refusal for simulator in started for refusal in simulator.refusals] == []
    assert [path for simulator in started for path in simulator.tokens_in_addresses] == []


@pytest.fixture
def plex(running: Callable[..., PlexSimulator]) -> PlexSimulator:
    """A current server with the small library."""
    return running(small())


@pytest.fixture
def running_tls(running: Callable[..., PlexSimulator], tmp_path: Path) -> tuple[PlexSimulator, str]:
    """A server that speaks TLS alone, and the file of the authority that vouches for it."""
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    file = tmp_path / "authority.pem"
    authority.cert_pem.write_to_path(str(file))
    return running(small(), tls=context), str(file)


@pytest.fixture
def config_of(tmp_path: Path) -> Callable[..., dict[str, object]]:
    """Makes the configuration of an engine with one server."""

    def make(simulator: PlexSimulator, **settings: object) -> dict[str, object]:
        server = {"backend": "plex", **simulator.settings(), "retries": 0, **settings}
        return {
            "server": {"active": "home"},
            "servers": {"home": server},
            "engine": {"data_dir": str(tmp_path / "data")},
            "mirror": {"url": f"sqlite:///{tmp_path.as_posix()}/mirror.db"},
        }

    return make


@pytest.fixture
def engine_of(
    record: BackendRecord, config_of: Callable[..., dict[str, object]]
) -> Iterator[Callable[..., MediaServerEngine]]:
    """Opens engines with one server."""
    with ExitStack() as stack:

        def make(simulator: PlexSimulator, **settings: object) -> MediaServerEngine:
            config = config_of(simulator, **settings)
            engine = MediaServerEngine(config, records=[record], plugins=GlobalPlugins())
            return stack.enter_context(engine)

        yield make


@pytest.fixture
def connect(engine_of: Callable[..., MediaServerEngine]) -> Connect:
    """Opens servers."""
    return lambda simulator, **settings: engine_of(simulator, **settings).server("home")


@pytest.fixture
def server(plex: PlexSimulator, connect: Connect) -> MediaServer:
    """The small library, opened."""
    return connect(plex)


@pytest.fixture
def client_of() -> Callable[[MediaServer], PlexClient]:
    """Gives the client behind an opened server, for what the contract does not have."""

    def client(server: MediaServer) -> PlexClient:
        server.connect()
        found = server._session()._client
        assert isinstance(found, PlexClient)
        return found

    return client


@pytest.fixture
def exercise() -> Callable[[MediaServer], None]:
    """Does one of everything that is a request and an answer."""
    return _exercise


def _exercise(server: MediaServer) -> None:
    """One of everything."""
    artist = next(server.iter_artists()).ref.id
    album = next(server.iter_albums()).ref.id
    first, second, *_ = (track.ref.id for track in server.iter_tracks())
    server.search("Dawn")
    server.list_changed(Kind.TRACK, since=server.change_token())
    server.list_recently_added(Kind.ALBUM)
    server.trigger_scan()
    playlist = server.create_playlist("Described", [first, second]).playlist
    server.update_playlist("Described", [second, first, second])
    server.update_playlist("Described", [second])
    server.edit_playlist(playlist.ref.id, name="Said", description="so")
    server.set_playlist_image(playlist.ref.id, MediaBytes(data=COVER, mime_type="image/png"))
    server.delete_playlist(playlist.ref.id)
    server.report_play(first, datetime.now(UTC))
    server.set_rating(Kind.TRACK, first, 70)
    server.list_play_events()
    server.list_play_counts()
    server.update_artist(artist, ArtistPatch(genres=("Described",)))
    server.set_image(Kind.ALBUM, album, MediaBytes(data=COVER, mime_type="image/png"))
    server.list_users()
    server.list_active_plays()


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of recorded answers and published descriptions."""
    given = os.environ.get("SOULSYNC_SHARED")
    folder = Path(given) if given else Path(__file__).resolve().parents[4] / "shared"
    if not folder.is_dir():
        pytest.skip("the folder of recorded answers is not here")
    return folder
