"""Removals, confirmations, the feed, and the care of the mirror, at the command line."""

from __future__ import annotations

import json
import time

from soulsync_engine.cli.exits import ExitCode
from soulsync_engine.testing.reference import ReferenceServer
from soulsync_engine.testing.scenarios import Scenario, small

FEWER = small().without(small().tracks[:1])
HALF = small().without(small().tracks[:9])


def change(server: ReferenceServer, scenario: Scenario) -> None:
    server.change(scenario)


def test_what_is_gone_is_missing_first_and_removed_by_the_next_sync(soulsync, music) -> None:
    soulsync("sync")
    change(music, FEWER)
    first = soulsync("sync")
    assert "Not on the server: 1 track." in first.err
    assert first.code == ExitCode.OK
    [missing] = soulsync("mirror", "missing", "--json").document["missing"]
    assert missing["missing"]
    report = soulsync("sync", "--json").document["report"]
    assert report["kinds"]["track"]["removed"] == 1
    assert soulsync("mirror", "missing").out == "Nothing is missing.\n"


def test_when_much_is_gone_somebody_has_to_say_that_it_is_meant(soulsync, music) -> None:
    soulsync("sync")
    change(music, HALF)
    soulsync("sync")
    held = soulsync("sync", "--json")
    assert held.code == ExitCode.INCOMPLETE
    report = held.document["report"]
    assert report["held"]["track"] == 9
    shown = soulsync("sync")
    assert f"soulsync sync music --confirm {report['confirmation']}" in shown.err
    assert soulsync("status", "--json").document["servers"][0]["mirror"]["counts"]["tracks"] == 17
    assert "missing" in soulsync("status").out
    wrong = soulsync("sync", "--confirm", "remove-nonsense")
    assert wrong.code == ExitCode.INCOMPLETE
    assert "remove-nonsense confirms nothing that waits now" in wrong.err
    done = soulsync("sync", "--confirm", report["confirmation"], "--json")
    assert done.code == ExitCode.OK
    assert done.document["report"]["kinds"]["track"]["removed"] == 9


def test_all_servers_are_synced_at_once_and_one_that_fails_is_named(soulsync, place, music) -> None:
    down = ReferenceServer(small())
    place.configure(music=music.settings(), attic=down.settings())
    down.stop()
    ended = soulsync("sync", "--all", "--json")
    assert ended.code == ExitCode.UNAVAILABLE
    assert ended.document["reports"]["music"]["state"] == "complete"
    assert ended.document["errors"]["attic"]["code"] == "unavailable"
    assert "attic: " in soulsync("sync", "--all").err
    assert soulsync("sync", "music", "--all").code == ExitCode.USAGE


def test_a_number_that_is_not_of_this_feed_is_refused(soulsync, music) -> None:
    soulsync("sync")
    ended = soulsync("changes", "--since", "999", "--json")
    assert (ended.code, ended.error["code"]) == (ExitCode.MIRROR, "feed-cursor")


def test_the_mirror_is_verified_without_being_written(soulsync, music) -> None:
    soulsync("sync")
    same = soulsync("mirror", "verify")
    assert (same.code, same.out) == (ExitCode.OK, "music: the mirror is as the server is.\n")
    change(music, small().with_tracks(music_track("Dawn, Again")))
    differs = soulsync("mirror", "verify", "--json")
    assert (differs.code, differs.document["changed"]) == (ExitCode.FAILED, True)
    assert len(soulsync("changes", "--since", "0", "--json").document["changes"]) == 25


def music_track(title: str):
    from dataclasses import replace

    return replace(small().tracks[0], title=title)


def test_an_export_keeps_uids_in_a_new_mirror(soulsync, place, music, tmp_path) -> None:
    soulsync("sync")
    before = {
        hit["item"]["ref"]["id"]: hit["uid"] for hit in soulsync("search", "d", "--json").document["hits"]
    }
    file = tmp_path / "knowledge.jsonl"
    assert soulsync("mirror", "export", str(file)).code == ExitCode.OK
    assert soulsync("mirror", "export").out == file.read_text().replace(
        file.read_text().splitlines()[0], soulsync("mirror", "export").out.splitlines()[0]
    )
    (place.data / "mirror.db").unlink()
    assert soulsync("mirror", "import", str(file)).code == ExitCode.OK
    soulsync("sync")
    after = {
        hit["item"]["ref"]["id"]: hit["uid"] for hit in soulsync("search", "d", "--json").document["hits"]
    }
    assert after == before
    assert soulsync("mirror", "import", str(file)).code == ExitCode.INCOMPLETE
    file.write_text("nonsense\n")
    assert soulsync("mirror", "import", str(file)).code == ExitCode.MIRROR


def test_a_rebuilt_mirror_is_the_same(soulsync, music) -> None:
    soulsync("sync")
    before = soulsync("search", "d", "--json").document
    assert soulsync("mirror", "rebuild").out == "music: rebuilt, complete.\n"
    assert soulsync("search", "d", "--json").document == before
    assert len(soulsync("changes", "--since", "0", "--json").document["changes"]) == 25


def test_a_server_takes_over_what_another_one_held(soulsync, place, music) -> None:
    soulsync("sync")
    place.configure(attic=music.settings())
    assert soulsync("mirror", "move", "music", "attic").code == ExitCode.OK
    report = soulsync("sync", "--json").document["report"]
    assert report["kinds"]["track"]["added"] == 0
    [hit] = soulsync("search", "dawn", "--kind", "track", "--json").document["hits"]
    assert hit["item"]["ref"]["server"] == "attic"


def test_followed_changes_come_one_a_line_as_they_happen(processes, place, tmp_path) -> None:
    music = ReferenceServer(small())
    place.install("soulsync-reference", "reference = soulsync_engine.testing.reference:backend")
    place.configure(music=music.settings())
    following = processes.start("changes", "--since", "0", "--follow", "--json")
    from soulsync_engine import MediaServerEngine
    from soulsync_engine.discovery import in_process
    from soulsync_engine.testing.reference import backend

    config = {"servers": {"music": music.settings()}, "engine": {"data_dir": str(place.data)}}
    with MediaServerEngine(config, records=in_process(backend)) as engine:
        engine.sync()
    lines = [json.loads(following.stdout.readline()) for _ in range(25)]
    assert [line["seq"] for line in lines] == list(range(1, 26))
    assert {line["type"] for line in lines} == {"added"}
    following.stdout.close()
    music.change(FEWER)
    with MediaServerEngine(config, records=in_process(backend)) as engine:
        engine.sync()
        engine.sync()
    started = time.monotonic()
    assert following.wait(timeout=30) == ExitCode.BROKEN_PIPE
    assert time.monotonic() - started < 30
