"""The engine and its servers: routing, the border, status, life."""

import logging
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from soulsync_engine import MediaServerEngine
from soulsync_engine.capabilities import Grade
from soulsync_engine.config import config_path
from soulsync_engine.contract import hookimpl
from soulsync_engine.discovery import in_process
from soulsync_engine.errors import (
    AuthenticationError,
    ClosedError,
    ConfigurationError,
    ContractViolationError,
    IncompleteSweepError,
    NotFoundError,
    UnavailableError,
    UnsupportedError,
)
from soulsync_engine.hookspecs import ServerDescription
from soulsync_engine.models import Artist, ItemRef, Kind, Page, ServerInfo, ServerState
from soulsync_engine.plugins import GlobalPlugins
from soulsync_engine.testing.reference import ReferenceServer, backend, faults
from soulsync_engine.testing.reference.client import ReferenceClient
from soulsync_engine.testing.scenarios import small

TOKEN = "reference-token-8c1f"


class Narrow(ReferenceClient):
    """A server that turns out, once connected, not to do playlists."""

    def narrow(self):  # type: ignore[no-untyped-def]
        from soulsync_engine.plugin import Support

        return {"list_playlists": Support.versioned("2.0")}


class Promoted(Narrow):
    """A server whose user gets a right between two connections."""

    connections = 0

    def narrow(self):  # type: ignore[no-untyped-def]
        type(self).connections += 1
        return super().narrow() if self.connections == 1 else {}


class Forgetful(ReferenceClient):
    """A server that turns out, once connected, not to know what is new."""

    def narrow(self):  # type: ignore[no-untyped-def]
        from soulsync_engine.plugin import Support

        return {"list_recently_added": Support.versioned("3.0")}


class Vague(ReferenceClient):
    """Says of the server what nobody can read."""

    def narrow(self):  # type: ignore[no-untyped-def]
        return {"list_playlists": False}


@pytest.fixture
def home() -> ReferenceServer:
    return ReferenceServer(small())


@pytest.fixture
def attic() -> ReferenceServer:
    return ReferenceServer()


@pytest.fixture
def engine(home: ReferenceServer, attic: ReferenceServer, tmp_path: Path) -> Iterator[MediaServerEngine]:
    config = {
        "server": {"active": "home"},
        "servers": {"home": home.settings(), "attic": attic.settings()},
        "engine": {"data_dir": str(tmp_path)},
    }
    with MediaServerEngine(config, records=in_process(backend)) as made:
        yield made


def test_building_an_engine_and_its_servers_makes_no_request(
    engine: MediaServerEngine, home: ReferenceServer
) -> None:
    assert set(engine.configured_clients()) == {"home", "attic"}
    assert engine.get_active_client_type() == "reference"
    assert engine.active_client() is engine.client("home") is engine.server()
    assert home.requests == 0


def test_the_engine_routes_to_the_active_server_and_every_ref_names_it(engine: MediaServerEngine) -> None:
    assert len(engine.get_all_artists()) == 3
    assert engine.server("attic").get_all_artists() == []
    assert {track.ref.server for track in engine.iter_tracks()} == {"home"}
    engine.use("attic")
    assert engine.active_server == "attic"
    assert engine.get_all_artists() == []


def test_unknown_and_missing_servers_are_told_with_a_next_step(home: ReferenceServer) -> None:
    with MediaServerEngine({}) as empty, pytest.raises(ConfigurationError, match="No server is configured"):
        empty.get_all_artists()
    two = {"servers": {"a": home.settings(), "b": home.settings()}}
    with MediaServerEngine(two, records=in_process(backend)) as engine:
        with pytest.raises(ConfigurationError, match=r"No server is active \(configured: a, b\)"):
            engine.get_all_artists()
        with pytest.raises(NotFoundError, match="No server is called 'hom'"):
            engine.server("hom")


def test_the_only_server_is_the_active_one(home: ReferenceServer) -> None:
    with MediaServerEngine({"servers": {"home": home.settings()}}, records=in_process(backend)) as engine:
        assert engine.active_server == "home"


