"""The wire: accepts connections, reads HTTP/1.1 requests, sends answers, whole or broken on purpose."""

from __future__ import annotations

import contextlib
import socket
import ssl
import struct
from collections.abc import Callable
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from socketserver import TCPServer, ThreadingMixIn
from threading import Lock, Thread

from soulsync_engine.testing.simulator.messages import Answer, Ending

Respond = Callable[[str, str, dict[str, str], bytes], Answer]
"""Method, target as sent, headers with lower-case names, body."""

_LOOPBACK = "127.0.0.1"
_POLL_SECONDS = 0.01


class Listener:
    """One loopback address. It can stop listening and start again; connections have a thread each."""

    def __init__(self, respond: Respond, *, tls: ssl.SSLContext | None = None) -> None:
        self._respond = respond
        self._tls = tls
        self._port = 0
        self._server: _Server | None = None
        self._held: socket.socket | None = None
        self._lock = Lock()

    @property
    def origin(self) -> str:
        """Scheme, host and port."""
        return f"{'https' if self._tls else 'http'}://{_LOOPBACK}:{self._port}"

    def listen(self) -> None:
        """Accept connections, at the same port as before if there was one."""
        with self._lock:
            if self._server is None:
                self._let_go()
                self._server = _Server((_LOOPBACK, self._port), self._respond, self._tls)
                self._port = self._server.server_address[1]
                Thread(target=self._server.serve_forever, args=(_POLL_SECONDS,), daemon=True).start()

    def refuse(self) -> None:
        """Refuse new connections and end the open ones; may be called twice."""
        with self._lock:
            server, self._server = self._server, None
        if server is None:
            return
        server.shutdown()
        server.server_close()
        with self._lock:
            if self._server is None:
                # Nobody else is to get the port: who goes on asking here would ask a server of another test.
                self._held = socket.socket()
                self._held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                self._held.bind((_LOOPBACK, self._port))
        server.end_connections()

    def stop(self) -> None:
        """Refuse connections, and leave the port to others."""
        self.refuse()
        with self._lock:
            self._let_go()

    def _let_go(self) -> None:
        if self._held is not None:
            self._held.close()
            self._held = None


class _Server(ThreadingMixIn, TCPServer):
    allow_reuse_address = True
    daemon_threads = True
    # A thread of a connection may itself be the one that closes the server.
    block_on_close = False
    request_queue_size = 64

    def __init__(self, address: tuple[str, int], respond: Respond, tls: ssl.SSLContext | None) -> None:
        self.respond = respond
        self._tls = tls
        self._open: set[socket.socket] = set()
        self._lock = Lock()
        super().__init__(address, _Connection)

    def get_request(self) -> tuple[socket.socket, object]:
        connection, peer = super().get_request()
        if self._tls is not None:
            # The handshake waits for the connection's own thread, so that a slow client holds up nobody.
            connection = self._tls.wrap_socket(connection, server_side=True, do_handshake_on_connect=False)
        with self._lock:
            self._open.add(connection)
        return connection, peer

    def shutdown_request(self, request: socket.socket | tuple[bytes, socket.socket]) -> None:
        if isinstance(request, socket.socket):
            with self._lock:
                self._open.discard(request)
        super().shutdown_request(request)

    def end_connections(self) -> None:
        with self._lock:
            for connection in self._open:
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that goes away is part of the tests; what else fails is told as a refusal by the simulator."""


class _Connection(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # Otherwise the second write of an answer waits for the client's acknowledgement of the first.
    disable_nagle_algorithm = True
    server: _Server

    def log_message(self, format: str, *args: object) -> None:
        """The simulator keeps a log of its own."""

    def _exchange(self) -> None:
        headers = {name.lower(): value for name, value in self.headers.items()}
        if "chunked" in headers.get("transfer-encoding", ""):
            self._send(Answer(status=411, content_type=None, ending=Ending.CLOSE))
            return
        length = int(headers.get("content-length", "0"))
        body = self.rfile.read(length)
        if len(body) < length:
            # The client went away in the middle, for example because it waited for too long.
            self.close_connection = True
            return
        self._send(self.server.respond(self.command, self.path, headers, body))

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = _exchange  # noqa: N815

    def _send(self, answer: Answer) -> None:
        if answer.ending is not Ending.KEEP:
            self.close_connection = True
        if answer.status is not None:
            self._send_parts(answer)
        if answer.ending is Ending.RESET:
            # Lingering for no time makes closing a reset.
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()

    def _send_parts(self, answer: Answer) -> None:
        whole = answer.body if isinstance(answer.body, bytes) else None
        length = answer.declared_length if whole is None or answer.declared_length is not None else len(whole)
        self.wfile.write(self._head(answer, length))
        if self.command == "HEAD":
            return
        if whole is not None:
            self.wfile.write(whole)
        elif not isinstance(answer.body, bytes):
            for chunk in answer.body():
                self.wfile.write(chunk if length is not None else b"%x\r\n%b\r\n" % (len(chunk), chunk))
            if length is None:
                self.wfile.write(b"0\r\n\r\n")

    def _head(self, answer: Answer, length: int | None) -> bytes:
        status = answer.status or HTTPStatus.OK
        headers = {"Date": self.date_time_string()}
        if answer.content_type is not None:
            headers["Content-Type"] = answer.content_type
        if length is None:
            headers["Transfer-Encoding"] = "chunked"
        else:
            headers["Content-Length"] = str(length)
        if self.close_connection:
            headers["Connection"] = "close"
        headers.update(answer.headers)
        phrase = self.responses.get(HTTPStatus(status), ("", ""))[0] if status in _KNOWN else ""
        lines = [f"HTTP/1.1 {int(status)} {phrase}", *(f"{name}: {value}" for name, value in headers.items())]
        return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


_KNOWN = frozenset(int(status) for status in HTTPStatus)
