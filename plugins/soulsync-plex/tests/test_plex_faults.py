"""What goes wrong, at every page: a typed error without a secret, and never half a library taken for the whole."""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from soulsync_engine import MediaServerEngine
from soulsync_engine.errors import (
    AuthenticationError,
    IncompleteSweepError,
    NotAllowedError,
    SoulSyncError,
    UnavailableError,
)
from soulsync_engine.http import AnswerTooLargeError, UnexpectedAnswerError, UnreadableAnswerError
from soulsync_engine.models import ServerState
from soulsync_engine.server import STATUS_SECONDS, MediaServer
from soulsync_engine.testing.scenarios import small
from soulsync_engine.testing.simulator import (
    Answer,
    Effect,
    Exchange,
    content_type,
    cut_body,
    cut_connection,
    delay,
    empty,
    html_page,
    huge,
    refuse,
    repeat,
    reset,
    status,
)
from soulsync_engine.testing.simulator.messages import JSON
from soulsync_plex.simulator import CURRENT, OLD, SEVERAL, TOKEN, Personality, PlexSimulator

Connect = Callable[..., MediaServer]

PAGES = 4
PAGE = 5
LISTING = "/library/sections/2/all"
MAINTENANCE = b'<?xml version="1.0"?><Response code="503" title="Maintenance" status="Database migrations"/>'


def rewritten(pattern: bytes, by: Callable[[re.Match[bytes]], bytes] | bytes) -> Effect:
    """The plain answer with something else in it."""

    def effect(exchange: Exchange) -> Answer:
        plain = exchange.produce()
        assert isinstance(plain.body, bytes)
        return Answer(body=re.sub(pattern, by, plain.body), content_type=plain.content_type)

    return effect


def fewer() -> Effect:
    """A total that shrank since the page before."""
    return rewritten(rb'(totalSize"?[:=]"?)(\d+)', lambda found: found[1] + str(int(found[2]) - 1).encode())


FAULTS: dict[str, tuple[Effect, type[SoulSyncError]]] = {
    "refused": (refuse(), UnavailableError),
    "reset": (reset(), UnavailableError),
    "slow": (delay(0.6), UnavailableError),
    "401": (status(401), AuthenticationError),
    "403": (status(403), NotAllowedError),
    "429": (status(429, retry_after=120), UnavailableError),
    "429-date": (status(429, retry_after=datetime.now(UTC) + timedelta(minutes=5)), UnavailableError),
    "500": (status(500), UnavailableError),
    "503": (status(503), UnavailableError),
    "restarting": (status(503, body=MAINTENANCE, content_type="text/xml"), UnavailableError),
    "half": (cut_body(), UnreadableAnswerError),
    "cut": (cut_connection(), UnavailableError),
    "login": (html_page(), UnreadableAnswerError),
    "login-401": (html_page(401), AuthenticationError),
    "login-as-json": (
        lambda exchange: replace(html_page()(exchange), content_type=JSON),
        UnreadableAnswerError,
    ),
    "text": (lambda _: Answer(body=b"OK", content_type="text/plain"), UnreadableAnswerError),
    "other-json": (lambda _: Answer(body=b'{"error": "no"}'), UnexpectedAnswerError),
    "nothing": (empty(), UnreadableAnswerError),
    "huge": (huge(80 * 1024 * 1024, declared=True), AnswerTooLargeError),
    "huge-unsaid": (huge(80 * 1024 * 1024), AnswerTooLargeError),
    "albums": (rewritten(rb'("type":|type=)"track"', rb'\1"album"'), UnexpectedAnswerError),
    "twice": (repeat(), UnavailableError),
    "shrinking": (fewer(), IncompleteSweepError),
}


@dataclass
class Sweep:
    titles: list[str]
    error: SoulSyncError | None


def swept(server: MediaServer, page_size: int = PAGE) -> Sweep:
    titles: list[str] = []
    try:
        titles.extend(track.title for track in server.iter_tracks(page_size=page_size))
    except SoulSyncError as error:
        return Sweep(titles, error)
    return Sweep(titles, None)