def test_the_first_use_connects_once_even_from_many_threads(
    engine: MediaServerEngine, home: ReferenceServer
) -> None:
    threads = [threading.Thread(target=engine.list_tracks) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert home.operations["connect"] == 1
    assert home.operations["list_tracks"] == 8


def test_a_server_that_was_down_is_used_as_soon_as_it_is_up(
    engine: MediaServerEngine, home: ReferenceServer
) -> None:
    home.stop()
    with pytest.raises(UnavailableError):
        engine.list_tracks()
    home.start()
    assert len(engine.list_tracks().items) == 17


def test_status_says_who_has_to_act_and_is_believed_for_a_while(
    engine: MediaServerEngine, home: ReferenceServer
) -> None:
    assert engine.status().state is ServerState.READY
    assert engine.is_connected()
    home.stop()
    assert engine.is_connected()
    assert engine.status(refresh=True).state is ServerState.UNREACHABLE
    assert not engine.is_connected()
    home.start()
    assert engine.ensure_connection()


@pytest.mark.parametrize(
    ("settings", "state"),
    [
        ({"token": "wrong"}, ServerState.UNAUTHORISED),
        ({"tokn": "x"}, ServerState.MISCONFIGURED),
        ({"backend": "refrence"}, ServerState.MISCONFIGURED),
    ],
)
def test_status_of_a_server_that_cannot_be_used_is_an_answer_not_an_error(
    home: ReferenceServer, settings: dict[str, object], state: ServerState
) -> None:
    config = {"servers": {"home": {**home.settings(), **settings}}}
    with MediaServerEngine(config, records=in_process(backend)) as engine:
        status = engine.status()
    assert status.state is state
    assert status.detail
    assert not status.ready


def test_what_is_not_offered_makes_no_request(home: ReferenceServer) -> None:
    records = in_process(replace(backend, client=f"{__name__}:Narrow"))
    with MediaServerEngine({"servers": {"home": home.settings()}}, records=records) as engine:
        assert engine.capabilities().offers("list_playlists")
        with pytest.raises(UnsupportedError, match=r"2\.0") as caught:
            engine.list_playlists()
        assert caught.value.support.grade is Grade.VERSIONED
        assert caught.value.operation == "list_playlists"
        assert engine.capabilities().connected
        assert home.operations["list_playlists"] == 0


def test_what_was_narrowed_is_offered_again_when_the_server_can_after_all(home: ReferenceServer) -> None:
    records = in_process(replace(backend, client=f"{__name__}:Promoted"))
    Promoted.connections = 0
    with MediaServerEngine({"servers": {"home": home.settings()}}, records=records) as engine:
        engine.list_libraries()
        assert not engine.capabilities().offers("list_playlists")
        engine.status(refresh=True)
        assert engine.capabilities().offers("list_playlists")


def test_threads_that_come_at_once_connect_once(home: ReferenceServer, engine: MediaServerEngine) -> None:
    start = threading.Barrier(4)

    def ask() -> None:
        start.wait()
        engine.list_libraries()

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert home.operations["list_libraries"] == 4
    assert home.operations["connect"] == 1


def test_a_narrowing_that_says_nothing_readable_is_the_backend_s_fault(home: ReferenceServer) -> None:
    records = in_process(replace(backend, client=f"{__name__}:Vague"))
    with MediaServerEngine({"servers": {"home": home.settings()}}, records=records) as engine:
        with pytest.raises(ContractViolationError, match=r"narrow of .* returned bad data"):
            engine.list_libraries()
        assert engine.status().state is ServerState.BROKEN


def test_recent_albums_are_sorted_here_where_the_server_turns_out_not_to_list_them(
    home: ReferenceServer, engine: MediaServerEngine
) -> None:
    records = in_process(replace(backend, client=f"{__name__}:Forgetful"))
    wanted = [album.ref.id for album in engine.get_recently_added_albums(3)]
    with MediaServerEngine({"servers": {"home": home.settings()}}, records=records) as forgetful:
        assert [album.ref.id for album in forgetful.get_recently_added_albums(3)] == wanted
        assert home.operations["list_recently_added"] == 1


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        (None, "a NoneType where a Page is due"),
        ([], "a list where a Page is due"),
        (Page(items=("track",)), "a str where a Track is due"),
        (Page(items=[]), "the items of the page are a list, not a tuple"),  # type: ignore[arg-type]
    ],
)
def test_bad_data_is_the_backend_s_fault_and_says_so(
    engine: MediaServerEngine, home: ReferenceServer, answer: object, sentence: str
) -> None:
    home.faults.always(faults.answer(answer), operation="list_tracks")
    with pytest.raises(ContractViolationError, match=sentence) as caught:
        engine.list_tracks()
    assert "in process" in caught.value.message
    assert caught.value.server == "home"


