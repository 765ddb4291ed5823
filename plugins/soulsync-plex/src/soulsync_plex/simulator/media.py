"""Pictures and sound."""

from __future__ import annotations

from typing import TYPE_CHECKING

from soulsync_engine.pictures import mime_type_of
from soulsync_engine.testing.audio import TEMPLATES, AudioFormat
from soulsync_engine.testing.scenarios import COVER
from soulsync_engine.testing.simulator import Answer, SimulatedRequest
from soulsync_plex.simulator.answers import bad_request, not_found
from soulsync_plex.simulator.state import SimulatedAccount

if TYPE_CHECKING:
    from soulsync_plex.simulator.server import PlexSimulator


def add_routes(simulator: PlexSimulator) -> None:
    """Add what pictures and sound are fetched with."""
    state = simulator.state

    @simulator.serve("GET", "/library/metadata/{key}/thumb/{version}")
    def thumb(request: SimulatedRequest, account: SimulatedAccount) -> Answer:
        return _picture(state.catalogue.covers.get(request.path_values["key"]))

    @simulator.serve("GET", "/playlists/{key}/composite/{version}", query=("width", "height"))
    def composite(request: SimulatedRequest, account: SimulatedAccount) -> Answer:
        stored = state.posters.get(request.path_values["key"])
        return _picture(stored[-1][1] if stored else COVER)

    @simulator.serve(
        "GET",
        "/photo/:/transcode",
        query=("url", "width", "height", "minSize", "upscale"),
        required=("url", "width", "height"),
    )
    def scaled(request: SimulatedRequest, account: SimulatedAccount) -> Answer:
        url = request.value("url") or ""
        parts = url.split("/")
        if not url.startswith(("/library/metadata/", "/playlists/")) or len(parts) < 4:
            return bad_request()
        return _picture(state.catalogue.covers.get(parts[3], COVER))

    @simulator.serve("GET", "/library/parts/{part}/{version}/{file}", query=("download",))
    def part(request: SimulatedRequest, account: SimulatedAccount) -> Answer:
        suffix = request.path_values["file"].rpartition(".")[2]
        if not state.catalogue.has(request.path_values["part"]):
            return not_found()
        data = TEMPLATES[AudioFormat(suffix)].data()
        wanted = request.headers.get("range", "")
        if not wanted.startswith("bytes="):
            return Answer(body=data, content_type="audio/mpeg")
        first, _, last = wanted.removeprefix("bytes=").partition("-")
        end = min(int(last) if last else len(data) - 1, len(data) - 1)
        return Answer(
            status=206,
            body=data[int(first) : end + 1],
            content_type="audio/mpeg",
            headers={"Content-Range": f"bytes {first}-{end}/{len(data)}"},
        )

    @simulator.serve(
        "GET",
        "/music/:/transcode/universal/start.mp3",
        query=(
            "path",
            "mediaIndex",
            "partIndex",
            "protocol",
            "musicBitrate",
            "directPlay",
            "directStream",
            "session",
        ),
        required=("path", "protocol", "musicBitrate"),
    )
    def transcoded(request: SimulatedRequest, account: SimulatedAccount) -> Answer:
        if not state.catalogue.has((request.value("path") or "").removeprefix("/library/metadata/")):
            return not_found()
        return Answer(body=TEMPLATES[AudioFormat.MP3].data(), content_type="audio/mpeg")


def _picture(data: bytes | None) -> Answer:
    return not_found() if data is None else Answer(body=data, content_type=mime_type_of(data))
