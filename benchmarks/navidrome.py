"""Reading a large Navidrome library: `iter_tracks()` against py-opensonic's walk over the albums, and against the same
pages fetched raw with httpx, as many at a time, none of them decoded. On one server, in one run.

The server is the simulator in a process of its own, 20 ms away. It keeps every song as it sends it, so that nobody
waits for it to make them. The walk is measured over a tenth of the library and takes ten times as long for all of it.

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
from pathlib import Path

from measuring import Row, peak_mb, run_json

TRACKS = 100_000
PART = 10
PAGE, AT_ONCE = 2000, 4
LATENCY = 0.02
WALK, RAW = 10.0, 1.6
SEARCH_BUDGET, NATIVE_BUDGET, UNCHANGED_BUDGET = 210, 70, 3
JUDGE = "py-opensonic==10.4.1"


def rows() -> list[Row]:
    """Requests, speed and memory."""
    script = Path(__file__)
    with (
        tempfile.TemporaryDirectory() as folder,
        _server(TRACKS) as address,
        _server(TRACKS // PART) as smaller,
    ):
        python = _judges_python(Path(folder))
        for way in ("search", "native"):
            run_json(script, "ours", address, way)
        search = min((run_json(script, "ours", address, "search") for _ in range(3)), key=_seconds)
        native = min((run_json(script, "ours", address, "native") for _ in range(3)), key=_seconds)
        raw = min((run_json(script, "raw", address) for _ in range(3)), key=_seconds)
        walk = run_json(script, "walk", smaller, python=python)["seconds"] * PART
        unchanged = run_json(script, "unchanged", smaller)["requests"]
    faster, slower = walk / search["seconds"], search["seconds"] / raw["seconds"]
    return [
        Row(
            f"Navidrome: requests for {TRACKS:,} tracks with albums and artists, by search3",
            f"<= {SEARCH_BUDGET}",
            f"{search['requests']:.0f}",
            search["requests"] <= SEARCH_BUDGET,
        ),
        Row(
            "Navidrome: the same by its own API",
            f"<= {NATIVE_BUDGET}",
            f"{native['requests']:.0f}",
            native["requests"] <= NATIVE_BUDGET,
        ),
        Row(
            "Navidrome: requests of a sync when nothing changed",
            f"<= {UNCHANGED_BUDGET}",
            f"{unchanged:.0f}",
            unchanged <= UNCHANGED_BUDGET,
        ),
        Row(
            f"Navidrome: iter_tracks() of {TRACKS:,} tracks against py-opensonic's walk over the albums",
            f">= {WALK:.0f}x",
            f"{faster:.0f}x ({search['seconds']:.1f} s against {walk:.0f} s)",
            faster >= WALK,
        ),
        Row(
            "Navidrome: iter_tracks() against the same pages fetched raw, as many at a time",
            f"<= {RAW}x",
            f"{slower:.1f}x ({search['seconds']:.1f} s against {raw['seconds']:.1f} s; "
            f"{native['seconds']:.1f} s by its own API)",
            slower <= RAW,
        ),
        Row(
            "Navidrome: memory that iter_tracks() adds",
            "-",
            f"{search['mb']:.0f} MB ({native['mb']:.0f} MB by its own API)",
            None,
        ),
    ]


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
    assert (count, albums, artists) == (TRACKS, TRACKS // 10, TRACKS // 20), (count, albums, artists)
    return {"seconds": seconds, "mb": mb, "requests": requests}


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


def raw(address: str) -> dict[str, float]:
    """The same pages, as bytes."""
    import httpx

    from soulsync_navidrome.credentials import Mechanism, common, proof

    settings = _settings(address)
    # One client for all threads, as a library would have it.
    with httpx.Client(verify=False, limits=httpx.Limits(max_connections=AT_ONCE)) as client:

        def fetch(offset: int) -> int:
            wanted = {"query": "", "artistCount": 0, "albumCount": 0, "songCount": PAGE, "songOffset": offset}
            form = dict([*common(), *proof(settings, Mechanism.TOKEN)]) | {
                k: str(v) for k, v in wanted.items()
            }
            return len(client.post(f"{address}/rest/search3.view", data=form).content)

        fetch(0)
        began = time.perf_counter()
        with ThreadPoolExecutor(AT_ONCE) as pool:
            size = sum(pool.map(fetch, range(0, TRACKS, PAGE)))
        seconds = time.perf_counter() - began
    return {"seconds": seconds, "bytes": size}


def walk(address: str) -> dict[str, float]:
    """Every track, as py-opensonic has them listed: page by page of albums, and each album."""
    from urllib.parse import urlsplit

    import libopensonic  # type: ignore[import-not-found]

    parts = urlsplit(address)
    connection = libopensonic.Connection(
        f"{parts.scheme}://{parts.hostname}", "admin", _password(), port=parts.port, app_name="bench"
    )
    began = time.perf_counter()
    count = offset = 0
    while page := connection.get_album_list2("alphabeticalByName", size=500, offset=offset):
        offset += len(page)
        count += sum(len(connection.get_album(album.id).song or []) for album in page)
    seconds = time.perf_counter() - began
    assert count == TRACKS // PART, count
    return {"seconds": seconds}


def serve(tracks: int) -> None:
    """Serve a library until the input ends."""
    from soulsync_navidrome.simulator import NavidromeSimulator

    with NavidromeSimulator(tracks=tracks, latency=LATENCY) as simulator:
        print(simulator.base_url, flush=True)
        sys.stdin.read()


def _password() -> str:
    # As in the simulator, whose package the other clients' environment does not have.
    return "correct horse ü"


def _settings(address: str):  # type: ignore[no-untyped-def]
    from soulsync_navidrome.settings import SubsonicSettings

    return SubsonicSettings(base_url=address, username="admin", password=_password())  # type: ignore[arg-type]


def _config(address: str, folder: str, *, native: bool) -> dict[str, object]:
    login = {"base_url": address, "username": "admin", "password": _password()}
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


def _judges_python(folder: Path) -> str:
    import venv

    venv.create(folder / "judge", with_pip=True)
    python = folder / "judge" / "bin" / "python"
    subprocess.run([str(python), "-m", "pip", "install", "--quiet", JUDGE], check=True)
    return str(python)


@contextmanager
def _server(tracks: int) -> Iterator[str]:
    process = subprocess.Popen(
        [sys.executable, __file__, "serve", str(tracks)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        yield process.stdout.readline().strip()
    finally:
        process.communicate()


if __name__ == "__main__":
    if sys.argv[1:2] == ["serve"]:
        serve(int(sys.argv[2]))
    elif sys.argv[1:2] == ["ours"]:
        print(json.dumps(ours(sys.argv[2], sys.argv[3])))
    elif sys.argv[1:2] in (["raw"], ["walk"], ["unchanged"]):
        print(json.dumps({"raw": raw, "walk": walk, "unchanged": unchanged}[sys.argv[1]](sys.argv[2])))
    else:
        for row in rows():
            print(f"{row.what}: {row.measured} (bar {row.bar}, reached: {row.verdict})")