def test_an_item_of_another_server_is_refused(engine: MediaServerEngine, home: ReferenceServer) -> None:
    home.faults.always(faults.foreign_refs(), operation="list_tracks")
    with pytest.raises(
        ContractViolationError, match="a reference to the server 'elsewhere' came from 'home'"
    ):
        engine.list_tracks()


def test_an_untyped_exception_becomes_a_typed_one(engine: MediaServerEngine, home: ReferenceServer) -> None:
    home.faults.always(faults.fail(ZeroDivisionError("oops")), operation="list_tracks")
    with pytest.raises(ContractViolationError, match="raised ZeroDivisionError: oops"):
        engine.list_tracks()


@pytest.mark.parametrize("error", [RuntimeError, UnavailableError, AuthenticationError])
def test_no_secret_leaves_in_an_error_or_its_causes(
    engine: MediaServerEngine, home: ReferenceServer, error: type[Exception], caplog: pytest.LogCaptureFixture
) -> None:
    def leak(produce: object) -> object:
        try:
            raise OSError(f"GET http://host/?X-Token={TOKEN}")
        except OSError as cause:
            raise error(f"no answer from http://host/?token={TOKEN}") from cause

    home.faults.always(leak, operation="list_tracks")
    with pytest.raises((ContractViolationError, error)) as caught:
        engine.list_tracks()
    logging.getLogger("host").error("failed", exc_info=caught.value)
    assert TOKEN not in caplog.text
    assert TOKEN not in repr(caught.value)


def test_a_listing_that_ends_early_raises_after_the_items_that_came(
    engine: MediaServerEngine, home: ReferenceServer
) -> None:
    home.faults.always(faults.truncated(), operation="list_tracks")
    seen = []
    with pytest.raises(IncompleteSweepError):
        seen.extend(engine.iter_tracks())
    assert len(seen) in (0, 16)


def test_a_closed_engine_and_server_say_so_and_close_twice(engine: MediaServerEngine) -> None:
    server = engine.server()
    server.list_tracks()
    engine.close()
    engine.close()
    with pytest.raises(ClosedError):
        engine.list_tracks()
    with pytest.raises(ClosedError):
        server.list_tracks()


