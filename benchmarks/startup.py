"""What it costs to start: the import, the command line, and one call through the bus."""

from __future__ import annotations

import sys
import time
from pathlib import Path

from measuring import Row, best_of, cpu_ms, wall_ms

from soulsync_engine import MediaServerEngine
from soulsync_engine.discovery import in_process
from soulsync_engine.testing.reference import ReferenceServer, backend

SOULSYNC = str(Path(sys.executable).with_name("soulsync"))
CALLS = 20_000


def rows() -> list[Row]:
    bare = cpu_ms([sys.executable, "-c", "pass"])
    imported = cpu_ms([sys.executable, "-c", "import soulsync_engine"])
    more = imported - bare
    table = [
        Row("`import soulsync_engine`, CPU above `python -c pass`", "<= 25 ms", f"{more:.1f} ms", more <= 25)
    ]
    for arguments in (["--help"], ["backends"]):
        wall = wall_ms([SOULSYNC, *arguments])
        table.append(Row(f"`soulsync {arguments[0]}`, wall", "<= 250 ms", f"{wall:.0f} ms", wall <= 250))
    routed, direct = call_microseconds()
    more = routed - direct
    table.append(
        Row(
            "a call through the bus above a direct call",
            "<= 5 us",
            f"{more:.1f} us ({routed:.1f} against {direct:.1f})",
            more <= 5,
        )
    )
    return table


def call_microseconds() -> tuple[float, float]:
    """`scan_state` through the facade with all its checks, and on the client itself."""
    server = ReferenceServer()
    config = {"servers": {"music": server.settings()}}
    with MediaServerEngine(config, records=in_process(backend)) as engine:
        facade = engine.server()
        facade.scan_state()
        client = facade._session()._client

        def timed(call: object) -> float:
            start = time.process_time()
            for _ in range(CALLS):
                call()  # type: ignore[operator]
            return (time.process_time() - start) / CALLS * 1e6

        return best_of(lambda: timed(facade.scan_state), 5), best_of(lambda: timed(client.scan_state), 5)
