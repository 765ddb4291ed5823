"""The simulators keep to the published description of OpenSubsonic, and refuse what no server knows."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path

import httpx
import pytest

from soulsync_engine.testing.scenarios import odd, shared
from soulsync_navidrome.credentials import Mechanism, common, proof
from soulsync_navidrome.settings import SubsonicSettings
from soulsync_navidrome.simulator import (
    API_KEYS,
    NAVIDROME,
    OLD_NAVIDROME,
    STRICT_OPENSUBSONIC,
    NavidromeSimulator,
    Personality,
)

RICH = [NAVIDROME, OLD_NAVIDROME, STRICT_OPENSUBSONIC, API_KEYS]


@pytest.fixture(scope="module")
def specification(shared_data: Path) -> Mapping[str, object]:
    path = shared_data / "specs" / "opensubsonic-openapi-bundled.json"
    if not path.is_file():
        pytest.skip("the description of OpenSubsonic is not here")
    content: Mapping[str, object] = json.loads(path.read_text())
    return content


class Asker:
    """Asks a simulator and holds every answer against the description."""

    def __init__(self, simulator: NavidromeSimulator, specification: Mapping[str, object]) -> None:
        validator = pytest.importorskip("openapi_schema_validator", reason="the validator is not installed")
        self._validate = validator.OAS30Validator
        self._specification = specification
        self._simulator = simulator
        self._settings = SubsonicSettings.model_validate(simulator.settings())
        self._mechanism = Mechanism.API_KEY if simulator.how.api_keys else Mechanism.TOKEN

    def ask(self, method: str, *parameters: tuple[str, object]) -> dict[str, object]:
        pairs = [
            *common(),
            *proof(self._settings, self._mechanism),
            *((name, str(value)) for name, value in parameters),
        ]
        answer = httpx.get(f"{self._simulator.base_url}/rest/{method}", params=pairs)
        assert answer.status_code == 200, answer.text
        content: dict[str, dict[str, object]] = answer.json()
        paths = self._specification["paths"]
        assert isinstance(paths, dict)
        described = paths[f"/rest/{method}"]["get"]["responses"]["200"]
        for step in described.get("$ref", "#").split("/")[1:]:
            described = (self._specification if step == "components" else described)[step]
        schema = described["content"]["application/json"]["schema"]
        whole = {**schema, "components": self._specification["components"]}
        problems = [
            f"{'/'.join(map(str, error.absolute_path))}: {error.message[:200]}"
            for error in self._validate(whole).iter_errors(content)
        ]
        assert not problems, f"{method}: {problems[:5]}"
        return content["subsonic-response"]


@pytest.fixture(params=RICH, ids=lambda how: f"{how.product}-{how.version}")
def simulator(request: pytest.FixtureRequest) -> Iterator[NavidromeSimulator]:
    how: Personality = request.param
    with NavidromeSimulator(how, scenario=shared()) as running:
        yield running


def test_every_answer_of_the_opensubsonic_personalities_is_as_described(
    simulator: NavidromeSimulator, specification: Mapping[str, object]
) -> None:
    asker = Asker(simulator, specification)
    song = next(iter(simulator.catalogue.songs))
    album = next(iter(simulator.catalogue.albums))
    artist = next(iter(simulator.catalogue.artists))
    for method in ("star", "unstar", "star"):
        asker.ask(method, ("id", song), ("albumId", album), ("artistId", artist))
    asker.ask("setRating", ("id", song), ("rating", 4))
    asker.ask("scrobble", ("id", song), ("time", 1_700_000_000_000), ("submission", "true"))
    asker.ask("scrobble", ("id", song), ("submission", "false"))
    made = asker.ask("createPlaylist", ("name", "Morning"), ("songId", song), ("songId", song))["playlist"]
    assert isinstance(made, dict)
    asker.ask("updatePlaylist", ("playlistId", made["id"]), ("comment", "c"), ("songIndexToRemove", 0))
    for method, parameters in (
        ("ping", []),
        ("getLicense", []),
        ("getOpenSubsonicExtensions", []),
        ("getMusicFolders", []),
        ("getArtists", []),
        ("getArtists", [("musicFolderId", 2)]),
        ("getArtist", [("id", artist)]),
        ("getAlbum", [("id", album)]),
        ("getSong", [("id", song)]),
        ("getAlbumList2", [("type", "alphabeticalByName"), ("size", 500)]),
        ("getAlbumList2", [("type", "newest"), ("offset", 2)]),
        ("search3", [("query", "o")]),
        ("search3", [("query", ""), ("songCount", 500)]),
        ("search3", [("query", "nothing that is there")]),
        ("getGenres", []),
        ("getScanStatus", []),
        ("startScan", []),
        ("getNowPlaying", []),
        ("getUser", [("username", "admin")]),
        ("getUsers", []),
        ("getPlaylists", []),
        ("getPlaylist", [("id", made["id"])]),
        ("deletePlaylist", [("id", made["id"])]),
        ("getAlbum", [("id", "no-such-id")]) if not simulator.how.plain_404 else ("ping", []),
    ):
        asker.ask(method, *parameters)


def test_unusual_names_are_described_as_well(specification: Mapping[str, object]) -> None:
    with NavidromeSimulator(NAVIDROME, scenario=odd()) as simulator:
        Asker(simulator, specification).ask("search3", ("query", ""), ("songCount", 500), ("albumCount", 500))


def test_a_parameter_that_no_server_knows_is_refused() -> None:
    with pytest.raises(AssertionError, match="songLimit"), NavidromeSimulator(scenario=shared()) as simulator:
        settings = SubsonicSettings.model_validate(simulator.settings())
        pairs = [*common(), *proof(settings, Mechanism.TOKEN), ("query", ""), ("songLimit", "5")]
        assert httpx.get(f"{simulator.base_url}/rest/search3.view", params=pairs).status_code == 400


def test_a_method_that_no_server_knows_is_refused() -> None:
    with (
        pytest.raises(AssertionError, match="getEverything"),
        NavidromeSimulator(scenario=shared()) as simulator,
    ):
        assert httpx.get(f"{simulator.base_url}/rest/getEverything.view").status_code == 404