def test_reloading_finds_a_file_that_was_not_there_at_first(
    home: ReferenceServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.delenv("SOULSYNC_CONFIG", raising=False)
    with MediaServerEngine.from_config() as engine:
        assert engine.configured_clients() == {}
        file = config_path()
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text('[servers.home]\nbackend = "reference"\n')
        engine.reload_config()
        assert engine.active_server == "home"


def test_reloading_opens_another_mirror_where_another_one_is_configured(
    home: ReferenceServer, tmp_path: Path
) -> None:
    file = tmp_path / "soulsync.toml"
    lines = "\n".join(f'{key} = "{value}"' for key, value in home.settings().items())

    def write(name: str) -> None:
        url = f"sqlite:///{(tmp_path / name).as_posix()}"
        file.write_text(f'[mirror]\nurl = "{url}"\n[servers.music]\n{lines}\n')

    from soulsync_engine.config import load_config

    write("one.db")
    with MediaServerEngine(load_config(file, environ={}), records=in_process(backend)) as engine:
        engine.sync()
        first = engine.mirror
        write("two.db")
        engine.reload_config()
        assert engine.mirror is not first
        assert engine.mirror.counts().tracks == 0
        assert engine.sync().kinds[Kind.TRACK].added == 17


def test_reloading_reads_the_file_again_and_a_faulty_file_changes_nothing(
    home: ReferenceServer, attic: ReferenceServer, tmp_path: Path
) -> None:
    file = tmp_path / "soulsync.toml"

    def write(server: ReferenceServer, extra: str = "") -> None:
        lines = "\n".join(f'{key} = "{value}"' for key, value in server.settings().items())
        file.write_text(f"{extra}\n[servers.music]\n{lines}\n")

    write(home)
    from soulsync_engine.config import load_config

    with MediaServerEngine(load_config(file, environ={}), records=in_process(backend)) as engine:
        assert len(engine.get_all_artists()) == 3
        write(attic, extra="[broken")
        with pytest.raises(ConfigurationError):
            engine.reload_config()
        assert len(engine.get_all_artists()) == 3
        write(attic)
        engine.reload_config("music")
        assert engine.get_all_artists() == []


def test_two_engines_share_nothing(home: ReferenceServer) -> None:
    config = {"servers": {"home": home.settings()}}
    with MediaServerEngine(config, records=in_process(backend)) as first:
        first.list_tracks()
        with MediaServerEngine(config, records=in_process(backend)) as second:
            second.list_tracks()
        assert len(first.list_tracks().items) == 17


# the facade's own methods


def test_search_returns_only_the_artist_asked_for(engine: MediaServerEngine) -> None:
    track = next(engine.iter_tracks())
    [hit, *_] = engine.search_tracks(track.title, track.artists[0].name)
    assert hit.ref == track.ref
    assert engine.search_tracks(track.title, "Nobody At All") == []
    assert len(engine.search_tracks(track.title, "")) >= 1


def test_recently_added_albums_come_newest_first_and_no_more_than_asked(engine: MediaServerEngine) -> None:
    albums = engine.get_recently_added_albums(3)
    assert len(albums) == 3
    added = [album.added for album in albums if album.added is not None]
    assert added == sorted(added, reverse=True)
    assert len(engine.get_recently_added_albums()) == 5
    assert engine.get_all_album_ids() == {album.ref.id for album in engine.iter_albums()}


def test_a_playlist_is_stored_in_order_with_duplicates_and_read_back(engine: MediaServerEngine) -> None:
    tracks = list(engine.iter_tracks())[:3]
    wanted = [tracks[2], tracks[0], tracks[2]]
    created = engine.create_playlist("Evening", wanted)
    assert created.exact
    assert [ref.id for ref in created.stored] == [track.ref.id for track in wanted]
    updated = engine.update_playlist("Evening", tracks[:1])
    assert updated.exact
    assert updated.playlist.ref == created.playlist.ref
    copied = engine.copy_playlist("Evening", "Copy")
    assert copied.stored == updated.stored
    assert copied.playlist.ref != created.playlist.ref


def test_an_item_of_another_server_is_not_written(engine: MediaServerEngine) -> None:
    with pytest.raises(NotFoundError, match="belongs to the server 'attic'"):
        engine.create_playlist("Evening", [ItemRef("attic", Kind.TRACK, "1")])


def test_history_and_play_counts(engine: MediaServerEngine) -> None:
    track = next(engine.iter_tracks())
    engine.report_play(track.ref.id, datetime(2026, 1, 2, tzinfo=UTC))
    engine.report_play(track.ref.id, datetime(2026, 1, 3, tzinfo=UTC))
    newest, _ = engine.get_play_history()
    assert newest.played_at == datetime(2026, 1, 3, tzinfo=UTC)
    assert engine.get_play_history(limit=1) == [newest]
    assert engine.get_track_play_counts() == {track.ref.id: 2}
    with pytest.raises(ValueError, match="timezone"):
        engine.report_play(track.ref.id, datetime(2026, 1, 2))


def test_writeback_reports_each_field(engine: MediaServerEngine) -> None:
    artist = engine.get_all_artists()[0]
    assert engine.update_artist_genres(artist, ["Jazz"]).outcome == "applied"
    assert engine.update_artist_genres(artist, ["Jazz"]).outcome == "unchanged"
    assert engine.update_artist_biography(replace(artist, biography="Born.")).outcome == "applied"
    [stored] = engine.get_items(Kind.ARTIST, [artist.ref.id])
    assert isinstance(stored, Artist)
    assert (stored.genres, stored.biography) == (("Jazz",), "Born.")
    with pytest.raises(ValueError, match="no JPEG"):
        engine.update_artist_poster(artist, b"not a picture")
    assert engine.update_artist_poster(artist, b"\x89PNG\r\n\x1a\n...").outcome == "applied"


def test_scanning_ends(engine: MediaServerEngine) -> None:
    engine.trigger_library_scan()
    looks = [engine.is_library_scanning() for _ in range(20)]
    assert looks[-1] is False


# plugins


class Timing:
    """Wraps every listing of tracks, as a third party would."""

    def __init__(self) -> None:
        self.calls = 0

    @hookimpl(wrapper=True)
    def list_tracks(self, cursor: str | None):  # type: ignore[no-untyped-def]
        self.calls += 1
        return (yield)


class Observer:
    def __init__(self) -> None:
        self.seen: list[str] = []
        self.timing = Timing()

    @hookimpl
    def soulsync_wrap_server(self, server: ServerDescription) -> object:
        return self.timing

    @hookimpl
    def soulsync_server_connected(self, server: ServerDescription, info: ServerInfo) -> None:
        self.seen.append(f"connected {server.server}")

    @hookimpl
    def soulsync_server_failed(self, server: ServerDescription) -> None:
        self.seen.append(f"failed {server.server}")


class Faulty:
    @hookimpl
    def soulsync_server_connected(self) -> None:
        raise RuntimeError("an observer that is broken")


def test_wrappers_surround_operations_and_broken_observers_silence_nobody(
    home: ReferenceServer, caplog: pytest.LogCaptureFixture
) -> None:
    observer = Observer()
    plugins = GlobalPlugins([observer, Faulty()])
    config = {"servers": {"home": home.settings()}}
    home.stop()
    with MediaServerEngine(config, records=in_process(backend), plugins=plugins) as engine:
        assert not engine.is_connected()
        home.start()
        assert len(engine.list_tracks().items) == 17
    assert observer.seen == ["failed home", "connected home"]
    assert observer.timing.calls == 1
    assert "an observer that is broken" in caplog.text


class Clumsy:
    """A wrapper that fails over an answer."""

    @hookimpl(wrapper=True)
    def list_tracks(self):  # type: ignore[no-untyped-def]
        yield
        raise RuntimeError("clumsy")


class Contributes:
    @hookimpl
    def soulsync_wrap_server(self) -> object:
        return Clumsy()


def test_a_wrapper_that_raises_is_named_and_the_backend_is_not(home: ReferenceServer) -> None:
    config = {"servers": {"home": home.settings()}}
    plugins = GlobalPlugins([Contributes()])
    with (
        MediaServerEngine(config, records=in_process(backend), plugins=plugins) as engine,
        pytest.raises(ContractViolationError, match="list_tracks of the wrapper Clumsy raised RuntimeError"),
    ):
        engine.list_tracks()


class Misfit:
    @hookimpl(wrapper=True)
    def list_tracks(self, page: int):  # type: ignore[no-untyped-def]
        return (yield)


class Stray:
    @hookimpl(wrapper=True)
    def list_songs(self):  # type: ignore[no-untyped-def]
        return (yield)


class Equal(Timing):
    def __eq__(self, other: object) -> bool:
        return isinstance(other, Equal)

    def __hash__(self) -> int:
        return 0


def test_wrappers_that_do_not_fit_are_left_out_and_the_others_stay(
    home: ReferenceServer, caplog: pytest.LogCaptureFixture
) -> None:
    class Contributor:
        def __init__(self, wrapper: object) -> None:
            self.wrapper = wrapper

        @hookimpl
        def soulsync_wrap_server(self) -> object:
            return self.wrapper

    sound = Equal()
    plugins = GlobalPlugins([Contributor(made) for made in (Misfit(), Stray(), Equal(), sound)])
    with MediaServerEngine(
        {"servers": {"home": home.settings()}}, records=in_process(backend), plugins=plugins
    ) as engine:
        assert len(engine.list_tracks().items) == 17
    assert sound.calls == 1
    assert caplog.text.count("is left out") == 3


class SyncObserver:
    def __init__(self) -> None:
        self.finished: list[str] = []

    @hookimpl
    def soulsync_sync_finished(self, server: ServerDescription, summary: str) -> None:
        self.finished.append(f"{server.server} {summary}")


def test_observers_hear_only_of_syncs_that_ended_well(home: ReferenceServer, tmp_path: Path) -> None:
    observer = SyncObserver()
    config = {"servers": {"home": home.settings()}, "engine": {"data_dir": str(tmp_path)}}
    cancel = threading.Event()
    cancel.set()
    with MediaServerEngine(config, records=in_process(backend), plugins=GlobalPlugins([observer])) as engine:
        assert engine.sync(cancel=cancel).state == "interrupted"
        engine.sync(dry_run=True)
        assert observer.finished == []
        engine.sync()
    [told] = observer.finished
    assert told.startswith("home full: ")