@pytest.mark.parametrize("page", range(1, PAGES + 1))
@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_at_any_page_ends_the_sweep_with_its_own_error(
    plex: PlexSimulator, connect: Connect, caplog: pytest.LogCaptureFixture, fault: str, page: int
) -> None:
    effect, expected = FAULTS[fault]
    if page == 1 and fault in ("twice", "shrinking"):
        pytest.skip("the first page repeats nothing and shrinks from nothing")
    server = connect(plex, page_timeout=0.3 if fault == "slow" else 10, max_concurrency=1)
    server.connect()
    caplog.set_level(logging.DEBUG)
    plex.faults.at(page, effect, path=LISTING)
    sweep = swept(server)
    assert isinstance(sweep.error, expected), sweep.error
    assert len(sweep.titles) < len(small().tracks)
    assert sweep.error.next_step
    assert TOKEN not in f"{sweep.error} {sweep.error!r} {caplog.text}"
    plex.faults.clear()
    plex.listen()
    assert swept(server).error is None


@pytest.mark.parametrize("fault", ["reset", "429-soon", "503", "cut", "half-then-whole"])
def test_a_page_that_fails_once_is_asked_for_again(plex: PlexSimulator, connect: Connect, fault: str) -> None:
    effects = {
        "reset": reset(),
        "429-soon": status(429, retry_after=0),
        "503": status(503),
        "cut": cut_connection(),
        "half-then-whole": cut_connection(0.9),
    }
    server = connect(plex, retries=2)
    plex.faults.at(2, effects[fault], path=LISTING)
    assert swept(server).error is None
    listed = [request for request in plex.requests if request.path == LISTING]
    assert len(listed) == PAGES + 1


def test_what_changes_something_is_not_sent_again(plex: PlexSimulator, connect: Connect) -> None:
    server = connect(plex, retries=3)
    track = server.list_tracks(limit=1).items[0]
    plex.faults.at(1, reset(), path="/:/scrobble")
    plex.faults.at(1, reset(), path="/playlists")
    with pytest.raises(UnavailableError):
        server.report_play(track.ref.id, datetime.now(UTC))
    with pytest.raises(UnavailableError):
        server.create_playlist("Once", [])
    sent = [request.path for request in plex.requests]
    assert (sent.count("/:/scrobble"), sent.count("/playlists")) == (1, 1)


@pytest.mark.parametrize("fault", [name for name in FAULTS if name != "slow"])
@pytest.mark.parametrize("personality", [OLD, SEVERAL], ids=lambda each: each.name)
def test_other_servers_fail_alike(
    running: Callable[..., PlexSimulator], connect: Connect, personality: Personality, fault: str
) -> None:
    effect, expected = FAULTS[fault]
    if personality is SEVERAL and fault == "twice":
        pytest.skip("the page before is one of the other section")
    simulator = running(small(), personality=personality)
    server = connect(simulator, max_concurrency=1)
    server.list_libraries()
    simulator.forget()
    # The page after the first, which an old server is asked for twice, and further sections for their size.
    later = 3 if personality is OLD else 4
    simulator.faults.at(later, effect, path="/library/sections/*/all")
    sweep = swept(server)
    assert isinstance(sweep.error, expected), sweep.error
    assert 0 < len(sweep.titles) < len(small().tracks)
    simulator.faults.clear()
    simulator.listen()
    assert swept(server).error is None


def test_albums_in_place_of_tracks_leave_no_total_behind(
    running: Callable[..., PlexSimulator], connect: Connect
) -> None:
    simulator = running(small(), personality=SEVERAL)
    server = connect(simulator)
    first = server.list_tracks(limit=2).items[0].library_id
    whole = server.list_tracks(cursor="6", limit=2)

    def another(exchange: Exchange) -> Answer:
        albums = FAULTS["albums"][0](exchange)
        return replace(albums, body=re.sub(rb'"totalSize":\d+', b'"totalSize":3', albums.body))

    simulator.faults.always(another, path=f"/library/sections/{first}/all")
    with pytest.raises(UnexpectedAnswerError):
        server.list_tracks(cursor="2", limit=2)
    simulator.faults.clear()
    assert server.list_tracks(cursor="6", limit=2) == whole


@pytest.mark.parametrize("fault", [name for name in FAULTS if name not in ("slow", "refused", "429-date")])
def test_no_fault_makes_a_mirror_forget_anything(
    plex: PlexSimulator, engine_of: Callable[..., MediaServerEngine], fault: str
) -> None:
    engine = engine_of(plex, max_concurrency=1)
    engine.sync()
    plex.change(small().without(small().tracks[:3]))
    effect = FAULTS[fault][0]

    def after_the_probe(exchange: Exchange) -> Answer:
        probing = ("sort", "updatedAt:desc") in exchange.request.query
        return exchange.produce() if probing else effect(exchange)

    plex.faults.always(after_the_probe, path=LISTING)
    with pytest.raises(SoulSyncError):
        engine.sync(full=True)
    plex.faults.clear()
    assert engine.mirror.counts("home").tracks == len(small().tracks)


