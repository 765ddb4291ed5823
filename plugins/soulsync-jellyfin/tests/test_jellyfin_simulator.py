"""The simulated server behaves as real ones were seen to, fact by fact."""

from __future__ import annotations

import re
from itertools import pairwise

import httpx
import pytest

from soulsync_engine.testing.scenarios import Scenario, ScenarioTrack, odd, small
from soulsync_engine.testing.simulator import Answer
from soulsync_jellyfin.simulator import JELLYFIN_10_11, JELLYFIN_12, JellyfinSimulator, Personality


class Raw:
    """Requests by hand."""

    def __init__(self, simulator: JellyfinSimulator) -> None:
        self.simulator = simulator
        self.user = simulator.state.accounts.named("anna").id
        token = simulator.state.accounts.api_key
        self.http = httpx.Client(
            base_url=simulator.base_url, headers={"Authorization": f'MediaBrowser Token="{token}"'}
        )

    def get(self, path: str, **params: str | int) -> httpx.Response:
        return self.http.get(path, params={"userId": self.user, **params})

    def rows(self, path: str = "/Items", **params: str | int) -> list[dict[str, object]]:
        return self.get(path, **params).json()["Items"]


@pytest.fixture
def raw(simulate):
    opened: list[Raw] = []

    def open_raw(scenario: Scenario | None = None, personality: Personality = JELLYFIN_10_11) -> Raw:
        opened.append(Raw(simulate(scenario or small(), personality)))
        return opened[-1]

    yield open_raw
    for each in opened:
        each.http.close()


TRACKS = {"recursive": "true", "includeItemTypes": "Audio"}


def test_names_and_paths_have_no_case_and_one_slash_at_the_end_is_fine(raw) -> None:
    server = raw()
    assert len(server.rows("/items/", RECURSIVE="true", IncludeItemTypes="audio")) == 17
    assert server.get("/Items//").status_code == 404
    server.simulator.refusals.clear()


def test_rows_are_thin_unless_fields_are_asked_for(raw) -> None:
    server = raw()
    thin = server.rows(**TRACKS)[0]
    optional = {
        "SortName",
        "Overview",
        "Genres",
        "GenreItems",
        "Path",
        "ProviderIds",
        "MediaSources",
        "DateCreated",
    }
    assert not optional & set(thin)
    assert thin["UserData"]["PlayCount"] == 0
    assert thin["ChannelId"] is None
    assert [key for key, value in thin.items() if value is None] == ["ChannelId"]
    whole = server.get(f"/Items/{thin['Id']}").json()
    assert optional - {"Overview"} <= set(whole)


def test_ids_are_32_digits_and_read_in_any_spelling(raw) -> None:
    server = raw()
    native = server.rows(**TRACKS)[0]["Id"]
    assert re.fullmatch(r"[0-9a-f]{32}", native)
    dashed = f"{native[:8]}-{native[8:12]}-{native[12:16]}-{native[16:20]}-{native[20:]}".upper()
    assert server.get(f"/Items/{dashed}").json()["Id"] == native
    assert [row["Id"] for row in server.rows(ids=f"{dashed},nonsense")] == [native]


def test_times_have_seven_digits_and_text_is_escaped_in_capitals(raw) -> None:
    server = raw(odd())
    body = server.get("/Items", **TRACKS, fields="DateCreated").text
    assert re.search(r'"DateCreated":"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{7}Z"', body)
    assert body.isascii()
    assert r"\u0022twice\u0022" in body
    assert r"\u0026amp;" in body
    assert r"\uD83C\uDFB6" in body
    assert not re.search(r"\\u(?![0-9A-F]{4})", body)
    answer = server.http.get("/System/Info")
    assert answer.headers["content-type"] == "application/json; charset=utf-8"
    assert "x-response-time-ms" in answer.headers


def test_unknown_words_are_dropped_and_wrong_types_are_refused(raw) -> None:
    server = raw()
    assert (
        len(server.rows(**TRACKS, fields="Nonsense,Path", sortBy="Nonsense,SortName", filters="Nonsense"))
        == 17
    )
    answer = server.get("/Items", **TRACKS, limit="abc")
    assert answer.status_code == 400
    assert list(answer.json()["errors"]) == ["limit"]
    assert server.get("/Items", parentId="abc").json()["errors"].keys() == {"parentId"}


def test_artists_without_a_limit_have_a_total_of_nothing(raw) -> None:
    server = raw()
    page = server.get("/Artists/AlbumArtists").json()
    assert (len(page["Items"]), page["TotalRecordCount"]) == (3, 0)
    assert server.get("/Artists/AlbumArtists", limit=2).json()["TotalRecordCount"] == 3


def test_without_a_limit_everything_is_sent(raw) -> None:
    page = raw().get("/Items", **TRACKS).json()
    assert (len(page["Items"]), page["TotalRecordCount"], page["StartIndex"]) == (17, 17, 0)


def test_sort_names_are_padded_and_lose_their_article(raw) -> None:
    track = ScenarioTrack(
        file="a/b.mp3", title="Song", artists=("The 4 Of Us",), album="A Day", album_artists=("The 4 Of Us",), disc=1,
        track_number=3,
    )  # fmt: skip
    server = raw(Scenario(name="sorting", tracks=(track,)))
    assert server.rows(**TRACKS, fields="SortName")[0]["SortName"] == "0001 - 0003 - Song"
    assert server.rows("/Artists", fields="SortName")[0]["SortName"] == "0000000004 of us"
    albums = server.rows(recursive="true", includeItemTypes="MusicAlbum", fields="SortName")
    assert albums[0]["SortName"] == "day"


def test_an_untagged_file_is_called_after_its_stem_and_m4a_has_many_containers(raw) -> None:
    server = raw(Scenario(name="bare", tracks=(ScenarioTrack(file="x/07 noise.m4a"),)))
    row = server.rows(**TRACKS)[0]
    assert (row["Name"], row["Container"]) == ("07 noise", "mov,mp4,m4a,3gp,3g2,mj2")


def test_genres_that_differ_in_case_have_one_id(raw) -> None:
    tracks = tuple(
        ScenarioTrack(file=f"{name}.mp3", title=name, genres=(name,)) for name in ("Electronic", "electronic")
    )
    rows = raw(Scenario(name="genres", tracks=tracks)).rows(**TRACKS, fields="Genres")
    assert len({row["GenreItems"][0]["Id"] for row in rows}) == 1
    assert len({row["Genres"][0] for row in rows}) == 2


def test_who_is_not_let_in_gets_no_body(raw) -> None:
    server = raw()
    answer = httpx.get(f"{server.simulator.base_url}/Items")
    assert (answer.status_code, answer.content) == (401, b"")
    assert "www-authenticate" not in answer.headers
    login = httpx.post(
        f"{server.simulator.base_url}/Users/AuthenticateByName",
        json={"Username": "anna", "Pw": "no"},
        headers={"Authorization": 'MediaBrowser Client="c", Device="d", DeviceId="x", Version="1"'},
    )
    assert (login.status_code, login.text) == (401, "Error processing request.")
    bare = httpx.post(
        f"{server.simulator.base_url}/Users/AuthenticateByName", json={"Username": "anna", "Pw": "no"}
    )
    assert bare.status_code == 400


@pytest.mark.parametrize(
    ("pairs", "accepted"),
    [
        ('Token="{key}"', True),
        ("Token={key}", True),
        ('Client="a, b", Token="{key}"', True),
        ('Token="{quoted}"', True),
        ('token="{key}"', False),
        ('Client="c"', False),
    ],
)
def test_values_of_the_header_are_quoted_or_bare_and_names_have_case(raw, pairs: str, accepted: bool) -> None:
    server = raw()
    key = server.simulator.state.accounts.api_key
    quoted = "".join(f"%{ord(sign):02X}" for sign in key)
    header = f"MediaBrowser {pairs.format(key=key, quoted=quoted)}"
    answer = httpx.get(f"{server.simulator.base_url}/System/Info", headers={"Authorization": header})
    assert answer.status_code == (200 if accepted else 401)


def test_the_first_place_with_a_token_counts(raw) -> None:
    server = raw()
    key, base = server.simulator.state.accounts.api_key, server.simulator.base_url
    good, bad = f'MediaBrowser Token="{key}"', 'MediaBrowser Token="no"'
    places = [
        lambda value, token: ({"Authorization": value}, {}),
        lambda value, token: ({"X-Emby-Authorization": value}, {}),
        lambda value, token: ({"X-Emby-Token": token}, {}),
        lambda value, token: ({}, {"ApiKey": token}),
    ]
    for earlier, later in pairwise(places):
        for first, second, status in (
            ((good, key), (bad, "no"), 200),
            ((bad, "no"), (good, key), 401),
        ):
            headers, query = earlier(*first)
            more_headers, more_query = later(*second)
            answer = httpx.get(
                f"{base}/System/Info", headers={**headers, **more_headers}, params={**query, **more_query}
            )
            assert answer.status_code == status


def test_a_key_belongs_to_nobody(raw) -> None:
    server = raw()
    assert server.http.get("/Users/Me").status_code == 400
    rows = server.http.get("/Items", params=TRACKS).json()["Items"]
    assert len(rows) == 17
    assert "UserData" not in rows[0]


def test_pictures_and_plain_streams_need_no_token(raw) -> None:
    server = raw()
    track = server.rows(**TRACKS, sortBy="SortName")[0]["Id"]
    base = server.simulator.base_url
    assert httpx.get(f"{base}/Audio/{track}/stream?static=true").status_code == 200
    assert httpx.get(f"{base}/Audio/{track}/universal").status_code == 401


def test_an_unknown_parent_is_taken_for_the_root(raw) -> None:
    server = raw()
    assert len(server.rows(**TRACKS, parentId="0" * 32)) == 17


def test_before_10_9s_paths_are_still_there(raw) -> None:
    server = raw()
    rows = server.http.get(f"/Users/{server.user}/Items", params=TRACKS).json()["Items"]
    assert len(rows) == 17
    assert server.http.get(f"/Users/{server.user}/Views").json()["TotalRecordCount"] == 1


def test_an_answer_that_is_not_as_described_is_found_out(described) -> None:
    description = described(JELLYFIN_12)
    if description is None:
        pytest.skip("the published description, or what checks by it, is not here")
    good = {
        "Items": [{"Id": "0" * 32, "ChannelId": None, "Type": "Audio"}],
        "TotalRecordCount": 1,
        "StartIndex": 0,
    }
    description.check("GET", "/Items", Answer.json(good))
    for spoilt in (
        {**good, "Total": 1},
        {**good, "TotalRecordCount": "1"},
        {**good, "Items": [{"Id": "0" * 32, "Type": "Song"}]},
        {**good, "Items": [{"Id": "0" * 32, "Titel": "x"}]},
        {**good, "Items": [{"Id": "0" * 32, "DateCreated": "yesterday"}]},
        {**good, "Items": [{"Id": "0" * 32, "Name": 5}]},
    ):
        with pytest.raises(AssertionError):
            description.check("GET", "/Items", Answer.json(spoilt))
    with pytest.raises(AssertionError):
        description.check("GET", "/Items", Answer(status=299))


def test_not_every_list_is_a_page(raw) -> None:
    server = raw(odd())
    latest = server.get("/Items/Latest", limit=3).json()
    assert [row["Type"] for row in latest] == ["MusicAlbum"] * 3
    hints = server.get("/Search/Hints", searchTerm="a", includeItemTypes="Audio", limit=2).json()
    assert (set(hints), len(hints["SearchHints"])) == ({"SearchHints", "TotalRecordCount"}, 2)
    assert set(server.get("/Items/Filters").json()) == {"Genres", "Tags", "OfficialRatings", "Years"}
    genres = server.get("/Genres").json()
    assert (genres["TotalRecordCount"], genres["Items"] != []) == (0, True)
    assert server.get("/Genres", limit=1).json()["TotalRecordCount"] == len(genres["Items"])


def test_a_random_order_is_another_one_for_each_page(raw) -> None:
    server = raw()
    orders = {tuple(row["Id"] for row in server.rows(**TRACKS, sortBy="Random")) for _ in range(5)}
    assert len(orders) > 1


def test_what_lies_deeper_is_asked_for_until_12_implies_it(raw) -> None:
    for personality, found in ((JELLYFIN_10_11, 0), (JELLYFIN_12, 17)):
        server = raw(personality=personality)
        library = next(iter(server.simulator.state.catalogue.libraries))
        assert len(server.rows(parentId=library, includeItemTypes="Audio")) == found
        assert len(server.rows(parentId=library, includeItemTypes="Audio", recursive="true")) == 17


def test_another_user_is_for_administrators_to_name(raw) -> None:
    server = raw()
    ben = server.simulator.state.accounts.named("ben")
    token = server.simulator.state.accounts.token(ben)
    http = {"headers": {"Authorization": f'MediaBrowser Token="{token}"'}}
    url = f"{server.simulator.base_url}/Items"
    assert httpx.get(url, params={**TRACKS, "userId": server.user}, **http).status_code == 403
    assert httpx.get(url, params={**TRACKS, "userId": ben.id}, **http).status_code == 200
    assert server.http.get("/Items", params={**TRACKS, "userId": ben.id}).status_code == 200


def test_a_report_that_a_track_begins_counts_it(raw) -> None:
    server = raw()
    track = server.rows(**TRACKS)[0]["Id"]
    token = server.simulator.state.accounts.token(server.simulator.state.accounts.named("anna"))
    http = {"headers": {"Authorization": f'MediaBrowser Token="{token}"'}}
    for count in (1, 2):
        answer = httpx.post(f"{server.simulator.base_url}/Sessions/Playing", json={"ItemId": track}, **http)
        assert (answer.status_code, "x-response-time-ms" in answer.headers) == (204, True)
        assert server.get(f"/Items/{track}").json()["UserData"]["PlayCount"] == count


def test_entries_of_playlists_are_as_probed(raw) -> None:
    server = raw()
    a, b, c, *_ = [row["Id"] for row in server.rows(**TRACKS)]
    made = server.http.post(
        "/Playlists", json={"Name": "Mine", "Ids": [a, b, a, "0" * 32], "UserId": server.user}
    )
    assert set(made.json()) == {"Id"}
    path = f"/Playlists/{made.json()['Id']}/Items"
    rows = server.get(path).json()["Items"]
    assert [(row["Id"], row["PlaylistItemId"]) for row in rows] == [(a, a), (b, b)]
    assert server.http.post(path, params={"ids": [c, b], "userId": server.user}).status_code == 204
    assert [row["Id"] for row in server.get(path).json()["Items"]] == [a, b, c]
    assert server.http.delete(path, params={"entryIds": a}).status_code == 204
    unknown = server.get(f"/Playlists/{'0' * 32}/Items")
    assert (unknown.status_code, unknown.json()) == (404, "Playlist not found")
