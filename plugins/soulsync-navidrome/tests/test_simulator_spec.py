"""The simulators keep to the published description of OpenSubsonic, and refuse what no server knows."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest

pytest.importorskip("referencing", reason="what the validator of OpenAPI needs is not installed")

from referencing import Registry, Resource
from referencing.jsonschema import DRAFT4

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

_NAME = "urn:opensubsonic"
RICH = [NAVIDROME, OLD_NAVIDROME, STRICT_OPENSUBSONIC, API_KEYS]


class Description:
    """The published description, indexed once: that takes longer than any check."""

    def __init__(self, content: Mapping[str, Any]) -> None:
        self._content = content
        self._validator = pytest.importorskip("openapi_schema_validator", reason="it is not installed")
        resource = Resource(contents=content, specification=DRAFT4)
        self._registry = Registry().with_resource(_NAME, resource).crawl()

    def problems(self, method: str, answer: object) -> list[str]:
        """What is wrong with an answer to a method."""
        place = f"/paths/~1rest~1{method}/get/responses/200"
        described = self._content["paths"][f"/rest/{method}"]["get"]["responses"]["200"]
        place = described.get("$ref", "#" + place) + "/content/application~1json/schema"
        validator = self._validator.OAS30Validator({"$ref": _NAME + place}, registry=self._registry)
        return [
            f"{'/'.join(map(str, error.absolute_path))}: {error.message[:200]}"
            for error in validator.iter_errors(answer)
        ]


@pytest.fixture(scope="module")
def specification(shared_data: Path) -> Description:
    path = shared_data / "specs" / "opensubsonic-openapi-bundled.json"
    if not path.is_file():
        pytest.skip("the description of OpenSubsonic is not here")
    return Description(json.loads(path.read_text()))


class Asker:
    """Asks a simulator and holds every answer against the description."""

    def __init__(self, simulator: NavidromeSimulator, specification: Description) -> None:
        self._specification = specification
        self._simulator = simulator
        self._settings = SubsonicSettings.model_validate(simulator.settings())
        self._mechanism = Mechanism.API_KEY if simulator.how.api_keys else Mechanism.TOKEN
        # Certificates are of no use here, and reading them takes longer than all the requests.
        self._http = httpx.Client(verify=False)
        self.asked: set[str] = set()

    def ask(self, method: str, *parameters: tuple[str, object]) -> dict[str, object]:
        pairs = [
            *common(),
            *proof(self._settings, self._mechanism),
            *((name, str(value)) for name, value in parameters),
        ]
        self.asked.add(method)
        answer = self._http.get(f"{self._simulator.base_url}/rest/{method}", params=pairs)
        assert answer.status_code == 200, answer.text
        content: dict[str, dict[str, object]] = answer.json()
        problems = self._specification.problems(method, content)
        assert not problems, f"{method}: {problems[:5]}"
        return content["subsonic-response"]


@pytest.fixture(params=RICH, ids=lambda how: f"{how.product}-{how.version}")
def simulator(request: pytest.FixtureRequest) -> Iterator[NavidromeSimulator]:
    how: Personality = request.param
    with NavidromeSimulator(how, scenario=shared()) as running:
        yield running


def test_every_answer_of_the_opensubsonic_personalities_is_as_described(
    simulator: NavidromeSimulator, specification: Description
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
        ("tokenInfo", []) if simulator.how.api_keys else ("ping", []),
    ):
        asker.ask(method, *parameters)
    sound_and_pictures = {"getCoverArt", "stream"}
    assert asker.asked == set(simulator.methods) - sound_and_pictures, (
        "every method is held against the description"
    )


def test_an_answer_that_is_not_as_described_is_noticed(specification: Description) -> None:
    head = {"status": "ok", "version": "1.16.1", "type": "x", "serverVersion": "1", "openSubsonic": True}
    assert (
        specification.problems(
            "getScanStatus", {"subsonic-response": {**head, "scanStatus": {"scanning": False}}}
        )
        == []
    )
    for wrong in ({"scanStatus": {"scanning": "no"}}, {"status": "fine"}, {"scanStatus": {"count": 3}}):
        assert specification.problems("getScanStatus", {"subsonic-response": {**head, **wrong}})


def test_unusual_names_are_described_as_well(specification: Description) -> None:
    with NavidromeSimulator(NAVIDROME, scenario=odd()) as simulator:
        found = Asker(simulator, specification).ask(
            "search3", ("query", ""), ("songCount", 500), ("albumCount", 500)
        )
    assert found["searchResult3"]


def test_a_parameter_that_no_server_knows_is_refused() -> None:
    simulator = NavidromeSimulator(scenario=shared()).start()
    settings = SubsonicSettings.model_validate(simulator.settings())
    pairs = [*common(), *proof(settings, Mechanism.TOKEN), ("query", ""), ("songLimit", "5")]
    answer = httpx.get(f"{simulator.base_url}/rest/search3.view", params=pairs, verify=False)
    simulator.stop()
    assert answer.status_code == 400
    assert "songLimit" in simulator.refusals[0]


def test_a_method_that_no_server_knows_is_refused() -> None:
    simulator = NavidromeSimulator(scenario=shared()).start()
    answer = httpx.get(f"{simulator.base_url}/rest/getEverything.view", verify=False)
    simulator.stop()
    assert answer.status_code == 404
    assert "getEverything" in simulator.refusals[0]
