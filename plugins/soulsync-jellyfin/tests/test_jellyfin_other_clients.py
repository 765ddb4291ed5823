"""Other people's clients, in an environment of their own, find on the simulated server what ours finds."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from soulsync_engine.testing.scenarios import Scenario
from soulsync_jellyfin.simulator import JELLYFIN_10_11, JELLYFIN_12, Personality

WANTED = ("aiojellyfin==0.14.1", "jellyfin-apiclient-python==1.20.2")

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


@pytest.fixture(scope="session")
def python(pytestconfig: pytest.Config) -> Path:
    """The interpreter of an environment with the clients, made once and kept with the cache of pytest."""
    if pytestconfig.cache is None:
        pytest.skip("there is no place to keep the clients' environment: the cache of pytest is off")
    folder = Path(pytestconfig.cache.mkdir("jellyfin-clients")) / "-".join(WANTED).replace("=", "")
    interpreter = folder / ("Scripts" if sys.platform == "win32" else "bin") / "python"
    ready = folder / "ready"
    if not ready.exists():
        for command in (
            [sys.executable, "-m", "venv", "--clear", str(folder)],
            [str(interpreter), "-m", "pip", "install", "--quiet", *WANTED],
        ):
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            if done.returncode != 0:
                pytest.skip(f"the clients cannot be installed: {done.stderr.strip().splitlines()[-1:]}")
        ready.touch()
    return interpreter


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
            done = subprocess.run(
                [str(python), "-c", script, simulator.base_url, "anna", password],
                capture_output=True,
                text=True,
                check=False,
            )
            assert done.returncode == 0, done.stderr
            assert json.loads(done.stdout.splitlines()[-1]) == ours
