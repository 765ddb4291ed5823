"""Every fault at every page of every listing: a typed error without a secret; half a listing is never a whole one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

import msgspec
import pytest

from soulsync_engine.errors import (
    AuthenticationError,
    IncompleteSweepError,
    NotAllowedError,
    NotFoundError,
    SoulSyncError,
    UnavailableError,
)
from soulsync_engine.server import MediaServer
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
from soulsync_navidrome.simulator import (
    NAVIDROME,
    PASSWORD,
    STRICT_OPENSUBSONIC,
    NavidromeSimulator,
    Personality,
)
from soulsync_navidrome.simulator.effects import refused

Open = Callable[..., MediaServer]
Errors = tuple[type[SoulSyncError], ...]
SEARCH = replace(NAVIDROME, native=False)
SECRETS = (PASSWORD, quote(PASSWORD), PASSWORD.encode().hex(), "&t=", "Bearer ")


def shrunk(exchange: Exchange) -> Answer:
    """Nothing where there was something, as from a server that loses what it has."""
    answer = exchange.produce()
    assert isinstance(answer.body, bytes)
    content = msgspec.json.decode(answer.body)
    if isinstance(content, list):
        return replace(answer, body=b"[]")
    for name, inside in (
        ("searchResult3", "song"),
        ("albumList2", "album"),
        ("album", "song"),
        ("artist", "album"),
        ("artists", "index"),
    ):
        found = content["subsonic-response"].get(name)
        if found is not None:
            found.pop(inside, None)
    return Answer.json(content)


def fewer(exchange: Exchange) -> Answer:
    """A total that is smaller than it was. Only the native API declares one; others send less."""
    answer = exchange.produce()
    total = answer.headers.get("X-Total-Count")
    return (
        shrunk(exchange)
        if total is None
        else replace(answer, headers={"X-Total-Count": str(int(total) - 30)})
    )


FAULTS: dict[str, tuple[Effect, Errors]] = {
    "401": (status(401), (AuthenticationError, UnavailableError)),
    "403": (status(403), (NotAllowedError, UnavailableError)),
    "429 for long": (status(429, retry_after=600), (UnavailableError,)),
    "429 until tomorrow": (
        status(429, retry_after=datetime.now(UTC) + timedelta(days=1)),
        (UnavailableError,),
    ),
    "500": (status(500), (UnavailableError,)),
    "code 0": (refused(0), (UnavailableError,)),
    "code 40": (refused(40), (AuthenticationError, UnavailableError)),
    "code 50": (refused(50), (NotAllowedError, UnavailableError)),
    "code 70": (refused(70), (NotFoundError, UnavailableError)),
    "half a body": (cut_body(), (UnavailableError,)),
    "login page": (html_page(), (UnavailableError,)),
    "wrong type": (content_type("image/png"), (UnavailableError,)),
    "nothing": (empty(), (UnavailableError,)),
    "other JSON": (
        status(200, body=b'{"hello": 1}', content_type="application/json"),
        (UnavailableError,),
    ),
    "deep": (status(200, body=b"[" * 100_000, content_type="application/json"), (UnavailableError,)),
    "gigabyte": (huge(1 << 30, declared=True), (UnavailableError,)),
    "repeated page": (repeat(), (IncompleteSweepError, NotFoundError)),
    "lost content": (shrunk, (IncompleteSweepError, UnavailableError)),
    "smaller total": (fewer, (IncompleteSweepError, UnavailableError)),
}

PASSING: dict[str, Effect] = {
    "reset": reset(),
    "refused": refuse(),
    "half a connection": cut_connection(),
    "503": status(503),
    "429 for a moment": status(429, retry_after=1),
    "timeout": delay(2.5),
}
"""What the transport asks again for, with pauses, before it gives up."""


@dataclass(frozen=True)
class Listing:
    """A listing of one kind of server: which requests it consists of, and how many of those only look around.

    `gone` is what the server does not have, so that it is read in this way.
    """

    how: Personality
    tracks: int
    page_size: int
    path: str
    looks: int = 0
    kind: str = "tracks"
    gone: str | None = None

    def read(self, server: MediaServer) -> list[str]:
        listings = {
            "tracks": server.iter_tracks,
            "albums": server.iter_albums,
            "artists": server.iter_artists,
        }
        return [item.ref.id for item in listings[self.kind](page_size=self.page_size)]

    def simulator(self) -> NavidromeSimulator:
        return NavidromeSimulator(self.how, tracks=self.tracks).start()

    def open(self, open_server: Open, simulator: NavidromeSimulator, **settings: object) -> MediaServer:
        server = open_server({**simulator.settings(), "max_concurrency": 1, **settings}, "subsonic")
        server.connect()
        simulator.forget()
        if self.gone is not None:
            simulator.faults.always(status(410), path=self.gone)
        return server

    def pages(self, simulator: NavidromeSimulator) -> int:
        """How many of the requests so far belong to the listing."""
        return sum(request.path == self.path for request in simulator.requests)


LISTINGS = {
    "native": Listing(NAVIDROME, 150, 50, "/api/song", looks=1),
    "search": Listing(SEARCH, 150, 50, "/rest/search3.view", looks=1),
    "by-album": Listing(STRICT_OPENSUBSONIC, 40, 10, "/rest/getAlbum.view"),
    "walk": Listing(STRICT_OPENSUBSONIC, 120, 40, "/rest/getArtist.view", gone="/rest/getAlbumList2.view"),
    "albums": Listing(SEARCH, 300, 10, "/rest/getAlbumList2.view", looks=1, kind="albums"),
    "native-albums": Listing(NAVIDROME, 300, 10, "/api/album", looks=1, kind="albums"),
    "artists": Listing(SEARCH, 60, 10, "/rest/getArtists.view", kind="artists"),
}
HARMLESS = {
    ("artists", "repeated page"): "there is only one",
}
ORDINARY = ("native", "search", "albums")
"""One listing of each way of paging; the others are left to the session that repeats tests."""
each_listing = pytest.mark.parametrize(
    "listing",
    [pytest.param(name, marks=() if name in ORDINARY else pytest.mark.repeated) for name in LISTINGS],
)


def chain(error: BaseException) -> Iterator[str]:
    """Everything that an error and what led to it shows."""
    at: BaseException | None = error
    while at is not None:
        yield f"{at} {at!r} {vars(at)}"
        at = at.__cause__ or at.__context__


def check(name: str, outcome: list[str] | SoulSyncError, expected: Errors, whole: list[str]) -> None:
    """The whole listing, or an error as expected that says something and tells nothing."""
    if isinstance(outcome, list):
        assert sorted(outcome) == sorted(whole), f"{name}: half a listing passed for a whole one"
        return
    assert isinstance(outcome, expected), f"{name}: {outcome!r}"
    assert outcome.message, name
    assert outcome.next_step, f"{name}: {outcome.message} And now?"
    for shown in chain(outcome):
        assert not any(secret in shown for secret in SECRETS), name


def attempt(listing: Listing, server: MediaServer) -> list[str] | SoulSyncError:
    try:
        return listing.read(server)
    except SoulSyncError as error:
        return error


def test_an_album_listed_twice_in_place_of_another_is_noticed(open_server: Open) -> None:
    what = LISTINGS["by-album"]
    simulator = what.simulator()
    server = what.open(open_server, simulator)

    def doubled(exchange: Exchange) -> Answer:
        answer = exchange.produce()
        assert isinstance(answer.body, bytes)
        content = msgspec.json.decode(answer.body)
        albums = content["subsonic-response"]["albumList2"].get("album", [])
        if len(albums) > 2:
            albums[0] = albums[-1]
        return Answer.json(content)

    simulator.faults.always(doubled, path="/rest/getAlbumList2.view")
    with pytest.raises(IncompleteSweepError, match="one entry twice"):
        what.read(server)
    simulator.stop()


@each_listing
@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_from_any_page_on_is_a_typed_error(open_server: Open, listing: str, fault: str) -> None:
    what, (effect, expected) = LISTINGS[listing], FAULTS[fault]
    simulator = what.simulator()
    whole = what.read(what.open(open_server, simulator))
    pages = what.pages(simulator)
    assert pages > what.looks
    for first in range(1, pages + 1):
        simulator.faults.clear()
        server = what.open(open_server, simulator)
        for number in range(first, first + 40):
            simulator.faults.at(number, effect, path=what.path)
        outcome = attempt(what, server)
        check(f"{fault} from request {first} on", outcome, expected, whole)
        if (
            first > what.looks
            and (listing, fault) not in HARMLESS
            and (first > 1 or fault != "repeated page")
        ):
            assert isinstance(outcome, SoulSyncError), f"{fault} from request {first} on went unnoticed"
    simulator.stop()


@each_listing
def test_what_passes_is_asked_again_and_then_given_up_at_any_page(open_server: Open, listing: str) -> None:
    what = LISTINGS[listing]
    plain = what.simulator()
    whole = what.read(what.open(open_server, plain))
    pages = what.pages(plain)
    plain.stop()
    jobs = [(fault, first) for fault in PASSING for first in range(1, pages + 1)]
    simulators = [what.simulator() for _ in jobs]
    servers = [what.open(open_server, simulator, timeout=1.0) for simulator in simulators]
    for (fault, first), simulator in zip(jobs, simulators, strict=True):
        for number in range(first, first + 40):
            simulator.faults.at(number, PASSING[fault], path=what.path)
    # Nearly all of the time is pauses, so all of them are made at once.
    with ThreadPoolExecutor(len(jobs)) as pool:
        outcomes = list(pool.map(lambda server: attempt(what, server), servers))
    for (fault, first), simulator, outcome in zip(jobs, simulators, outcomes, strict=True):
        check(f"{fault} from request {first} on", outcome, (UnavailableError,), whole)
        if first > what.looks:
            assert isinstance(outcome, SoulSyncError), f"{fault} from request {first} on went unnoticed"
        assert fault == "refused" or what.pages(simulator) > first, f"{fault} was not tried again"
        simulator.stop()


def test_a_fault_that_passes_loses_nothing_in_any_listing(open_server: Open) -> None:
    jobs = [(name, fault) for name in LISTINGS for fault in PASSING if fault not in ("refused", "timeout")]
    simulators = [LISTINGS[name].simulator() for name, _ in jobs]
    wholes = [
        LISTINGS[name].read(LISTINGS[name].open(open_server, simulator))
        for (name, _), simulator in zip(jobs, simulators, strict=True)
    ]
    servers = [
        LISTINGS[name].open(open_server, simulator)
        for (name, _), simulator in zip(jobs, simulators, strict=True)
    ]
    for (name, fault), simulator in zip(jobs, simulators, strict=True):
        simulator.faults.at(LISTINGS[name].looks + 1, PASSING[fault], path=LISTINGS[name].path)
    with ThreadPoolExecutor(len(jobs)) as pool:
        outcomes = list(pool.map(lambda job, server: attempt(LISTINGS[job[0]], server), jobs, servers))
    for job, simulator, outcome, whole in zip(jobs, simulators, outcomes, wholes, strict=True):
        assert outcome == whole, job
        simulator.stop()
