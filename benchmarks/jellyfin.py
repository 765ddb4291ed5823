"""Reading a large Jellyfin library: `iter_tracks()` against aiojellyfin, jellyfin-apiclient-python page by page,
and the same pages fetched raw with httpx, as many at a time, none of them decoded. On one server, in one run.

The server is the simulator in a process of its own, 20 ms away, which makes each page anew, as servers do: real ones
take seconds for a thousand tracks, it takes hundredths of one. The last row is of one that has all its pages ready.

    python benchmarks/jellyfin.py                   # the table
    python benchmarks/jellyfin.py ours ADDRESS KEY  # one measurement, as JSON
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
from pathlib import Path

from measuring import Row, peak_mb, run_json

TRACKS = 100_000
PAGE, AT_ONCE = 1000, 4
LATENCY = 0.02
RAW = 1.6
BUDGET, UNCHANGED_BUDGET = 130, 3
FIELDS = "Path,Genres,ProviderIds,MediaSources,DateCreated"
JUDGES = ("aiojellyfin==0.14.1", "jellyfin-apiclient-python==1.20.2")


def rows() -> list[Row]:
    """Requests, speed and memory."""
    script = Path(__file__)
    with (
        tempfile.TemporaryDirectory() as folder,
        _server(TRACKS) as (address, key),
        _server(TRACKS, ready=True) as at_once,
    ):
        python = _judges_python(Path(folder))
        ours, raw = _best("ours", address, key), _best("raw", address, key)
        for measure in ("raw", "ours"):
            run_json(script, measure, *at_once)
        ours_at_once, raw_at_once = _best("ours", *at_once), _best("raw", *at_once)
        theirs = {
            "aiojellyfin's stream": run_json(script, "stream", address, key, python=python)["seconds"],
            "jellyfin-apiclient-python": run_json(script, "apiclient", address, key, python=python)[
                "seconds"
            ],
        }
        probe = run_json(script, "probe", address, key)["requests"]
    slower = ours["seconds"] / raw["seconds"]
    slower_at_once = ours_at_once["seconds"] / raw_at_once["seconds"]
    return [
        Row(
            f"Jellyfin: requests for {TRACKS:,} tracks with albums and artists",
            f"<= {BUDGET}",
            f"{ours['requests']:.0f}",
            ours["requests"] <= BUDGET,
        ),
        Row(
            "Jellyfin: requests to know that nothing changed, once connected",
            f"<= {UNCHANGED_BUDGET}",
            f"{probe:.0f}",
            probe <= UNCHANGED_BUDGET,
        ),
        Row(
            f"Jellyfin: iter_tracks() of {TRACKS:,} tracks against the same pages fetched raw, as many at a time",
            f"<= {RAW}x",
            f"{slower:.2f}x ({ours['seconds']:.1f} s against {raw['seconds']:.1f} s)",
            slower <= RAW,
        ),
        *(
            Row(
                f"Jellyfin: iter_tracks() against {name}",
                "> 1x",
                f"{seconds / ours['seconds']:.1f}x ({seconds:.1f} s there)",
                seconds > ours["seconds"],
            )
            for name, seconds in theirs.items()
        ),
        Row("Jellyfin: memory that iter_tracks() adds", "-", f"{ours['mb']:.0f} MB", None),
        Row(
            "Jellyfin: iter_tracks() against raw pages of a server that has them all ready",
            "-",
            f"{slower_at_once:.1f}x ({ours_at_once['seconds']:.1f} s against {raw_at_once['seconds']:.1f} s)",
            None,
        ),
    ]


def _best(measure: str, address: str, key: str) -> dict[str, float]:
    script = Path(__file__)
    return min((run_json(script, measure, address, key) for _ in range(2)), key=_seconds)


def ours(address: str, key: str) -> dict[str, float]:
    """Every track, as a host reads them; then albums and artists, for the count of requests."""
    import soulsync_jellyfin.client  # noqa: F401
    from soulsync_engine import MediaServerEngine

    with (
        tempfile.TemporaryDirectory() as folder,
        MediaServerEngine(_config(address, key, folder)) as engine,
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
    assert (count, albums, artists) == (TRACKS, TRACKS // 10, TRACKS // 20), (count, albums, artists)
    return {"seconds": seconds, "mb": mb, "requests": requests}


def probe(address: str, key: str) -> dict[str, float]:
    """What a sync asks before it ends because nothing changed."""
    from soulsync_engine import MediaServerEngine

    with tempfile.TemporaryDirectory() as folder:
        with MediaServerEngine(_config(address, key, folder)) as engine:
            token = engine.server("home").change_token()
        with MediaServerEngine(_config(address, key, folder)) as engine:
            server = engine.server("home")
            server.connect()
            before = _requests(engine)
            assert server.change_token() == token
            return {"requests": _requests(engine) - before}


def raw(address: str, key: str) -> dict[str, float]:
    """The same pages, as bytes."""
    import httpx

    headers = {"Authorization": f'MediaBrowser Token="{key}"'}
    # One client for all threads, as a library would have it.
    with httpx.Client(
        base_url=address, headers=headers, verify=False, limits=httpx.Limits(max_connections=AT_ONCE)
    ) as client:
        user = next(each["Id"] for each in client.get("/Users").json() if each["Name"] == "anna")
        library = client.get("/UserViews", params={"userId": user}).json()["Items"][0]["Id"]

        def fetch(offset: int) -> int:
            wanted: dict[str, str | int] = {
                "recursive": "true",
                "includeItemTypes": "Audio",
                "fields": FIELDS,
                "sortBy": "DateCreated,SortName",
                "sortOrder": "Ascending",
                "enableImages": "false",
                "userId": user,
                "parentId": library,
                "startIndex": offset,
                "limit": PAGE,
                "enableTotalRecordCount": "true" if offset == 0 else "false",
            }
            return len(client.get("/Items", params=wanted).content)

        fetch(0)
        began = time.perf_counter()
        with ThreadPoolExecutor(AT_ONCE) as pool:
            size = sum(pool.map(fetch, range(0, TRACKS, PAGE)))
        seconds = time.perf_counter() - began
    return {"seconds": seconds, "bytes": size}


def stream(address: str, key: str) -> dict[str, float]:
    """Every track, as aiojellyfin streams them, with the same fields and pages."""
    import asyncio

    import aiohttp  # type: ignore[import-not-found]
    import aiojellyfin  # type: ignore[import-not-found]

    async def read() -> tuple[int, float]:
        async with aiohttp.ClientSession() as session:
            config = aiojellyfin.SessionConfiguration(
                session=session,
                url=address,
                app_name="bench",
                app_version="1",
                device_name="b",
                device_id="b",
            )
            users = await aiojellyfin.session.Session(config, "", key).get_json("/Users", {})
            user = next(each["Id"] for each in users if each["Name"] == "anna")
            connection = aiojellyfin.Connection(config, user, key)
            query = connection.tracks.user_id(user)._clone_and_set({"fields": FIELDS})
            began = time.perf_counter()
            count = 0
            async for _ in query.stream(PAGE):
                count += 1
            return count, time.perf_counter() - began

    count, seconds = asyncio.run(read())
    assert count == TRACKS, count
    return {"seconds": seconds}


def apiclient(address: str, key: str) -> dict[str, float]:
    """Every track, as jellyfin-apiclient-python lists them, with the same fields and pages."""
    from jellyfin_apiclient_python import JellyfinClient  # type: ignore[import-not-found]

    client = JellyfinClient()
    client.config.app("bench", "1", "b", "b")
    client.config.data.update({"auth.server": address, "auth.ssl": False, "auth.token": key})
    client.http.start_session()
    client.http.keep_alive = True
    user = next(each["Id"] for each in client.jellyfin.get_users() if each["Name"] == "anna")
    client.config.data["auth.user_id"] = user
    began = time.perf_counter()
    count = 0
    while True:
        wanted = {"Recursive": "true", "IncludeItemTypes": "Audio", "Fields": FIELDS, "SortBy": "DateCreated"}
        page = client.jellyfin.user_items(params={**wanted, "StartIndex": count, "Limit": PAGE})
        count += len(page["Items"])
        if count >= page["TotalRecordCount"]:
            break
    seconds = time.perf_counter() - began
    assert count == TRACKS, count
    return {"seconds": seconds}


def serve(tracks: int, *, ready: bool) -> None:
    """Serve a library until the input ends; with `ready`, every page that was made once is kept."""
    from soulsync_engine.testing.simulator import Answer, Exchange
    from soulsync_jellyfin.simulator import JellyfinSimulator

    simulator = JellyfinSimulator(latency=LATENCY)
    simulator.state.catalogue.generate(tracks=tracks, albums=tracks // 10, artists=tracks // 20)
    kept: dict[tuple[str, tuple[tuple[str, str], ...]], Answer] = {}

    def remember(exchange: Exchange) -> Answer:
        asked = (exchange.request.raw_path, exchange.request.query)
        if asked not in kept:
            kept[asked] = exchange.produce()
        return kept[asked]

    if ready:
        for path in ("/Items", "/Users/*/Items", "/Artists/*"):
            simulator.faults.always(remember, path=path)
    with simulator:
        print(simulator.base_url, simulator.state.accounts.api_key, flush=True)
        sys.stdin.read()


def _config(address: str, key: str, folder: str) -> dict[str, object]:
    login = {"base_url": address, "api_key": key, "username": "anna"}
    return {
        "server": {"active": "home"},
        "servers": {"home": {"backend": "jellyfin", **login}},
        "engine": {"data_dir": folder},
        "mirror": {"url": f"sqlite:///{folder}/mirror.db"},
    }


def _requests(engine) -> int:  # type: ignore[no-untyped-def]
    """How many requests the client sent."""
    client = engine.server("home")._session()._client
    count: int = client.transport.http.count
    return count


def _seconds(answer: dict[str, float]) -> float:
    return answer["seconds"]


def _judges_python(folder: Path) -> str:
    import venv

    venv.create(folder / "judges", with_pip=True)
    python = folder / "judges" / "bin" / "python"
    subprocess.run([str(python), "-m", "pip", "install", "--quiet", *JUDGES], check=True)
    return str(python)


@contextmanager
def _server(tracks: int, *, ready: bool = False) -> Iterator[tuple[str, str]]:
    process = subprocess.Popen(
        [sys.executable, __file__, "serve", str(tracks), *(["ready"] if ready else [])],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        address, key = process.stdout.readline().split()
        yield address, key
    finally:
        process.communicate()


if __name__ == "__main__":
    if sys.argv[1:2] == ["serve"]:
        serve(int(sys.argv[2]), ready=sys.argv[3:] == ["ready"])
    elif sys.argv[1:]:
        measures = {"ours": ours, "raw": raw, "stream": stream, "apiclient": apiclient, "probe": probe}
        print(json.dumps(measures[sys.argv[1]](sys.argv[2], sys.argv[3])))
    else:
        for row in rows():
            print(f"{row.what}: {row.measured} (bar {row.bar}, reached: {row.verdict})")