def test_rows_without_their_files_take_nothing_from_a_mirror(
    plex: PlexSimulator, engine_of: Callable[..., MediaServerEngine]
) -> None:
    engine = engine_of(plex)
    engine.sync()
    before = list(engine.mirror.iter_tracks())
    assert all(track.path and track.codec and track.musicbrainz.recording for track in before)

    def thin(exchange: Exchange) -> Answer:
        """As a page is answered that was asked for the newest row alone."""
        plain = exchange.produce()
        assert isinstance(plain.body, bytes)
        content = msgspec.json.decode(plain.body)
        for row in content["MediaContainer"].get("Metadata", ()):
            row.pop("Media", None)
            row.pop("Guid", None)
        return Answer.json(content)

    plex.faults.always(thin, path=LISTING)
    plex.faults.always(thin, path="/library/metadata/*")
    since = engine.mirror.last_seq()
    engine.sync(full=True)
    assert list(engine.mirror.changes(since=since)) == []
    assert list(engine.mirror.iter_tracks()) == before


@pytest.mark.parametrize("page_size", [3, 4])
def test_a_total_that_ends_a_section_too_early_is_noticed(
    running: Callable[..., PlexSimulator], connect: Connect, page_size: int
) -> None:
    simulator = running(small(), personality=SEVERAL)
    server = connect(simulator, max_concurrency=1)
    whole = sum(1 for _ in server.iter_tracks())
    for path in {request.path for request in simulator.requests if request.path.endswith("/all")}:
        for total in range(6):
            simulator.faults.clear()
            simulator.faults.always(rewritten(rb'("totalSize":)(\d+)', rb"\g<1>%d" % total), path=path)
            sweep = swept(server, page_size)
            assert sweep.error is not None or len(sweep.titles) == whole, f"{path} with a total of {total}"


def test_a_wrong_content_type_does_not_matter_if_the_content_is_right(
    plex: PlexSimulator, connect: Connect
) -> None:
    plex.faults.always(content_type("text/plain"), path=LISTING)
    assert swept(connect(plex)).error is None


def test_rows_of_other_kinds_are_skipped_and_told(plex: PlexSimulator, connect: Connect) -> None:
    def with_strangers(exchange: Exchange) -> Answer:
        plain = exchange.produce()
        assert isinstance(plain.body, bytes)
        strangers = b'"Metadata":[{"ratingKey":"9","type":"photo"},{"ratingKey":"10","type":"clip"},'
        body = plain.body.replace(b'"Metadata":[', strangers).replace(b'"totalSize":17', b'"totalSize":19')
        return Answer(body=body, content_type=plain.content_type)

    plex.faults.always(with_strangers, path=LISTING)
    page = connect(plex).list_tracks(limit=100)
    assert len(page.items) == len(small().tracks)
    assert [(problem.id, "photo" in problem.reason) for problem in page.problems] == [
        ("9", True),
        ("10", False),
    ]


@pytest.mark.parametrize("personality", [CURRENT, OLD], ids=lambda each: each.name)
def test_what_is_no_playlist_or_no_track_is_passed_over(
    running: Callable[..., PlexSimulator], connect: Connect, personality: Personality
) -> None:
    simulator = running(small(), personality=personality)
    server = connect(simulator)
    track = next(server.iter_tracks())
    playlist = server.create_playlist("Songs", [track]).playlist.ref.id
    strangers = {
        CURRENT: b'{"type":"tag","tag":"x"},{"ratingKey":"8","type":"photo"},{"ratingKey":"9","type":"clip"},',
        OLD: b'<Tag tag="x"/><Photo ratingKey="8" type="photo"/><Video ratingKey="9" type="clip"/>',
    }[personality]
    first = rb'("Metadata":\[)|(<Playlist |<Track )'
    total = rewritten(rb'(totalSize"?[:=]"?)1', rb"\g<1>4")

    def with_strangers(exchange: Exchange) -> Answer:
        plain = total(exchange)
        assert isinstance(plain.body, bytes)
        put = lambda found: (found[1] or b"") + strangers + (found[2] or b"")  # noqa: E731
        return replace(plain, body=re.sub(first, put, plain.body, count=1))

    for path in ("/playlists", f"/playlists/{playlist}/items"):
        simulator.faults.always(with_strangers, path=path)
    assert [found.name for found in server.iter_playlists()] == ["Songs"]
    page = server.list_playlist_entries(playlist)
    assert [entry.track_ref for entry in page.items] == [track.ref]
    assert len(page.problems) == 3
    with pytest.raises(NotAllowedError, match="left as it is"):
        server.add_entries(playlist, [track.ref.id])


