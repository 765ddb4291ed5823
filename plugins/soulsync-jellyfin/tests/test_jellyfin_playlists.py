"""Playlists where the kit cannot look: servers that keep a track once, API keys, batches, other people's playlists."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from soulsync_engine.errors import (
    ConflictError,
    NotAllowedError,
    NotFoundError,
    SoulSyncError,
    UnavailableError,
    UnsupportedError,
)
from soulsync_engine.models import EVERYTHING, ItemRef, Kind, MediaBytes, PlaylistEntry
from soulsync_engine.server import MediaServer
from soulsync_engine.testing.scenarios import COVER, Scenario
from soulsync_engine.testing.simulator import Answer, Exchange, reset, status
from soulsync_jellyfin.entries import keeping
from soulsync_jellyfin.simulator import (
    EMBY_4_9,
    JELLYFIN_10_9,
    JELLYFIN_10_11,
    JELLYFIN_12,
    Credentials,
    Personality,
)

ways = pytest.mark.parametrize(
    ("personality", "credentials"),
    [
        (JELLYFIN_10_9, Credentials.ADMIN_KEY),
        (JELLYFIN_10_11, Credentials.ADMIN_KEY),
        (JELLYFIN_10_11, Credentials.USER_TOKEN),
        (JELLYFIN_12, Credentials.ADMIN_KEY),
        (JELLYFIN_12, Credentials.PASSWORD),
        (EMBY_4_9, Credentials.ADMIN_KEY),
        (EMBY_4_9, Credentials.USER_TOKEN),
    ],
    ids=lambda each: each.name,
)


def ids_of(server: MediaServer) -> list[str]:
    return [track.ref.id for track in server.iter_tracks()]


def stored(server: MediaServer, playlist_id: str) -> list[str]:
    return [entry.track_ref.id for entry in server.iter_playlist_entries(playlist_id)]


@ways
def test_entries_are_added_moved_removed_and_replaced(
    simulate, server_of, personality: Personality, credentials: Credentials
) -> None:
    server = server_of(simulate(personality=personality), credentials)
    a, b, c, d, e, *_ = ids_of(server)
    made = server.create_playlist("Mine", [a, b, c]).playlist
    assert stored(server, made.ref.id) == [a, b, c]
    server.add_entries(made.ref.id, [d, e], 1)
    assert stored(server, made.ref.id) == [a, d, e, b, c]
    entries = {entry.track_ref.id: entry.entry_id for entry in server.iter_playlist_entries(made)}
    server.move_entry(made.ref.id, entries[c], 0)
    assert stored(server, made.ref.id) == [c, a, d, e, b]
    entries = {entry.track_ref.id: entry.entry_id for entry in server.iter_playlist_entries(made)}
    server.remove_entries(made.ref.id, [entries[d], entries[a]])
    assert stored(server, made.ref.id) == [c, e, b]
    with pytest.raises(ConflictError, match="nothing was removed"):
        server.remove_entries(made.ref.id, [entries[c], entries[d]])
    assert stored(server, made.ref.id) == [c, e, b]
    after = server.replace_entries(made.ref.id, [b, a, c])
    assert (after.ref, after.name, after.track_count) == (made.ref, "Mine", 3)
    assert stored(server, made.ref.id) == [b, a, c]
    assert server.replace_entries(made.ref.id, []).track_count == 0


@pytest.mark.parametrize("personality", [JELLYFIN_10_11, EMBY_4_9], ids=lambda each: each.name)
def test_what_is_stored_of_a_track_that_is_twice_in_it_is_told(
    simulate, server_of, personality: Personality
) -> None:
    server = server_of(simulate(personality=personality))
    a, b, *_ = ids_of(server)
    result = server.create_playlist("Twice", [a, b, a])
    twice = personality.keeps_duplicates
    assert [ref.id for ref in result.stored] == ([a, b, a] if twice else [a, b])
    assert [ref.id for ref in result.missing] == ([] if twice else [a])
    assert result.exact is twice


def test_tracks_that_do_not_exist_are_told_as_missing(simulate, server_of) -> None:
    server = server_of(simulate())
    a, *_ = ids_of(server)
    result = server.create_playlist("Some", [a, "0" * 32, "no-such-id"])
    assert [ref.id for ref in result.missing] == ["0" * 32, "no-such-id"]


def test_with_a_users_token_a_playlist_is_replaced_in_one_request(simulate, server_of) -> None:
    simulator = simulate(Scenario(name="none", tracks=()), checked=False)
    simulator.state.catalogue.generate(tracks=1500, albums=50, artists=10)
    server = server_of(simulator, Credentials.ADMIN_TOKEN)
    tracks = ids_of(server)
    made = server.create_playlist("Long", tracks[:3]).playlist
    simulator.forget()
    server.replace_entries(made.ref.id, list(reversed(tracks)))
    writes = [request for request in simulator.requests if request.method != "GET"]
    assert [(request.method, request.path) for request in writes] == [("POST", f"/Playlists/{made.ref.id}")]
    assert stored(server, made.ref.id) == list(reversed(tracks))


@pytest.mark.parametrize("personality", [JELLYFIN_10_11, EMBY_4_9], ids=lambda each: each.name)
def test_batches_stay_within_an_address_of_8_kilobytes(simulate, server_of, personality: Personality) -> None:
    simulator = simulate(Scenario(name="none", tracks=()), personality, checked=False)
    simulator.state.catalogue.generate(tracks=900, albums=50, artists=10)
    server = server_of(simulator)
    tracks = ids_of(server)
    made = server.create_playlist("Long", tracks[:1]).playlist
    server.add_entries(made.ref.id, tracks[1:])
    server.replace_entries(made.ref.id, list(reversed(tracks)))
    assert stored(server, made.ref.id) == list(reversed(tracks))
    for request in simulator.requests:
        # A comma is three bytes on its way.
        length = sum(len(name) + len(value) + 2 * value.count(",") + 2 for name, value in request.query)
        assert length + len(request.path) < 8000


def test_a_failed_batch_names_what_is_missing(simulate, server_of) -> None:
    simulator = simulate(Scenario(name="none", tracks=()), checked=False)
    simulator.state.catalogue.generate(tracks=400, albums=50, artists=10)
    server = server_of(simulator)
    tracks = ids_of(server)
    made = server.create_playlist("Long", tracks[:1]).playlist
    simulator.forget()
    simulator.faults.at(4, status(500), path="/Playlists/*/Items")
    with pytest.raises(UnavailableError) as caught:
        server.add_entries(made.ref.id, tracks[1:])
    there = stored(server, made.ref.id)
    assert 1 < len(there) < 400
    missing = [each for each in tracks if each not in set(there)]
    assert all(each in str(caught.value) for each in missing)
    assert not [each for each in there if each in str(caught.value)]


def test_what_is_new_is_added_before_anything_goes(simulate, server_of) -> None:
    """So that a failure leaves the playlist as it was. Emby has no way to replace all at once."""
    simulator = simulate(personality=EMBY_4_9)
    server = server_of(simulator)
    a, b, c, d, *_ = ids_of(server)
    made = server.create_playlist("Mine", [a, b, c]).playlist
    simulator.faults.always(
        lambda exchange: status(500)(exchange) if exchange.request.method == "POST" else exchange.produce(),
        path="/Playlists/*/Items",
    )
    with pytest.raises(UnavailableError, match="Not added"):
        server.replace_entries(made.ref.id, [c, d, a])
    simulator.faults.clear()
    assert stored(server, made.ref.id) == [a, b, c]
    simulator.forget()
    server.replace_entries(made.ref.id, [c, d, a])
    assert [each.method for each in simulator.requests if each.method != "GET"] == ["POST", "DELETE"]
    assert stored(server, made.ref.id) == [c, d, a]


def test_with_a_key_a_failure_names_every_track_that_is_lost(simulate, server_of) -> None:
    """Jellyfin keeps a track once, so one that moves back has to go before it comes again."""
    simulator = simulate()
    server = server_of(simulator)
    a, b, c, d, *_ = ids_of(server)
    made = server.create_playlist("Mine", [a, b, c]).playlist
    simulator.faults.always(
        lambda exchange: status(500)(exchange) if exchange.request.method == "POST" else exchange.produce(),
        path="/Playlists/*/Items",
    )
    with pytest.raises(UnavailableError) as caught:
        server.replace_entries(made.ref.id, [c, d, a])
    simulator.faults.clear()
    there = stored(server, made.ref.id)
    assert b in there
    lost = {a, b, c} - set(there)
    assert lost
    assert all(each in str(caught.value) for each in lost)


@pytest.mark.parametrize("personality", [JELLYFIN_10_11, EMBY_4_9], ids=lambda each: each.name)
def test_an_empty_playlist_is_created_without_an_empty_list(
    simulate, server_of, personality: Personality
) -> None:
    """Emby refuses one."""
    simulator = simulate(personality=personality)
    server = server_of(simulator)
    assert server.create_playlist("Empty", []).playlist.track_count == 0
    (created,) = [each for each in simulator.requests if each.method == "POST"]
    assert "Ids" not in dict(created.query)


def test_a_playlist_whose_entries_cannot_be_read_is_not_written(simulate, server_of) -> None:
    simulator = simulate()
    server = server_of(simulator)
    tracks = ids_of(server)
    made = server.create_playlist("Safe", tracks[:3]).playlist
    for fault in (reset(), status(500)):
        simulator.faults.always(fault, path="/Playlists/*/Items")
        simulator.forget()
        for write in (
            lambda: server.replace_entries(made.ref.id, tracks[3:]),
            lambda: server.remove_entries(made.ref.id, [tracks[0]]),
            lambda: server.add_entries(made.ref.id, tracks[3:], 0),
        ):
            with pytest.raises(UnavailableError):
                write()
        assert {request.method for request in simulator.requests} == {"GET"}
        simulator.faults.clear()
    assert stored(server, made.ref.id) == tracks[:3]


def test_descriptions_need_an_administrator_and_nothing_is_left_behind(simulate, server_of) -> None:
    simulator = simulate()
    server = server_of(simulator, Credentials.USER_TOKEN)
    with pytest.raises(NotAllowedError, match="none was created"):
        server.create_playlist("Described", [], description="text")
    assert list(server.iter_playlists()) == []
    assert server.create_playlist("Plain", []).playlist.description is None


def test_a_replacement_that_failed_half_way_says_what_was_to_be_there(simulate, server_of) -> None:
    """The server empties a playlist and then fills it, which may end in between."""
    simulator = simulate()
    server = server_of(simulator, Credentials.ADMIN_TOKEN)
    a, b, c, *_ = ids_of(server)
    made = server.create_playlist("Mine", [a, b]).playlist

    def half(exchange: Exchange) -> Answer:
        if exchange.request.method != "POST":
            return exchange.produce()
        simulator.state.playlists[made.ref.id].entries.clear()
        return status(500)(exchange)

    simulator.faults.always(half, path="/Playlists/*")
    with pytest.raises(UnavailableError, match="not known") as caught:
        server.replace_entries(made.ref.id, [c, b])
    assert all(each in str(caught.value) for each in (made.ref.id, b, c))


def test_a_user_whose_request_is_refused_is_not_taken_for_a_key(simulate, server_of) -> None:
    simulator = simulate()
    server = server_of(simulator, Credentials.ADMIN_TOKEN)
    a, b, c, *_ = ids_of(server)
    made = server.create_playlist("Mine", [a, b]).playlist
    simulator.faults.always(
        lambda exchange: status(400)(exchange) if exchange.request.method == "POST" else exchange.produce(),
        path="/Playlists/*",
    )
    with pytest.raises(UnavailableError, match="does not accept the request"):
        server.replace_entries(made.ref.id, [c])
    simulator.faults.clear()
    assert stored(server, made.ref.id) == [a, b]
    assert server.edit_playlist(made.ref.id, public=True).public is True


@pytest.mark.parametrize("personality", [JELLYFIN_12, EMBY_4_9], ids=lambda each: each.name)
def test_a_change_that_a_server_accepts_and_forgets_is_found_out(
    simulate, server_of, personality: Personality
) -> None:
    """Emby does so with an entry that it has numbered anew meanwhile."""
    simulator = simulate(personality=personality)
    server = server_of(simulator, Credentials.ADMIN_TOKEN)
    tracks = ids_of(server)[:3]
    made = server.create_playlist("Mine", tracks).playlist
    first = next(server.iter_playlist_entries(made)).entry_id

    def forgetful(exchange: Exchange) -> Answer:
        return exchange.produce() if exchange.request.method == "GET" else Answer(status=204)

    simulator.faults.always(forgetful, path="/Playlists/*/Items*")
    for change in (
        lambda: server.move_entry(made.ref.id, first, 2),
        lambda: server.remove_entries(made.ref.id, [first]),
    ):
        with pytest.raises(ConflictError, match="other ones"):
            change()
    assert stored(server, made.ref.id) == tracks


def test_a_playlist_without_an_id_is_no_success(simulate, server_of) -> None:
    simulator = simulate()
    server = server_of(simulator)
    server.connect()
    simulator.faults.always(lambda exchange: Answer(body=b"{}"), path="/Playlists")
    with pytest.raises(UnavailableError, match="which id"):
        server.create_playlist("Mine", [])


def test_a_batch_that_fails_while_a_playlist_is_made_names_it_and_what_is_missing(
    simulate, server_of
) -> None:
    simulator = simulate(personality=EMBY_4_9)
    server = server_of(simulator)
    a, b, *_ = ids_of(server)
    simulator.faults.always(
        lambda exchange: status(500)(exchange) if exchange.request.method == "POST" else exchange.produce(),
        path="/Playlists/*/Items",
    )
    with pytest.raises(UnavailableError, match=f"{a}, {b}") as caught:
        server.create_playlist("Mine", [a, b])
    (made,) = server.iter_playlists()
    assert made.ref.id in str(caught.value)


class TestVisibility:
    def test_playlists_are_private_unless_asked(self, simulate, server_of) -> None:
        server = server_of(simulate(), Credentials.ADMIN_TOKEN)
        private = server.create_playlist("Private", []).playlist
        assert private.public is False
        assert server.create_playlist("Public", [], public=True).playlist.public is True
        assert server.edit_playlist(private.ref.id, public=True).public is True

    def test_a_key_can_rename_but_not_publish(self, simulate, server_of) -> None:
        server = server_of(simulate())
        made = server.create_playlist("Old", []).playlist
        assert server.edit_playlist(made.ref.id, name="New").name == "New"
        with pytest.raises(NotAllowedError, match="API key"):
            server.edit_playlist(made.ref.id, public=True)

    def test_emby_has_no_such_thing(self, simulate, server_of) -> None:
        server = server_of(simulate(personality=EMBY_4_9))
        made = server.create_playlist("Old", []).playlist
        for call in (
            lambda: server.edit_playlist(made.ref.id, public=True),
            lambda: server.create_playlist("Public", [], public=True),
        ):
            with pytest.raises(UnsupportedError):
                call()
        assert len(list(server.iter_playlists())) == 1

    def test_somebody_elses_playlist_is_seen_when_public_and_read_only(self, simulate, server_of) -> None:
        simulator = simulate()
        anna = server_of(simulator, Credentials.ADMIN_TOKEN)
        tracks = ids_of(anna)
        open_one = anna.create_playlist("Open", tracks[:2], public=True).playlist
        anna.create_playlist("Hidden", tracks[:2])
        ben = server_of(simulator, Credentials.USER_TOKEN)
        seen = list(ben.iter_playlists())
        assert [(each.name, each.read_only) for each in seen] == [("Open", "it belongs to another user")]
        assert stored(ben, open_one.ref.id) == tracks[:2]
        for write in (
            lambda: ben.add_entries(open_one.ref.id, tracks[2:3]),
            lambda: ben.replace_entries(open_one.ref.id, tracks[2:3]),
            lambda: ben.delete_playlist(open_one.ref.id),
        ):
            with pytest.raises(NotAllowedError):
                write()
        simulator.state.playlists[open_one.ref.id].shares[simulator.state.accounts.named("ben").id] = True
        assert next(ben.iter_playlists()).read_only is None
        ben.add_entries(open_one.ref.id, tracks[2:3])
        assert stored(anna, open_one.ref.id) == tracks[:3]


@ways
def test_a_playlist_that_is_not_there_is_not_found(
    simulate, server_of, personality: Personality, credentials: Credentials
) -> None:
    server = server_of(simulate(personality=personality), credentials)
    with pytest.raises(NotFoundError):
        server.list_playlist_entries("0" * 32)


def test_only_playlists_can_be_deleted_as_playlists(simulate, server_of) -> None:
    simulator = simulate()
    server = server_of(simulator)
    album = next(server.iter_albums())
    with pytest.raises(NotFoundError):
        server.delete_playlist(album.ref.id)
    assert album.ref.id in simulator.state.catalogue.items


def test_a_cover_is_sent_as_base64_under_its_own_type(simulate, server_of) -> None:
    simulator = simulate()
    server = server_of(simulator)
    made = server.create_playlist("Covered", []).playlist
    server.set_playlist_image(made.ref.id, MediaBytes(data=COVER, mime_type="image/png"))
    picture = simulator.state.catalogue.items[made.ref.id].pictures["Primary"]
    assert (picture.data, picture.mime_type) == (COVER, "image/png")


def entry(number: int, track: str) -> PlaylistEntry:
    return PlaylistEntry(entry_id=str(number), position=number, track_ref=ItemRef("attic", Kind.TRACK, track))


@given(st.lists(st.sampled_from("abcdef")), st.lists(st.sampled_from("abcdef")))
def test_what_is_kept_and_what_is_appended_make_what_is_wanted(current: list[str], wanted: list[str]) -> None:
    entries = [entry(number, track) for number, track in enumerate(current)]
    kept, append = keeping(entries, wanted)
    left = [each.track_ref.id for each in entries if each.entry_id in kept]
    assert [*left, *append] == wanted


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_any_order_is_reached_with_a_key(simulate, client_of, data: st.DataObject) -> None:
    simulator = simulate(checked=False)
    client = client_of(simulator)
    tracks = [track.ref.id for track in client.list_tracks(EVERYTHING, None, 6).items]
    before = data.draw(st.lists(st.sampled_from(tracks), unique=True))
    wanted = data.draw(st.lists(st.sampled_from(tracks), unique=True))
    made = client.create_playlist("Any", tuple(before), None, False)
    client.replace_entries(made.ref.id, tuple(wanted))
    page = client.list_playlist_entries(made.ref.id, None, 100)
    assert [each.track_ref.id for each in page.items] == wanted
    assert not simulator.refusals


def test_errors_keep_their_kind_and_their_advice() -> None:
    from soulsync_jellyfin.entries import _saying

    error = UnavailableError("Gone.", server="attic", next_step="Wait.", retry_after=3.0)
    said = _saying(error, "Not added: 1, 2")
    assert isinstance(said, UnavailableError)
    assert isinstance(said, SoulSyncError)
    assert str(said) == "attic: Not added: 1, 2. Gone. Wait."
    assert said.retry_after == 3.0
