"""Pictures and sound, without an address that holds a secret.

Subsonic wants credentials among the parameters of an address. Where the server also accepts them in a header, the host
gets a request to make itself; elsewhere the bytes are fetched here.
"""

from __future__ import annotations

import base64
from threading import Lock
from typing import Final
from urllib.parse import urlencode

from soulsync_engine.http import AnswerTooLargeError
from soulsync_engine.models import ByteRange, Kind, Media, MediaBytes, MediaRequest
from soulsync_engine.plugin import NotFoundError, ServerContext
from soulsync_navidrome import credentials
from soulsync_navidrome.activity import ActivityClient
from soulsync_navidrome.covers import LARGEST_PICTURE
from soulsync_navidrome.credentials import Mechanism
from soulsync_navidrome.settings import SubsonicSettings
from soulsync_navidrome.transport import Parameters

_LARGEST_SOUND: Final = 256 * 1024 * 1024


class MediaClient(ActivityClient):
    """Image and stream."""

    def __init__(self, context: ServerContext[SubsonicSettings]) -> None:
        super().__init__(context)
        self._takes_header: bool | None = None
        self._header_lock = Lock()

    def image(self, kind: Kind, id: str, size: int | None) -> Media:
        """As in the contract."""
        cover = self._playlist_cover(id) if kind is Kind.PLAYLIST else self._wire(kind, id).cover_art
        if cover is None or not str(cover):
            raise NotFoundError(
                f"The {kind} {id!r} has no picture.",
                server=self.server,
                next_step="Put one into its files, and let the server scan them.",
            )
        parameters: Parameters = [("id", str(cover)), *([("size", size)] if size else [])]
        return self._media("getCoverArt", parameters, {}, LARGEST_PICTURE)

    def stream(self, track_id: str, range: ByteRange | None, max_bitrate: int | None) -> Media:
        """As in the contract. What is fetched here must fit into memory; larger files are to be had range by range."""
        self._wire(Kind.TRACK, track_id)
        headers = (
            {}
            if range is None
            else {"Range": f"bytes={range.start}-{'' if range.end is None else range.end}"}
        )
        parameters: Parameters = [("id", track_id), *([("maxBitRate", max_bitrate)] if max_bitrate else [])]
        return self._media("stream", parameters, headers, _LARGEST_SOUND)

    def _media(self, method: str, parameters: Parameters, headers: dict[str, str], most: int) -> Media:
        authorization = self._authorization()
        if authorization is not None:
            query = urlencode([*credentials.common(), *((name, str(value)) for name, value in parameters)])
            url = f"{self._connection.transport.http.base_url}/rest/{method}.view?{query}"
            return MediaRequest(url=url, headers={**headers, "Authorization": authorization})
        try:
            answer = self._connection.transport.fetch(method, parameters, headers=headers, max_bytes=most)
        except AnswerTooLargeError as error:
            error.next_step = "Ask for it range by range."
            raise
        data = answer.body
        if headers and answer.status == 200:
            # The server sent the whole instead of the part.
            start, _, end = headers["Range"].removeprefix("bytes=").partition("-")
            data = data[int(start) : int(end) + 1 if end else None]
        return MediaBytes(data=data, mime_type=answer.content_type or "application/octet-stream")

    def _authorization(self) -> str | None:
        """The header that this server accepts in place of parameters, tried out once; None where it accepts none."""
        settings = self._connection.settings
        facts = self._connection.facts
        if settings.secret is None or facts.rich:
            # The specification of OpenSubsonic knows no such header.
            return None
        if facts.mechanism is not Mechanism.PASSWORD and not settings.base_url.startswith("https:"):
            # The header holds the password, which a server that takes tokens never gets unencrypted.
            return None
        proof = base64.b64encode(f"{settings.username}:{settings.secret}".encode()).decode()
        header = f"Basic {proof}"
        with self._header_lock:
            if self._takes_header is None:
                self._connection.conceal(proof)
                self._takes_header = self._connection.transport.accepts(header)
        return header if self._takes_header else None
