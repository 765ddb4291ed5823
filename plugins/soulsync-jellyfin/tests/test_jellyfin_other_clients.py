"""Other people's clients, in an environment of their own, find on the simulated server what ours finds."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from soulsync_engine.models import AlbumPatch, ArtistPatch, Kind
from soulsync_engine.testing.scenarios import Scenario, small
from soulsync_engine.testing.simulator import Answer
from soulsync_jellyfin.simulator import (
    EMBY_4_9,
    JELLYFIN_10_11,
    JELLYFIN_12,
    JellyfinSimulator,
    Personality,
)

WANTED = ("aiojellyfin==0.14.1", "jellyfin-apiclient-python==1.20.2", "embyclient==4.9.0.33", "setuptools<81")

AIOJELLYFIN = """
import asyncio, json, sys
import aiohttp, aiojellyfin
url, name, password = sys.argv[1:]

async def main():
    async with aiohttp.ClientSession() as session:
        config = aiojellyfin.SessionConfiguration(session=session, url=url, app_name="judge", app_version="1",
            device_name="judge", device_id="judge")
        connection = await aiojellyfin.authenticate_by_name(config, name, password)
        found = {}
        for kind in ("tracks", "albums"):
            query = getattr(connection, kind).user_id(connection._user_id)
            found[kind] = sorted([[row["Id"], row["Name"]] async for row in query.stream(100)])
        return found

print(json.dumps(asyncio.run(main())))
"""

APICLIENT = """
import json, sys
from jellyfin_apiclient_python import JellyfinClient
url, name, password = sys.argv[1:]
client = JellyfinClient()
client.config.app("judge", "1", "judge", "judge")
client.config.data["auth.ssl"] = False
client.auth.connect_to_address(url)
client.auth.login(url, name, password)
found = {}
for kind, type in (("tracks", "Audio"), ("albums", "MusicAlbum")):
    rows, start = [], 0
    while True:
        page = client.jellyfin.user_items(params={"Recursive": True, "IncludeItemTypes": type, "SortBy": "SortName",
            "StartIndex": start, "Limit": 200})
        rows += page["Items"]
        start += 200
        if start >= page["TotalRecordCount"]:
            break
    found[kind] = sorted([row["Id"], row["Name"]] for row in rows)
print(json.dumps(found))
"""


EMBYCLIENT = """
import json, sys
import emby_client
url, name, password = sys.argv[1:]
configuration = emby_client.Configuration()
configuration.host = url
client = emby_client.ApiClient(configuration)
who = 'Emby Client="judge", Device="judge", DeviceId="judge", Version="1"'
signed_in = emby_client.UserServiceApi(client).post_users_authenticatebyname(
    emby_client.AuthenticateUserByName(username=name, pw=password), who)
configuration.api_key["api_key"] = signed_in.access_token
items, found = emby_client.ItemsServiceApi(client), {}
for kind, type in (("tracks", "Audio"), ("albums", "MusicAlbum")):
    rows = []
    while True:
        page = items.get_users_by_userid_items(signed_in.user.id, recursive=True, include_item_types=type,
            sort_by="SortName", start_index=len(rows), limit=200)
        rows += page.items
        if len(rows) >= page.total_record_count:
            break
    found[kind] = sorted([row.id, row.name] for row in rows)
print(json.dumps(found))
"""

DESCRIBED = r"""
import json, re, sys
from pathlib import Path
import emby_client
from emby_client import models

operations = {}
for file in (Path(emby_client.__file__).parent / "api").glob("*.py"):
    for block in re.split(r"\n    def \w+_with_http_info", file.read_text())[1:]:
        called = re.search(r"call_api\(\s*'([^']+)', '(\w+)'", block)
        if called is None:
            continue
        path = re.sub(r"{[^}]*}", "{}", called[1]).lower()
        takes = {name.lower() for name in re.findall(r"query_params\.append\(\('([^']+)'", block)}
        shape = re.search(r"response_type='([^']+)'", block)
        operations[called[2], path] = takes, shape[1] if shape else None

def problems(value, shape, place):
    listed = re.fullmatch(r"list\[(.*)\]", shape)
    if listed:
        for number, each in enumerate(value):
            yield from problems(each, listed[1], f"{place}/{number}")
    model = getattr(models, shape, None)
    if model is None or not isinstance(value, dict) or not model.attribute_map:
        return
    names = {name: model.swagger_types[ours] for ours, name in model.attribute_map.items()}
    for name, inner in value.items():
        if name not in names:
            yield f"{place}: {shape} has no {name}"
        elif inner is not None:
            yield from problems(inner, names[name], f"{place}/{name}")

for method, path, taken, answers in json.load(sys.stdin):
    key = method, re.sub(r"{[^}]*}", "{}", path).lower()
    if key not in operations:
        print(f"{method} {path} is not described")
        continue
    takes, shape = operations[key]
    for name in taken:
        if name.lower() not in takes:
            print(f"{method} {path} takes no {name}")
    for answer in answers if shape else ():
        for problem in problems(answer, shape, f"{method} {path}"):
            print(problem)
