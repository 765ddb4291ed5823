"""Syncing, and reading what the sync brought."""

from __future__ import annotations

import pytest

from soulsync_engine.cli.exits import ExitCode
from soulsync_engine.testing.reference import ReferenceServer, faults
from soulsync_engine.testing.scenarios import odd, small


def test_a_sync_tells_what_it_did_and_the_next_one_that_nothing_is_to_do(soulsync, music) -> None:
    first = soulsync("sync", "--json").document["report"]
    again = soulsync("sync", "music", "--json").document["report"]
    assert (first["mode"], first["state"], again["mode"]) == ("full", "complete", "unchanged")
    assert {kind: counts["added"] for kind, counts in first["kinds"].items()} == {
        "track": 17,
        "album": 5,
        "artist": 3,
    }
    assert "nothing to do" in soulsync("sync").out


def test_progress_goes_to_standard_error_as_plain_lines(soulsync, music) -> None:
    ended = soulsync("sync")
    assert "music: tracks: 17 of 17" in ended.err
    assert "\x1b" not in ended.err
    assert "tracks:" not in ended.out


def test_a_dry_run_counts_and_writes_nothing(soulsync, music) -> None:
    report = soulsync("sync", "--dry-run", "--json").document["report"]
    assert (report["dry_run"], report["kinds"]["track"]["added"]) == (True, 17)
    assert soulsync("changes", "--since", "0", "--json").document["changes"] == []


def test_a_sync_of_a_server_that_is_down_says_so(soulsync, music) -> None:
    music.stop()
    ended = soulsync("sync", "--json")
    assert (ended.code, ended.out) == (ExitCode.UNAVAILABLE, "")


def test_a_listing_that_breaks_off_is_an_incomplete_sync(soulsync, music) -> None:
    music.faults.always(faults.truncated(), operation="list_tracks")
    ended = soulsync("sync")
    assert ended.code == ExitCode.INCOMPLETE
    assert ended.out == ""
    assert "declared 17 items but 16 arrived" in ended.err


def test_search_finds_what_was_synced(soulsync, music) -> None:
    soulsync("sync")
    document = soulsync("search", "dawn", "--kind", "track", "--json").document
    [hit] = document["hits"]
    assert (hit["kind"], hit["item"]["title"], hit["item"]["ref"]["server"]) == ("track", "Dawn", "music")
    assert soulsync("search", "dawn", "--kind", "artist", "--json").document["hits"] == []
    assert "Dawn" in soulsync("search", "dawn").out
    assert soulsync("search", "zzzz").out == "Nothing in the mirror fits.\n"


def test_search_goes_on_from_an_offset(soulsync, music) -> None:
    soulsync("sync")
    pages = [
        soulsync("search", "d", "--limit", "2", "--offset", str(offset), "--json").document["hits"]
        for offset in (0, 2)
    ]
    whole = soulsync("search", "d", "--json").document["hits"]
    assert [len(page) for page in pages] == [2, len(whole) - 2]
    assert [hit for page in pages for hit in page] == whole


def test_an_empty_mirror_says_how_to_fill_it(soulsync, music) -> None:
    assert soulsync("search", "dawn").out == "The mirror is empty. Fill it with: soulsync sync\n"


def test_changes_are_read_from_a_number_on_until_there_are_no_more(soulsync, music) -> None:
    soulsync("sync")
    since, seen = 0, []
    while True:
        document = soulsync("changes", "--since", str(since), "--limit", "10", "--json").document
        seen += [change["seq"] for change in document["changes"]]
        since = document["last"]
        if not document["more"]:
            break
    assert len(seen) == 25
    assert seen == sorted(set(seen))
    assert soulsync("changes", "--since", str(since)).out == "Nothing changed.\n"


def test_status_shows_server_and_mirror(soulsync, place, music) -> None:
    place.configure(music=music.settings(), attic={**music.settings(), "token": "wrong"})
    soulsync("sync")
    document = soulsync("status", "--json").document
    servers = {each["status"]["server"]: each for each in document["servers"]}
    assert document["active"] == "music"
    assert servers["music"]["status"]["state"] == "ready"
    assert servers["music"]["mirror"]["counts"]["tracks"] == 17
    assert servers["music"]["mirror"]["last_sync"]["state"] == "complete"
    assert servers["attic"]["status"]["state"] == "unauthorised"
    assert "music *" in soulsync("status").out


def test_status_shows_every_server_also_when_none_is_active(soulsync, place, music) -> None:
    place.configure(music=music.settings(), attic=music.settings())
    place.config.write_text(place.config.read_text().replace('active = "music"', ""))
    ended = soulsync("status", "--json")
    assert ended.code == ExitCode.OK
    assert [each["active"] for each in ended.document["servers"]] == [False, False]


def test_libraries_are_listed(soulsync, music) -> None:
    document = soulsync("libraries", "--json").document
    assert [each["server"] for each in document["libraries"]] == ["music"]
    assert document["libraries"][0]["library"]["name"] in soulsync("libraries").out


def test_a_scan_is_waited_for(soulsync, music) -> None:
    assert soulsync("scan", "--json").document["scan"]["phase"] == "running"
    assert soulsync("scan", "--wait", "--json").document["scan"]["phase"] == "idle"


@pytest.mark.parametrize(
    "command", [["status"], ["sync"], ["search", "x"], ["libraries"], ["servers", "list"]]
)
def test_a_configuration_that_is_wrong_is_one_sentence(soulsync, place, command) -> None:
    place.config.write_text('[server]\nactive = "music"\n')
    ended = soulsync(*command)
    assert (ended.code, ended.out) == (ExitCode.CONFIGURATION, "")
    assert ended.err.startswith("The active server 'music' is not configured")


def test_without_a_server_the_way_to_one_is_shown(soulsync, place) -> None:
    place.config.write_text("")
    ended = soulsync("sync")
    assert ended.code == ExitCode.CONFIGURATION
    assert "soulsync servers add" in ended.err
    assert "soulsync servers add" in soulsync("status").out


def test_difficult_titles_are_listed_one_a_line(soulsync, place) -> None:
    server = ReferenceServer(odd())
    place.configure(music=server.settings())
    count = soulsync("sync", "--json").document["report"]["kinds"]["track"]["seen"]
    ended = soulsync("changes", "--since", "0")
    assert ended.out.count(" added   track") == count
    assert "\x1b" not in ended.out


def test_a_mirror_that_is_none_is_left_alone(soulsync, place, music) -> None:
    place.data.mkdir()
    (place.data / "mirror.db").write_bytes(b"not a database at all, but somebody's file")
    ended = soulsync("search", "dawn", "--json")
    assert ended.code == ExitCode.MIRROR
    assert ended.error["code"] == "mirror-corrupt"
    assert (place.data / "mirror.db").read_bytes().startswith(b"not a database")


def test_the_matrix_is_read_from_code_without_a_request(soulsync, music) -> None:
    document = soulsync("matrix", "--json").document
    assert document["backends"]["reference"]["list_tracks"] == {"grade": "full", "reason": ""}
    assert {operation["name"] for operation in document["operations"]} == set(
        document["backends"]["reference"]
    )
    lines = soulsync("matrix", "--markdown").out.splitlines()
    assert len(lines) == 2 + len(document["operations"])
    assert music.requests == 0


def test_the_scenario_has_what_these_tests_count() -> None:
    assert len(small().tracks) == 17
