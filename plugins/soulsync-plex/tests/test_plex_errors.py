"""What cannot be done is told with what to do next."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from soulsync_engine.errors import (
    ConfigurationError,
    ConflictError,
    NotFoundError,
    SoulSyncError,
    UnsupportedError,
)
from soulsync_engine.models import Kind, Scope
from soulsync_engine.server import MediaServer
from soulsync_engine.testing.simulator import status
from soulsync_plex.simulator import PlexSimulator

GONE = "99999999"


def edited(act: Callable[[MediaServer, str], object]) -> Callable[[MediaServer], object]:
    """What is done to a playlist of one track."""

    def on(server: MediaServer) -> object:
        first = next(server.iter_tracks())
        return act(server, server.create_playlist("Edited", [first]).playlist.ref.id)

    return on


REFUSED: dict[str, tuple[type[SoulSyncError], Callable[[MediaServer], object]]] = {
    "a cursor": (ConflictError, lambda server: server.list_tracks(cursor="next")),
    "a cursor of changes": (
        ConflictError,
        lambda server: server.list_changed(Kind.TRACK, since=server.change_token(), cursor="viewedAt/0"),
    ),
    "a token": (ConflictError, lambda server: server.list_changed(Kind.TRACK, since="of another")),
    "a library": (NotFoundError, lambda server: server.list_tracks(Scope(libraries=("9",)))),
    "a user": (NotFoundError, lambda server: server.list_play_events(Scope(user="nobody"))),
    "a track": (NotFoundError, lambda server: server.stream(GONE)),
    "a rating": (NotFoundError, lambda server: server.set_rating(Kind.ALBUM, GONE, 50)),
    "a picture": (
        NotFoundError,
        lambda server: server.image(Kind.ARTIST, next(server.iter_artists()).ref.id),
    ),
    "a path": (NotFoundError, lambda server: server.trigger_scan(paths=["/elsewhere"])),
    "a playlist": (NotFoundError, lambda server: server.delete_playlist(GONE)),
    "an entry": (ConflictError, edited(lambda server, id: server.remove_entries(id, [GONE]))),
    "a position": (ConflictError, edited(lambda server, id: server.add_entries(id, [], 9))),
    "a track to add": (NotFoundError, edited(lambda server, id: server.add_entries(id, [GONE]))),
    "a public playlist": (
        UnsupportedError,
        edited(lambda server, id: server.edit_playlist(id, public=True)),
    ),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_is_refused_says_what_to_do_next(server: MediaServer, what: str) -> None:
    error, act = REFUSED[what]
    with pytest.raises(error) as caught:
        act(server)
    assert caught.value.server == "home"
    assert caught.value.next_step


def test_a_server_that_is_no_plex_is_told_with_the_way_to_the_right_one(
    plex: PlexSimulator, server: MediaServer
) -> None:
    plex.faults.always(status(404), path="/")
    with pytest.raises(ConfigurationError, match="No Plex Media Server answers at this address") as error:
        server.connect()
    assert "soulsync backends" in str(error.value.next_step)
