"""Other people's clients, in an environment of their own, see in our simulator the library that we see."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from soulsync_engine.server import MediaServer
from soulsync_engine.testing.scenarios import odd
from soulsync_navidrome.simulator import (
    NAVIDROME,
    PASSWORD,
    STRICT_OPENSUBSONIC,
    NavidromeSimulator,
    Personality,
)

Open = Callable[..., MediaServer]
_PACKAGES = ("py-opensonic==10.4.1", "knuckles==1.2.0")

_OPENSONIC = """
import json, sys
from urllib.parse import urlsplit
import libopensonic
address, user, password = sys.argv[1:]
parts = urlsplit(address)
host = f"{parts.scheme}://{parts.hostname}"
connection = libopensonic.Connection(host, user, password, port=parts.port, app_name="judge")
assert connection.ping()
songs = {}
offset = 0
while page := connection.get_album_list2("alphabeticalByName", size=100, offset=offset):
    offset += len(page)
    for album in page:
        for song in connection.get_album(album.id).song or []:
            songs[song.id] = [song.title, song.album, song.artist]
artists = [artist.name for letter in connection.get_artists().index for artist in letter.artist]
print(json.dumps({"songs": songs, "artists": sorted(artists)}))
"""

_KNUCKLES = """
import json, sys
import knuckles
address, user, password = sys.argv[1:]
server = knuckles.Subsonic(url=address, user=user, password=password, client="judge", use_https=False)
assert server.system.ping()
songs = {}
offset = 0
while True:
    page = server.lists.get_album_list_alphabetical_by_name(100, offset)
    offset += len(page)
    for album in page:
        for song in server.browsing.get_album(album.id).songs or []:
            songs[song.id] = [song.title, song.album.name, song.artist.name]
    if len(page) < 100:
        break  # it does not survive an empty page whose key was left out
artists = [artist.name for artist in server.browsing.get_artists()]
print(json.dumps({"songs": songs, "artists": sorted(artists)}))
"""


@pytest.mark.xdist_group("subsonic-judges")
@pytest.mark.parametrize("judge", [_OPENSONIC, _KNUCKLES], ids=["py-opensonic", "knuckles"])
@pytest.mark.parametrize("how", [NAVIDROME, STRICT_OPENSUBSONIC], ids=["navidrome", "strict"])
def test_another_client_lists_the_library_that_we_list(
    open_server: Open, programs: Callable[..., Path], judge: str, how: Personality
) -> None:
    python = programs("subsonic-judges", *_PACKAGES) / "python"
    with NavidromeSimulator(how, scenario=odd()) as simulator:
        command = [python, "-c", judge, simulator.base_url, "admin", PASSWORD]
        result = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
        assert result.returncode == 0, result.stderr[-2000:]
        seen = json.loads(result.stdout)
        # Other clients may ask for what we never ask for; what they are refused is no mistake of ours.
        simulator.refusals.clear()
        server = open_server(simulator.settings(), "subsonic")
        tracks = {track.ref.id: track for track in server.iter_tracks()}
        assert seen["songs"].keys() == tracks.keys()
        for song_id, (title, album, artist) in seen["songs"].items():
            assert (title, album) == (tracks[song_id].title, tracks[song_id].album)
            assert artist.split(" • ") == [credit.name for credit in tracks[song_id].artists]
        assert seen["artists"] == sorted(artist.name for artist in server.iter_artists())
