"""A key that is gone is found again by proof."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from soulsync_engine.errors import ConflictError, NotFoundError
from soulsync_engine.models import Kind, MusicBrainzIds
from soulsync_engine.server import MediaServer
from soulsync_engine.testing.conformance.changes import ADDED
from soulsync_engine.testing.scenarios import MUSIC, small
from soulsync_plex.client import PlexClient
from soulsync_plex.simulator import SEVERAL, PlexSimulator

ClientOf = Callable[[MediaServer], PlexClient]

ROPE = next(track for track in ADDED.tracks if track.title == "Rope")


def test_a_lost_track_is_found_by_recording_or_file_or_title_album_and_length(
    plex: PlexSimulator, server: MediaServer, client_of: ClientOf
) -> None:
    lost = next(track for track in server.iter_tracks() if track.title == "Shore")
    plex.state.catalogue.rekey()
    without_ids = replace(lost, musicbrainz=MusicBrainzIds())
    for known in (lost, without_ids, replace(without_ids, path=None)):
        found = client_of(server).resolve(known)
        assert (found.title, found.path) == (lost.title, lost.path)
        assert found.ref != lost.ref


def test_it_is_never_found_by_being_the_first_hit(
    plex: PlexSimulator, server: MediaServer, client_of: ClientOf
) -> None:
    lost = next(track for track in server.iter_tracks() if track.title == "Shore")
    plex.state.catalogue.rekey()
    other = replace(lost, path="/media/Music/elsewhere.mp3", album="Another", musicbrainz=MusicBrainzIds())
    with pytest.raises(NotFoundError):
        client_of(server).resolve(other)
    with pytest.raises(NotFoundError):
        client_of(server).resolve(replace(other, album=None, path=None))


def test_it_is_not_found_when_two_tracks_could_be_it(
    running: Callable[..., PlexSimulator], connect: Callable[..., MediaServer], client_of: ClientOf
) -> None:
    twin = replace(ROPE, file="Tidal Kites/Spring (2023)/01 Rope copy.flac", library=MUSIC)
    simulator = running(small().with_tracks(ROPE, twin))
    server = connect(simulator)
    lost = next(track for track in server.iter_tracks() if track.title == "Rope")
    vague = replace(lost, path=None, musicbrainz=MusicBrainzIds())
    with pytest.raises(ConflictError, match="any of the tracks"):
        client_of(server).resolve(vague)


def test_it_is_found_by_its_file_when_it_has_another_title(
    plex: PlexSimulator, server: MediaServer, client_of: ClientOf
) -> None:
    lost = next(track for track in server.iter_tracks() if track.title == "Shore")
    plex.state.catalogue.rekey()
    renamed = replace(lost, title="What it was called before", musicbrainz=MusicBrainzIds())
    assert client_of(server).resolve(renamed).path == lost.path


def test_it_is_found_by_its_file_when_there_are_two_copies(
    running: Callable[..., PlexSimulator], connect: Callable[..., MediaServer], client_of: ClientOf
) -> None:
    copy = replace(ROPE, file="Tidal Kites/Spring (2023)/01 Rope copy.flac")
    simulator = running(small().with_tracks(ROPE, copy))
    server = connect(simulator)
    lost = [track for track in server.iter_tracks() if track.title == "Rope"]
    assert len(lost) == 2
    for track in lost:
        simulator.state.catalogue.find(track.ref.id)[1]["Guid"] = [{"id": f"mbid://{ROPE.recording_id}"}]
    lost = list(server.get_items(Kind.TRACK, [track.ref.id for track in lost]))
    simulator.state.catalogue.rekey()
    for track in lost:
        assert client_of(server).resolve(track).path == track.path
    with pytest.raises(ConflictError, match="any of the tracks"):
        client_of(server).resolve(replace(lost[0], path=None))


def test_it_is_not_found_by_its_looks_when_it_is_another_recording(
    plex: PlexSimulator, server: MediaServer, client_of: ClientOf
) -> None:
    lost = next(track for track in server.iter_tracks() if track.musicbrainz.recording)
    plex.state.catalogue.rekey()
    other = MusicBrainzIds(recording="00000000-0000-4000-8000-000000000000")
    with pytest.raises(NotFoundError):
        client_of(server).resolve(replace(lost, path="/media/Music/gone.flac", musicbrainz=other))


def test_it_is_found_in_whatever_library_it_is_now(
    running: Callable[..., PlexSimulator], connect: Callable[..., MediaServer], client_of: ClientOf
) -> None:
    simulator = running(small(), personality=SEVERAL)
    server = connect(simulator)
    lost = list(server.iter_tracks())
    simulator.state.catalogue.rekey()
    assert [client_of(server).resolve(track).path for track in lost] == [track.path for track in lost]
