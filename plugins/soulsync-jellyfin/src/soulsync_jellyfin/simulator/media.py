"""Pictures, sound, and the websocket."""

from __future__ import annotations

import re
from base64 import b64decode
from binascii import Error as Base64Error
from collections.abc import Iterator
from queue import Empty, Queue
from threading import Event
from time import monotonic

from websockets.frames import Frame, Opcode
from websockets.utils import accept_key

from soulsync_engine.testing.simulator import Answer, RefusedRequestError
from soulsync_engine.testing.simulator.messages import Ending
from soulsync_jellyfin.simulator.catalogue import Picture
from soulsync_jellyfin.simulator.routes import NO_CONTENT, NOT_FOUND, PROCESSING_FAILED, Call, Routes

_LISTENING_SECONDS = 5.0
_SOUND = bytes(range(256)) * 16


def register(routes: Routes) -> None:
    """Announce the routes. Pictures and plain streams need no token, transcoded ones do [A 2.10]."""
    sizes = ("maxWidth", "maxHeight", "width", "height", "quality", "tag")
    routes.add("GET", "/Items/{itemId}/Images/{imageType}", _picture, *sizes, secured=False)
    routes.add("POST", "/Items/{itemId}/Images/{imageType}", _set_picture, admin=True, body=True)
    source = () if routes.emby else ("mediaSourceId",)
    routes.add("GET", "/Audio/{itemId}/stream", _stream, "static", "deviceId", *source, secured=False)
    routes.add(
        *("GET", "/Audio/{itemId}/universal", _transcoded, "userId", "deviceId", "maxStreamingBitrate"),
        *("container", "audioCodec", "transcodingContainer", "transcodingProtocol"),
    )
    if routes.emby:
        # The token is read from the address alone [K].
        routes.add("GET", "/embywebsocket", _socket, "deviceId")
    else:
        routes.add("GET", "/socket", _socket, "deviceId")


def _picture(call: Call) -> Answer:
    item = call.path_id("itemId")
    entry = call.state.catalogue.items.get(item)
    picture = None if entry is None else entry.pictures.get(call.request.path_values["imageType"])
    if picture is None:
        return NOT_FOUND
    return Answer(body=picture.data, content_type=picture.mime_type)


def _set_picture(call: Call) -> Answer:
    """The body is base64, its type that of the picture."""
    kind = call.request.headers.get("content-type", "")
    if not kind.startswith("image/"):
        return PROCESSING_FAILED
    try:
        data = b64decode(call.request.body, validate=True)
    except Base64Error as error:
        raise RefusedRequestError(f"the picture is not base64: {error}") from None
    entry = call.entry()
    entry.pictures = {
        **entry.pictures,
        call.request.path_values["imageType"]: Picture(data=data, mime_type=kind),
    }
    call.state.catalogue.touched(entry, call.state.now())
    return NO_CONTENT


def _stream(call: Call) -> Answer:
    entry = call.entry()
    wanted = re.fullmatch(r"bytes=(\d+)-(\d*)", call.request.headers.get("range", ""))
    if wanted is None:
        return Answer(body=_SOUND, content_type=f"audio/{entry.suffix}")
    start, end = int(wanted[1]), int(wanted[2] or len(_SOUND) - 1)
    headers = {"Content-Range": f"bytes {start}-{end}/{len(_SOUND)}"}
    return Answer(
        status=206, body=_SOUND[start : end + 1], content_type=f"audio/{entry.suffix}", headers=headers
    )


def _transcoded(call: Call) -> Answer:
    call.entry()
    return Answer(body=_SOUND[:1024], content_type="audio/mpeg")


def _socket(call: Call) -> Answer:
    """The handshake, then messages of the server for a few seconds; what the client says is not read."""
    key = call.request.headers.get("sec-websocket-key")
    if key is None:
        return PROCESSING_FAILED
    if call.state.personality.emby and call.request.value("api_key") is None:
        return Answer(status=401, content_type=None)
    said: Queue[str] = Queue()
    listeners, gone = call.state.listeners, Event()
    listeners.append(said.put)

    def frames() -> Iterator[bytes]:
        deadline = monotonic() + _LISTENING_SECONDS
        try:
            while monotonic() < deadline and not gone.is_set():
                try:
                    text = said.get(timeout=0.05)
                except Empty:
                    continue
                yield Frame(Opcode.TEXT, text.encode()).serialize(mask=False)
        finally:
            listeners.remove(said.put)

    return Answer(
        status=101,
        body=frames,
        content_type=None,
        headers={"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Accept": accept_key(key)},
        declared_length=0,
        ending=Ending.CLOSE,
    )