def test_xml_with_entities_is_refused(running: Callable[..., PlexSimulator], connect: Connect) -> None:
    bomb = (
        b'<?xml version="1.0"?><!DOCTYPE b [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'
        b'<MediaContainer size="1" title="&b;"/>'
    )
    simulator = running(small(), personality=OLD)
    simulator.faults.always(lambda _: Answer(body=bomb, content_type="text/xml"), path=LISTING)
    with pytest.raises(UnreadableAnswerError):
        connect(simulator).list_tracks()


def test_one_page_in_xml_among_others_in_json_is_read(plex: PlexSimulator, connect: Connect) -> None:
    server = connect(plex, max_concurrency=1)
    tracks = server.iter_tracks(page_size=PAGE)
    titles = [next(tracks).title]
    plex.personality = replace(plex.personality, speaks_json=False)
    titles += [track.title for track in tracks]
    assert sorted(titles) == sorted(track.title or "" for track in small().tracks)


def test_a_token_of_another_server_is_refused_and_sends_nothing_there(
    plex: PlexSimulator, running: Callable[..., PlexSimulator], connect: Connect
) -> None:
    other = running(small(), token="token-of-the-other-server")
    server = connect(plex, token=other.token)
    assert server.status().state is ServerState.UNAUTHORISED
    with pytest.raises(AuthenticationError, match="belongs to another server") as caught:
        server.list_tracks()
    assert caught.value.next_step == "Sign in again."
    assert other.requests == ()


def test_a_token_that_expires_between_two_pages_is_told(plex: PlexSimulator, connect: Connect) -> None:
    server = connect(plex, max_concurrency=1)
    tracks = server.iter_tracks(page_size=PAGE)
    next(tracks)
    plex.state.accounts.clear()
    with pytest.raises(AuthenticationError, match="expired, was revoked, or belongs to another server"):
        list(tracks)
    assert server.status(refresh=True).state is ServerState.UNAUTHORISED


def test_a_server_that_went_away_is_seen_and_seen_again_when_it_is_back(
    plex: PlexSimulator, connect: Connect
) -> None:
    server = connect(plex)
    assert server.status().ready
    plex.refuse()
    assert server.status(refresh=True).state is ServerState.UNREACHABLE
    plex.listen()
    assert server.status(refresh=True).ready


def test_a_server_that_went_away_is_seen_without_being_told_to_look(
    plex: PlexSimulator, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = connect(plex)
    assert server.status().ready
    plex.refuse()
    assert server.status().ready
    later = time.monotonic() + STATUS_SECONDS
    monkeypatch.setattr(time, "monotonic", lambda: later)
    assert server.status().state is ServerState.UNREACHABLE


def test_a_server_that_is_starting_is_unreachable_with_the_reason(
    plex: PlexSimulator, connect: Connect
) -> None:
    plex.faults.always(FAULTS["restarting"][0])
    status_now = connect(plex).status()
    assert status_now.state is ServerState.UNREACHABLE
    assert "starting" in status_now.detail


def test_threads_that_connect_at_once_wait_for_each_other(plex: PlexSimulator, connect: Connect) -> None:
    from concurrent.futures import ThreadPoolExecutor

    plex.latency = 0.05
    server = connect(plex)
    with ThreadPoolExecutor(8) as pool:
        states = list(pool.map(lambda _: server.status().state, range(8)))
    assert states == [ServerState.READY] * 8
    assert [request.path for request in plex.requests] == ["/"]


def test_hostile_ids_reach_no_address(plex: PlexSimulator, connect: Connect) -> None:
    from soulsync_engine.models import Kind

    server = connect(plex)
    server.list_libraries()
    plex.forget()
    hostile = ["../../:/prefs", "1/../../", "1?type=9", "1#", "ü", "1,2", "٣", "", "1" * 40, "-1", "1 or 1"]
    assert server.get_items(Kind.TRACK, hostile) == ()
    assert plex.requests == ()


@pytest.fixture(autouse=True)
def _no_refusals_from_broken_requests(plex: PlexSimulator) -> Iterator[None]:
    yield
    assert plex.tokens_in_addresses == []
