"""Playlists: in place, by entry, in batches, verified by content."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest
from plexapi.server import PlexServer

from soulsync_engine.errors import (
    ConflictError,
    NotAllowedError,
    NotFoundError,
    SoulSyncError,
    UnavailableError,
    UnsupportedError,
)
from soulsync_engine.models import FieldOutcome, MediaBytes
from soulsync_engine.server import MediaServer
from soulsync_engine.testing.scenarios import COVER, small
from soulsync_engine.testing.simulator import Answer, Exchange, status
from soulsync_plex.simulator import FORGETFUL, PlexSimulator


def tracks_of(server: MediaServer) -> list[str]:
    return [track.ref.id for track in server.iter_tracks()]


def stored(server: MediaServer, playlist_id: str) -> list[str]:
    return [entry.track_ref.id for entry in server.iter_playlist_entries(playlist_id)]


def writes(plex: PlexSimulator) -> list[str]:
    return [f"{request.method} {request.path}" for request in plex.requests if request.method != "GET"]


@pytest.fixture
def large(running: Callable[..., PlexSimulator]) -> PlexSimulator:
    simulator = running()
    simulator.state.catalogue.generate(1, 10, 100)
    return simulator


def test_a_thousand_tracks_go_in_batches_that_fit_into_an_address(
    large: PlexSimulator, connect: Callable[..., MediaServer]
) -> None:
    server = connect(large)
    wanted = [*tracks_of(server), *tracks_of(server)[:500]]
    large.forget()
    result = server.create_playlist("All of it", wanted)
    assert result.exact
    lengths = [
        sum(len(value) for _, value in request.query)
        + 2 * sum(value.count(",") for _, value in request.query)
        for request in large.requests
        if request.method in ("POST", "PUT")
    ]
    assert 2 <= len(lengths) <= 4
    assert max(lengths) < 7000


def test_an_update_sends_only_what_differs(plex: PlexSimulator, server: MediaServer) -> None:
    a, b, c, d, e, *_ = tracks_of(server)
    playlist = server.create_playlist("Mix", [a, b, c, d]).playlist
    entry_of = {entry.track_ref.id: entry.entry_id for entry in server.iter_playlist_entries(playlist)}
    plex.forget()
    assert server.update_playlist("Mix", [a, b, c, d]).exact
    assert writes(plex) == []
    assert server.update_playlist("Mix", [b, c, e, a]).exact
    path = f"/playlists/{playlist.ref.id}/items"
    assert [line.split("/items")[0] for line in writes(plex)].count(f"PUT /playlists/{playlist.ref.id}") <= 3
    assert [line for line in writes(plex) if line.startswith("DELETE")] == [f"DELETE {path}/{entry_of[d]}"]
    after = {entry.track_ref.id: entry.entry_id for entry in server.iter_playlist_entries(playlist)}
    assert {key: after[key] for key in (a, b, c)} == {key: entry_of[key] for key in (a, b, c)}


def test_any_list_becomes_any_other_list(server: MediaServer) -> None:
    chance = random.Random(5)
    keys = tracks_of(server)[:6]
    playlist = server.create_playlist("Random", chance.choices(keys, k=8)).playlist
    for _ in range(12):
        wanted = chance.choices(keys, k=chance.randrange(10))
        assert server.update_playlist("Random", wanted).exact
        assert stored(server, playlist.ref.id) == wanted


def test_what_a_server_drops_from_a_batch_is_sent_again(
    running: Callable[..., PlexSimulator], connect: Callable[..., MediaServer]
) -> None:
    server = connect(running(small(), personality=FORGETFUL))
    a, b, c, d, e, *_ = tracks_of(server)
    assert server.create_playlist("Whole", [a, b, c, d, a]).exact
    assert server.update_playlist("Whole", [e, d, c, b, a]).exact
    playlist = server.create_playlist("Grown", [a]).playlist
    server.add_entries(playlist.ref.id, [b, c, d, e], 0)
    assert stored(server, playlist.ref.id) == [b, c, d, e, a]


def test_keys_the_server_does_not_have_are_reported_as_missing(
    server: MediaServer, caplog: pytest.LogCaptureFixture
) -> None:
    a, b, *_ = tracks_of(server)
    result = server.create_playlist("Stale", [a, "99999999", b])
    assert [ref.id for ref in result.missing] == ["99999999"]
    assert [ref.id for ref in result.stored] == [a, b]
    assert "99999999" in caplog.text
    updated = server.update_playlist("Stale", [b, "99999998", a])
    assert [ref.id for ref in updated.missing] == ["99999998"]
    assert [ref.id for ref in updated.stored] == [b, a]


def test_nothing_is_added_where_a_track_is_gone(plex: PlexSimulator, server: MediaServer) -> None:
    a, b, *_ = tracks_of(server)
    playlist = server.create_playlist("Whole or nothing", [a]).playlist
    plex.forget()
    with pytest.raises(NotFoundError, match=r"99999999.*Nothing was added"):
        server.add_entries(playlist.ref.id, [b, "99999999"])
    assert writes(plex) == []
    assert stored(server, playlist.ref.id) == [a]


def other_content(plex: PlexSimulator, server: MediaServer) -> Callable[[Exchange], Answer]:
    """A batch of which another track is stored than the one asked for: the count is right, the content is not."""
    stranger = tracks_of(server)[-1]

    def effect(exchange: Exchange) -> Answer:
        answer = exchange.produce()
        if exchange.request.method == "GET":
            return answer
        (playlist,) = plex.state.playlists.values()
        entry_id, _ = playlist.entries[-1]
        playlist.entries[-1] = (entry_id, stranger)
        return answer

    return effect


def test_a_right_count_of_wrong_tracks_is_noticed(plex: PlexSimulator, server: MediaServer) -> None:
    a, b, c, *_ = tracks_of(server)
    playlist = server.create_playlist("Swapped", [a]).playlist
    plex.faults.always(other_content(plex, server), path=f"/playlists/{playlist.ref.id}/items")
    with pytest.raises(ConflictError, match=b):
        server.add_entries(playlist.ref.id, [b])
    with pytest.raises(ConflictError, match="not what was written"):
        server.update_playlist("Swapped", [a, c])


@pytest.mark.parametrize("write", ["add", "remove", "move", "replace", "delete"])
def test_a_write_that_the_server_forgets_is_no_success(
    plex: PlexSimulator, server: MediaServer, write: str
) -> None:
    a, b, c, *_ = tracks_of(server)
    playlist = server.create_playlist("Forgotten", [a, b]).playlist.ref.id
    entries = [entry.entry_id for entry in server.iter_playlist_entries(playlist)]
    writes_of: dict[str, tuple[str, Callable[[], object]]] = {
        "add": ("PUT", lambda: server.add_entries(playlist, [c])),
        "remove": ("DELETE", lambda: server.remove_entries(playlist, entries[:1])),
        "move": ("PUT", lambda: server.move_entry(playlist, entries[0], 1)),
        "replace": ("PUT", lambda: server.replace_entries(playlist, [b, a])),
        "delete": ("DELETE", lambda: server.delete_playlist(playlist)),
    }
    method, act = writes_of[write]

    def forgets(exchange: Exchange) -> Answer:
        if exchange.request.method == method:
            return Answer(body=b'<MediaContainer size="0"/>', content_type="text/xml")
        return exchange.produce()

    plex.faults.always(forgets, path="/playlists/*")
    with pytest.raises(ConflictError):
        act()
    assert stored(server, playlist) == [a, b]


def test_an_added_track_goes_where_it_was_asked_to_and_stays_there(server: MediaServer) -> None:
    a, b, c, d, *_ = tracks_of(server)
    playlist = server.create_playlist("Places", [a, b]).playlist.ref.id
    assert server.add_entries(playlist, [c, d], 1).track_count == 4
    assert stored(server, playlist) == [a, c, d, b]
    server.add_entries(playlist, [b], 0)
    assert stored(server, playlist) == [b, a, c, d, b]
    with pytest.raises(ConflictError, match="position"):
        server.add_entries(playlist, [a], 9)


def test_three_thousand_tracks_change_their_order_in_few_moves(
    running: Callable[..., PlexSimulator], connect: Callable[..., MediaServer]
) -> None:
    plex = running()
    plex.state.catalogue.generate(1, 30, 100)
    server = connect(plex)
    keys = tracks_of(server)
    playlist = server.create_playlist("Large", keys).playlist
    plex.forget()
    assert server.update_playlist("Large", [*keys[5:], *keys[:5]]).exact
    assert len(writes(plex)) == 5
    assert stored(server, playlist.ref.id) == [*keys[5:], *keys[:5]]


def test_a_key_of_no_server_is_not_found_before_anything_is_written(
    plex: PlexSimulator, server: MediaServer
) -> None:
    with pytest.raises(NotFoundError):
        server.create_playlist("Never", ["no-such-track"])
    assert writes(plex) == []


def test_when_the_entries_cannot_be_read_nothing_is_written(plex: PlexSimulator, server: MediaServer) -> None:
    a, b, *_ = tracks_of(server)
    playlist = server.create_playlist("Fragile", [a, b]).playlist
    plex.forget()
    plex.faults.always(status(500), path=f"/playlists/{playlist.ref.id}/items")
    with pytest.raises(UnavailableError):
        server.replace_entries(playlist.ref.id, [b])
    assert writes(plex) == []


def test_a_batch_that_fails_names_the_playlist_and_what_is_not_in_it(
    large: PlexSimulator, connect: Callable[..., MediaServer]
) -> None:
    server = connect(large)
    wanted = tracks_of(server)
    large.faults.at(1, status(503), path="/playlists/*/items")
    with pytest.raises(SoulSyncError) as caught:
        server.create_playlist("Half", wanted)
    (playlist,) = server.iter_playlists()
    there = set(stored(server, playlist.ref.id))
    assert playlist.ref.id in caught.value.message
    assert 0 < len(there) < len(wanted)
    assert all(key in caught.value.message for key in wanted if key not in there)


def test_smart_playlists_are_read_only_but_can_be_renamed(plex: PlexSimulator, server: MediaServer) -> None:
    (section,) = server.list_libraries()
    plexapi = PlexServer(plex.base_url, plex.token)
    made = plexapi.createPlaylist(
        "Rules",
        smart=True,
        section=plexapi.library.sectionByID(int(section.id)),
        libtype="track",
        filters={"track.title": "a"},
    )
    b = tracks_of(server)[1]
    (shown,) = server.iter_playlists()
    playlist = str(made.ratingKey)
    assert (shown.ref.id, shown.read_only) == (playlist, "its content is made by rules")
    titles = [track.title for track in server.iter_tracks() if "a" in track.title.casefold()]
    assert len(titles) > 3
    entries = list(server.iter_playlist_entries(playlist))
    assert sorted(entry.track.title for entry in entries if entry.track) == sorted(titles)
    assert shown.track_count == len(titles)
    plex.forget()
    for write in (
        lambda: server.replace_entries(playlist, [b]),
        lambda: server.add_entries(playlist, [b]),
        lambda: server.remove_entries(playlist, ["1"]),
        lambda: server.move_entry(playlist, entries[0].entry_id, 1),
        lambda: server.update_playlist("Rules", [b]),
    ):
        with pytest.raises(NotAllowedError, match="rules"):
            write()
    assert writes(plex) == []
    assert server.edit_playlist(playlist, name="Ruled").name == "Ruled"
    copy = server.copy_playlist("Ruled", "Copied")
    assert copy.exact
    assert copy.playlist.read_only is None


def test_playlists_of_films_and_photos_are_left_out(plex: PlexSimulator, server: MediaServer) -> None:
    for title, kind in (("Films", "video"), ("Holidays", "photo"), ("Songs", "audio")):
        playlist = server.create_playlist(title, []).playlist
        plex.state.playlists[playlist.ref.id].type = kind
    assert [playlist.name for playlist in server.iter_playlists()] == ["Songs"]


def test_the_exact_name_comes_before_one_in_another_case(server: MediaServer) -> None:
    a, b, c, *_ = tracks_of(server)
    lower, upper = (server.create_playlist(name, [a]).playlist for name in ("mix", "MIX"))
    assert server.update_playlist("MIX", [b]).playlist.ref == upper.ref
    assert stored(server, lower.ref.id) == [a]
    with pytest.raises(ConflictError, match="2 playlists"):
        server.update_playlist("Mix", [c])


def test_a_copy_of_a_copy_keeps_the_copys_identity(server: MediaServer) -> None:
    a, b, *_ = tracks_of(server)
    server.create_playlist("Source", [a, b, a])
    first = server.copy_playlist("Source", "Backup")
    server.update_playlist("Source", [b])
    second = server.copy_playlist("Source", "Backup")
    assert first.exact
    assert second.exact
    assert first.playlist.ref == second.playlist.ref


def test_covers_are_uploaded_and_descriptions_stay(plex: PlexSimulator, server: MediaServer) -> None:
    a, b, *_ = tracks_of(server)
    playlist = server.create_playlist("Covered", [a], description="kept").playlist
    result = server.set_playlist_image(playlist.ref.id, MediaBytes(data=COVER, mime_type="image/png"))
    assert result.outcome is FieldOutcome.APPLIED
    assert plex.state.posters[playlist.ref.id][0][1] == COVER
    assert server.update_playlist("Covered", [b]).playlist.description == "kept"
    assert playlist.ref.id in plex.state.posters


def test_public_playlists_are_refused_with_the_reason(plex: PlexSimulator, server: MediaServer) -> None:
    server.connect()
    plex.forget()
    with pytest.raises(UnsupportedError, match="belongs to one account"):
        server.create_playlist("Shared", [], public=True)
    assert plex.requests == ()


def test_a_server_that_wants_something_in_every_playlist_gets_it_and_loses_it(
    plex: PlexSimulator, server: MediaServer
) -> None:
    server.connect()
    plex.faults.at(1, status(400), path="/playlists")
    result = server.create_playlist("Empty", [])
    assert result.exact
    assert stored(server, result.playlist.ref.id) == []


def test_a_playlist_that_could_not_be_emptied_again_is_named(
    plex: PlexSimulator, server: MediaServer
) -> None:
    server.connect()
    plex.faults.at(1, status(400), path="/playlists")
    plex.faults.at(1, status(500), path="/playlists/*/items")
    with pytest.raises(UnavailableError) as caught:
        server.create_playlist("Empty", [])
    plex.faults.clear()
    (left,) = server.iter_playlists()
    assert f"The playlist {left.ref.id} was made before that" in caught.value.message


def test_playlists_of_another_account_are_not_there(
    plex: PlexSimulator, server: MediaServer, connect: Callable[..., MediaServer]
) -> None:
    playlist = server.create_playlist("Mine", tracks_of(server)[:1]).playlist
    plex.add_account("ben", "token-of-ben")
    guest = connect(plex, token="token-of-ben")
    assert list(guest.iter_playlists()) == []
    with pytest.raises(NotFoundError):
        guest.delete_playlist(playlist.ref.id)
    assert [entry.name for entry in server.iter_playlists()] == ["Mine"]
