"""Reading a large Navidrome library: `iter_tracks()` against py-opensonic's walk over the albums, and against the same
pages fetched raw with httpx, as many at a time, none of them decoded. On one server, in one run.

The server is the simulator in a process of its own. It waits 20 ms before every answer and then makes the page anew, as
servers do: real ones take 50 to 500 ms for a thousand songs, it takes 20 to 50. The rows about pages that are ready are
of one that has made them all before, so that nothing is waited for but the 20 ms.

That both sides ask for the same pages is read off the server's log, and what the raw side got is counted when its clock
has stopped. The walk is measured over a smaller library, of which each track takes as long.

    python benchmarks/navidrome.py                        # the table
    python benchmarks/navidrome.py ours ADDRESS native    # one measurement, as JSON
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO
from urllib.parse import parse_qsl

from measuring import Row, environment, peak_mb, run_json

TRACKS = 100_000
FEW = 10_000
AT_ONCE = 4
LATENCY = 0.02
WALK, RAW, MORE_MEMORY = 10.0, 1.6, 1.5
SEARCH_BUDGET, NATIVE_BUDGET, UNCHANGED_BUDGET = 210, 70, 3
JUDGE = "py-opensonic==10.4.1"
WAYS = {"search": "search3", "native": "its own API"}
USER, PASSWORD = (
    "admin",
    "correct horse ü",
)  # as in the simulator, which the judge's environment does not have
_SECRETS = {"u", "t", "s", "p", "v", "c", "f"}


def rows(tracks: int = TRACKS, *, peers: bool = True) -> list[Row]:
    """Requests, speed and memory."""
    script = Path(__file__)
    few = min(tracks, FEW)
    with _server(tracks) as server, _server(tracks, ready=True) as ready, _server(few) as smaller:
        anew = {way: _against_raw(server, way, runs=2) for way in WAYS}
        for way in WAYS:
            _against_raw(ready, way, runs=1)
        at_once = {way: _against_raw(ready, way, runs=3) for way in WAYS}
        little = run_json(script, "ours", smaller.address, "search")
        unchanged = run_json(script, "unchanged", smaller.address)["requests"]
        walked = _walked(smaller) * tracks / few if peers else None
    search, native = anew["search"][0], anew["native"][0]
    table = [
        _budget(
            f"requests for {tracks:,} tracks with albums and artists, by search3",
            search["requests"],
            SEARCH_BUDGET,
        ),
        _budget("the same by its own API", native["requests"], NATIVE_BUDGET),
        _budget("requests of a sync when nothing changed", unchanged, UNCHANGED_BUDGET),
    ]
    if walked is not None:
        faster = walked / search["seconds"]
        table.append(
            Row(
                f"Navidrome: iter_tracks() of {tracks:,} tracks against py-opensonic's walk over the albums",
                f">= {WALK:.0f}x",
                f"{faster:.0f}x ({search['seconds']:.1f} s against {walked:.0f} s)",
                faster >= WALK,
            )
        )
    for measured, whose in ((anew, ""), (at_once, ", all of them ready on the server")):
        for way, (ours, raw) in measured.items():
            slower = ours["seconds"] / raw["seconds"]
            table.append(
                Row(
                    f"Navidrome: iter_tracks() against the same {raw['pages']:.0f} pages of {WAYS[way]} "
                    f"fetched raw, as many at a time{whose}",
                    f"<= {RAW}x",
                    f"{slower:.2f}x ({ours['seconds']:.2f} s against {raw['seconds']:.2f} s)",
                    slower <= RAW,
                )
            )
    more = search["mb"] / little["mb"]
    table.append(
        Row(
            f"Navidrome: memory that iter_tracks() adds, against a library of {few:,}",
            f"<= {MORE_MEMORY}x",
            f"{more:.1f}x ({search['mb']:.0f} MB against {little['mb']:.0f} MB)",
            more <= MORE_MEMORY,
        )
    )
    return table


def ours(address: str, way: str) -> dict[str, float]:
    """Every track, as a host reads them; then albums and artists, for the count of requests."""
    import soulsync_navidrome.client  # noqa: F401
    from soulsync_engine import MediaServerEngine

    with (
        tempfile.TemporaryDirectory() as folder,
        MediaServerEngine(_config(address, folder, native=way == "native")) as engine,
    ):
        server = engine.server("home")
        server.connect()
        before, began = peak_mb(), time.perf_counter()
        count = sum(1 for _ in server.iter_tracks())
        seconds = time.perf_counter() - began
        mb = peak_mb() - before
        albums = sum(1 for _ in server.iter_albums())
        artists = sum(1 for _ in server.iter_artists())
        requests = _requests(engine)
    assert (albums, artists) == (count // 10, count // 20), (count, albums, artists)
    return {"seconds": seconds, "mb": mb, "requests": requests, "tracks": count}


def unchanged(address: str) -> dict[str, float]:
    """A sync of a mirror that is up to date already, by a process that begins anew."""
    from soulsync_engine import MediaServerEngine

    with tempfile.TemporaryDirectory() as folder:
        with MediaServerEngine(_config(address, folder, native=True)) as engine:
            engine.sync()
        with MediaServerEngine(_config(address, folder, native=True)) as engine:
            report = engine.sync()
            assert report.mode == "unchanged", report.mode
            return {"requests": _requests(engine)}


def raw(address: str, way: str, wanted: str) -> dict[str, float]:
    """The pages that `wanted` names, as bytes; each a list of parameters."""
    import httpx
    import msgspec

    from soulsync_navidrome.credentials import Mechanism, common, proof
    from soulsync_navidrome.settings import SubsonicSettings

    settings = SubsonicSettings(base_url=address, username=USER, password=PASSWORD)  # type: ignore[arg-type]
    pages: list[dict[str, str]] = json.loads(wanted)
    # One client for all threads, as a library would have it.
    with httpx.Client(verify=False, limits=httpx.Limits(max_connections=AT_ONCE)) as client:
        login = {"username": USER, "password": PASSWORD}
        token = client.post(f"{address}/auth/login", json=login).json()["token"]
        headers = {"X-ND-Authorization": f"Bearer {token}"}

        def fetch(page: dict[str, str]) -> bytes:
            if way == "native":
                return client.get(f"{address}/api/song", params=page, headers=headers).content
            form = {**dict([*common(), *proof(settings, Mechanism.TOKEN)]), **page}
            return client.post(f"{address}/rest/search3.view", data=form).content

        fetch(pages[0])
        began = time.perf_counter()
        with ThreadPoolExecutor(AT_ONCE) as pool:
            bodies = list(pool.map(fetch, pages))
        seconds = time.perf_counter() - began
    songs: list[dict[str, object]] = []
    for body in bodies:
        answer = msgspec.json.decode(body)
        songs += answer if way == "native" else answer["subsonic-response"]["searchResult3"]["song"]
    return {"seconds": seconds, "pages": len(pages), "tracks": len({str(song["id"]) for song in songs})}


def walk(address: str) -> dict[str, float]:
    """Every track, as py-opensonic has them listed: page by page of albums, and each album."""
    from urllib.parse import urlsplit

    import libopensonic  # type: ignore[import-not-found]

    parts = urlsplit(address)
    connection = libopensonic.Connection(
        f"{parts.scheme}://{parts.hostname}", USER, PASSWORD, port=parts.port, app_name="bench"
    )
    began = time.perf_counter()
    count = offset = 0
    while page := connection.get_album_list2("alphabeticalByName", size=500, offset=offset):
        offset += len(page)
        count += sum(len(connection.get_album(album.id).song or []) for album in page)
    return {"seconds": time.perf_counter() - began, "tracks": count}


def serve(tracks: int, *, ready: bool) -> None:
    """Serve a library until the input ends. For every line of input, print the pages of songs asked for since the last.

    With `ready`, every page that was made once is kept.
    """
    from soulsync_engine.testing.simulator import Answer, Exchange
    from soulsync_navidrome.simulator import NavidromeSimulator

    paths = ("/api/song", "/rest/search3.view")
    kept: dict[tuple[str, ...], Answer] = {}

    def remember(exchange: Exchange) -> Answer:
        request = exchange.request
        asked = (request.path, *map(str, _told(request.query, request.body)))
        if asked not in kept:
            kept[asked] = exchange.produce()
        return kept[asked]

    with NavidromeSimulator(tracks=tracks, latency=LATENCY) as simulator:
        for path in paths if ready else ():
            simulator.faults.always(remember, path=path)
        print(simulator.base_url, flush=True)
        for _ in sys.stdin:
            requests = [request for request in simulator.requests if request.path in paths]
            simulator.forget()
            print(json.dumps([dict(_told(request.query, request.body)) for request in requests]), flush=True)


@dataclass(frozen=True)
class _Server:
    """A simulator in a process of its own."""

    address: str
    tracks: int
    process: subprocess.Popen[str]

    def pages(self) -> list[dict[str, str]]:
        """The pages of songs that were asked for since the last time, without questions for one or two songs."""
        told: IO[str] | None = self.process.stdout
        assert told is not None
        assert self.process.stdin is not None
        self.process.stdin.write("pages\n")
        self.process.stdin.flush()
        asked: list[dict[str, str]] = json.loads(told.readline())
        return [page for page in asked if int(page.get("songCount") or page["_end"]) > 2]


def _against_raw(server: _Server, way: str, runs: int) -> tuple[dict[str, float], dict[str, float]]:
    """The best of several runs of either side, taken in turn; both have asked for the same pages."""
    script = Path(__file__)
    measured: list[tuple[dict[str, float], dict[str, float]]] = []
    for _ in range(runs):
        server.pages()
        with_engine = run_json(script, "ours", server.address, way)
        asked = sorted(server.pages(), key=str)
        plain = run_json(script, "raw", server.address, way, json.dumps(asked))
        fetched = server.pages()
        fetched.remove(asked[0])  # the one before the clock
        assert sorted(fetched, key=str) == asked, "both sides must ask for the same"
        assert with_engine["tracks"] == plain["tracks"] == server.tracks, (with_engine, plain)
        measured.append((with_engine, plain))
    ours, raw = (min(side, key=_seconds) for side in zip(*measured, strict=True))
    return ours, raw


def _walked(server: _Server) -> float:
    with tempfile.TemporaryDirectory() as folder:
        python = str(environment(Path(folder, "judge"), JUDGE) / "python")
        answer = run_json(Path(__file__), "walk", server.address, python=python)
    assert answer["tracks"] == server.tracks, answer
    return answer["seconds"]


def _budget(what: str, requests: float, budget: int) -> Row:
    return Row(f"Navidrome: {what}", f"<= {budget}", f"{requests:.0f}", requests <= budget)


def _told(query: tuple[tuple[str, str], ...], body: bytes) -> list[tuple[str, str]]:
    """The parameters of a request, without those that prove who asks."""
    pairs = (*query, *parse_qsl(body.decode(), keep_blank_values=True))
    return sorted((name, value) for name, value in pairs if name not in _SECRETS)


def _config(address: str, folder: str, *, native: bool) -> dict[str, object]:
    login = {"base_url": address, "username": USER, "password": PASSWORD, "max_concurrency": AT_ONCE}
    return {
        "server": {"active": "home"},
        "servers": {"home": {"backend": "navidrome", "native_api": native, **login}},
        "engine": {"data_dir": folder},
        "mirror": {"url": f"sqlite:///{folder}/mirror.db"},
    }


def _requests(engine) -> int:  # type: ignore[no-untyped-def]
    """How many requests the client sent."""
    client = engine.server("home")._session()._client
    count: int = client._connection.transport.http.count
    return count


def _seconds(answer: dict[str, float]) -> float:
    return answer["seconds"]


@contextmanager
def _server(tracks: int, *, ready: bool = False) -> Iterator[_Server]:
    process = subprocess.Popen(
        [sys.executable, __file__, "serve", str(tracks), *(["ready"] if ready else [])],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        yield _Server(process.stdout.readline().strip(), tracks, process)
    finally:
        process.communicate()


if __name__ == "__main__":
    if sys.argv[1:2] == ["serve"]:
        serve(int(sys.argv[2]), ready=sys.argv[3:] == ["ready"])
    elif sys.argv[1:]:
        measures = {
            "ours": partial(ours, *sys.argv[2:4]),
            "raw": partial(raw, *sys.argv[2:5]),
            "walk": partial(walk, *sys.argv[2:3]),
            "unchanged": partial(unchanged, *sys.argv[2:3]),
        }
        print(json.dumps(measures[sys.argv[1]]()))
    else:
        for row in rows():
            print(f"{row.what}: {row.measured} (bar {row.bar}, reached: {row.verdict})")