"""

UNDESCRIBED = {
    # Emby's own add-on for Kodi asks for all of these.
    "GET /Users is not described",
    "GET /Emby.Kodi.SyncQueue/GetServerDateTime is not described",
    "GET /Emby.Kodi.SyncQueue/{userId}/GetItems is not described",
    "GET /embywebsocket is not described",
    *(
        f"GET {path} takes no enableTotalRecordCount"
        for path in ("/Items", "/Users/{userId}/Items", "/Artists", "/Artists/AlbumArtists")
    ),
    # The last open source of the server has them, and Emby's other clients still send them.
    "POST /Playlists takes no UserId",
    *(
        f"GET /Audio/{{itemId}}/universal takes no {name}"
        for name in (
            *("userId", "maxStreamingBitrate", "container", "audioCodec"),
            *("transcodingContainer", "transcodingProtocol"),
        )
    ),
}
"""What the simulated Emby takes beyond the published description, with the reason."""


@pytest.fixture(scope="session")
def python(programs: Callable[..., Path]) -> Path:
    """The interpreter of an environment with the clients."""
    return programs("jellyfin-clients", *WANTED) / "python"


@pytest.mark.xdist_group("jellyfin-clients")
def test_other_clients_list_the_same_library(python: Path, simulate, server_of) -> None:
    personalities: tuple[Personality, ...] = (JELLYFIN_10_11, JELLYFIN_12)
    for personality in personalities:
        simulator = simulate(Scenario(name="none", tracks=()), personality, checked=False)
        simulator.state.catalogue.generate(tracks=650, albums=130, artists=20)
        server = server_of(simulator)
        ours = {
            "tracks": sorted([track.ref.id, track.title] for track in server.iter_tracks()),
            "albums": sorted([album.ref.id, album.title] for album in server.iter_albums()),
        }
        assert len(ours["tracks"]) == 650
        password = simulator.state.accounts.named("anna").password
        for script in (AIOJELLYFIN, APICLIENT):
            said = judged(python, script, simulator.base_url, "anna", password)
            assert json.loads(said.splitlines()[-1]) == ours


@pytest.mark.xdist_group("jellyfin-clients")
def test_embys_own_client_lists_the_same_library(python: Path, simulate, server_of) -> None:
    simulator = simulate(Scenario(name="none", tracks=()), EMBY_4_9, checked=False)
    simulator.state.catalogue.generate(tracks=650, albums=130, artists=20)
    server = server_of(simulator)
    ours = {
        "tracks": sorted([track.ref.id, track.title] for track in server.iter_tracks()),
        "albums": sorted([album.ref.id, album.title] for album in server.iter_albums()),
    }
    password = simulator.state.accounts.named("anna").password
    assert json.loads(judged(python, EMBYCLIENT, simulator.base_url, "anna", password)) == ours


@pytest.mark.xdist_group("jellyfin-clients")
def test_the_simulated_emby_is_as_its_published_description_says(python: Path, server_of) -> None:
    """By way of the client that is generated from it: the routes, what they take, and what they answer."""
    answers: dict[tuple[str, str], list[object]] = {}

    def keep(method: str, path: str, answer: Answer) -> None:
        if answer.status == 200 and isinstance(answer.body, bytes) and "json" in (answer.content_type or ""):
            answers.setdefault((method, path), []).append(json.loads(answer.body))

    with JellyfinSimulator(small(), personality=EMBY_4_9, check=keep) as simulator:
        server = server_of(simulator)
        server.connect()
        server.list_users()
        track, *others = [track.ref.id for track in server.iter_tracks()]
        album, artist = next(server.iter_albums()).ref.id, next(server.iter_artists()).ref.id
        server.change_token()
        server.trigger_scan()
        simulator.state.now_playing.append(
            (simulator.state.accounts.named("ben"), simulator.state.catalogue.items[track])
        )
        assert server.list_active_plays()
        server.set_favorite(Kind.TRACK, track, True)
        server.set_rating(Kind.TRACK, track, 80)
        server.report_play(track, datetime(2024, 1, 1, tzinfo=UTC))
        assert server.get_play_history()
        made = server.create_playlist("Mine", [track, *others[:3]]).playlist
        assert list(server.iter_playlist_entries(made))
        server.update_album(album, AlbumPatch(genres=("Sea",)))
        server.update_artist(artist, ArtistPatch(biography="From the coast."))
        server.search("a")
        routes = [
            (method, path, sorted(taken), answers.get((method, path), []))
            for method, path, taken in simulator.declared
        ]
    assert len(answers) > 12
    told = set(judged(python, DESCRIBED, given=json.dumps(routes)).splitlines())
    assert sorted(told - UNDESCRIBED) == []
    assert sorted(UNDESCRIBED - told) == []


def judged(python: Path, script: str, *arguments: str, given: str | None = None) -> str:
    """What a script prints in the other environment."""
    done = subprocess.run(
        [str(python), "-c", script, *arguments], input=given, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout
