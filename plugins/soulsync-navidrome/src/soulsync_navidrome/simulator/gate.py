"""The door of the simulated Subsonic API: routes, credentials, and the envelope around every answer."""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections.abc import Callable, Iterable
from threading import RLock

from soulsync_engine.testing.simulator import Answer, SimulatedRequest, Simulator
from soulsync_navidrome.simulator.library import Catalogue
from soulsync_navidrome.simulator.payloads import Forms, Payload
from soulsync_navidrome.simulator.personality import Personality
from soulsync_navidrome.simulator.state import SimulatedUser, State

CREDENTIALS = ("u", "p", "t", "s", "apiKey", "v", "c", "f")


class Refusal(Exception):  # noqa: N818
    """A request that the server refuses with one of the protocol's codes."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


Handler = Callable[[SimulatedRequest, SimulatedUser], "Payload | Answer"]


class Gate:
    """What all parts of a simulated server share: its content, its users, and how they are let in."""

    def __init__(self, simulator: Simulator, how: Personality, catalogue: Catalogue) -> None:
        self.simulator = simulator
        self.how = how
        self.state = State()
        self.lock = RLock()
        self.methods: list[str] = []
        self.hold(catalogue)

    def hold(self, catalogue: Catalogue) -> None:
        """Have other content from now on."""
        with self.lock:
            self.catalogue = catalogue
            self.forms = Forms(self.how, catalogue, self.state)

    def offer(
        self, method: str, handler: Handler, parameters: Iterable[str] = (), *, public: bool = False
    ) -> None:
        """Have a handler answer one method of the API, under both spellings of its path, by GET and by POST."""
        names = tuple(parameters)
        self.methods.append(method)

        def answer(request: SimulatedRequest) -> Answer:
            with self.lock:
                return self._answer(request, handler, public=public)

        for path in (f"/rest/{method}.view", f"/rest/{method}"):
            self.simulator.route("GET", path, query=(*names, *CREDENTIALS))(answer)
            self.simulator.route("POST", path, query=(*names, *CREDENTIALS), form=(*names, *CREDENTIALS))(
                answer
            )

    def folder(self, request: SimulatedRequest) -> int | None:
        """The library a request is about, None for all."""
        text = request.value("musicFolderId")
        if text is None:
            return None
        if not text.isdigit() or int(text) not in self.catalogue.libraries:
            raise Refusal(70, "Library not found or empty")
        method = request.path.rpartition("/")[2].removesuffix(".view")
        return None if method in self.how.heedless else int(text)

    def wrapped(self, content: Payload, *, failed: bool = False) -> Payload:
        """Something in the envelope."""
        head: Payload = {"status": "failed" if failed else "ok", "version": self.how.protocol}
        if self.how.product is not None:
            head |= {"type": self.how.product, "serverVersion": self.how.version, "openSubsonic": True}
        return {"subsonic-response": {**head, **content}}

    def refused(self, code: int, message: str) -> Answer:
        """A refusal, as this server sends it."""
        if self.how.plain_404 and code == 70:
            return Answer.json({"detail": "Not Found"}, status=404)
        return Answer.json(self.wrapped({"error": {"code": code, "message": message}}, failed=True))

    def _answer(self, request: SimulatedRequest, handler: Handler, *, public: bool) -> Answer:
        try:
            user = _NOBODY if public else self._let_in(request)
            if request.value("f") != "json" or not request.value("c") or not request.value("v"):
                raise Refusal(10, "Required parameter is missing")
            content = handler(request, user)
        except Refusal as refusal:
            return self.refused(refusal.code, refusal.message)
        return content if isinstance(content, Answer) else Answer.json(self.wrapped(content))

    def _let_in(self, request: SimulatedRequest) -> SimulatedUser:
        if self.how.basic_auth and (header := request.headers.get("authorization")):
            return self._by_header(header)
        name, key = request.value("u"), request.value("apiKey")
        if key is not None:
            return self._by_key(key, alone=name is None)
        if name is None:
            raise Refusal(10, "Required parameter 'u' is missing")
        password, token, salt = request.value("p"), request.value("t"), request.value("s")
        user = self.state.users.get(name)
        if password is not None:
            return self._by_password(user, password)
        if not self.how.tokens:
            raise Refusal(self.how.token_refusal, "This way of signing in is not supported")
        if token is None or salt is None:
            raise Refusal(10, "Required parameter 't' is missing")
        wanted = hashlib.md5(
            f"{user.password if user else ''}{salt}".encode(), usedforsecurity=False
        ).hexdigest()
        if user is None or not secrets.compare_digest(wanted, token):
            raise Refusal(40, "Wrong username or password")
        return user

    def _by_key(self, key: str, *, alone: bool) -> SimulatedUser:
        if not self.how.api_keys:
            raise Refusal(42, "This way of signing in is not supported")
        if not alone:
            raise Refusal(43, "Conflicting ways of signing in")
        for user in self.state.users.values():
            if user.api_key and secrets.compare_digest(user.api_key, key):
                return user
        raise Refusal(44, "Invalid API key")

    def _by_password(self, user: SimulatedUser | None, password: str) -> SimulatedUser:
        if not self.how.passwords:
            raise Refusal(42, "This way of signing in is not supported")
        plain = bytes.fromhex(password[4:]).decode() if password.startswith("enc:") else password
        if user is None or user.password != plain:
            raise Refusal(40, "Wrong username or password")
        return user

    def _by_header(self, header: str) -> SimulatedUser:
        name, _, password = base64.b64decode(header.removeprefix("Basic ")).decode().partition(":")
        return self._by_password(self.state.users.get(name), password)


_NOBODY = SimulatedUser(name="", password="")
