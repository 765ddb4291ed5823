"""Finding out what a server is and accepts: who asks and how, which extensions it has, what it tells of itself."""

from __future__ import annotations

from dataclasses import dataclass
from threading import RLock
from typing import Final

from soulsync_engine.http import UnexpectedAnswerError, UnreadableAnswerError
from soulsync_engine.plugin import (
    AuthenticationError,
    ConfigurationError,
    NotAllowedError,
    NotFoundError,
    ServerContext,
)
from soulsync_navidrome import failures
from soulsync_navidrome.credentials import Mechanism
from soulsync_navidrome.mapper import Reading
from soulsync_navidrome.settings import SubsonicSettings
from soulsync_navidrome.transport import Reply, SubsonicTransport
from soulsync_navidrome.values import flag, moment
from soulsync_navidrome.wire import Response, ScanStatus

_API_KEYS: Final = "apiKeyAuthentication"
_FORM_POST: Final = "formPost"
_ANSWERED: Final = (AuthenticationError, NotAllowedError, NotFoundError, UnreadableAnswerError)
_REFUSALS: Final = frozenset(
    {
        failures.WRONG_CREDENTIALS,
        failures.WRONG_API_KEY,
        failures.CONFLICTING_MECHANISMS,
        *failures.TOKENS_REFUSED,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What a server has said and shown of itself.

    `product` is its own name for what it is, empty from servers of before OpenSubsonic. `scan_refusal` is why it does
    not tell whether it scans, None when it does; `tells_last_scan` whether it says when a scan ended.
    """

    product: str
    version: str
    protocol: str
    rich: bool
    extensions: frozenset[str]
    mechanism: Mechanism
    user: str | None
    scan_refusal: str | None
    tells_last_scan: bool

    @property
    def is_navidrome(self) -> bool:
        """Whether it says that it is Navidrome; what it then really has is tried out before it is used."""
        return self.product.casefold() == "navidrome"


class Connection:
    """One server, and what is known of it. Nothing is asked before the first use. Thread-safe."""

    def __init__(self, context: ServerContext[SubsonicSettings]) -> None:
        self.server = context.server
        self.settings = context.settings
        self.transport = SubsonicTransport(context.settings, server=context.server, log=context.log)
        self.log = context.log
        self.conceal = context.conceal
        self._facts: Facts | None = None
        self._lock = RLock()

    @property
    def facts(self) -> Facts:
        """What is known of the server, which is asked for it if it never was."""
        with self._lock:
            return self._facts or self.greet()

    @property
    def reading(self) -> Reading:
        """How this server's answers are to be read, as long as no library is known for them."""
        facts = self.facts
        return Reading(server=self.server, rich=facts.rich, made_up_paths=facts.is_navidrome)

    def greet(self) -> Facts:
        """Ask the server anew who it is and whether it accepts the credentials, with two requests in general."""
        with self._lock:
            if self.settings.secret:
                self.conceal(self.settings.secret.encode().hex())
            extensions = self._extensions()
            self.transport.form_post = _FORM_POST in extensions
            self.transport.mechanism = self._preferred(extensions)
            reply = self._accepted()
            status = reply.response.scan_status if reply.code is None else None
            said = reply.response
            refusal = None
            if status is None:
                refusal = _refusal(reply)
                if reply.code != failures.NOT_AUTHORISED:
                    said = self.transport.call("ping")
            self._facts = self._gathered(said, status, refusal, extensions)
            return self._facts

    def close(self) -> None:
        """Close the connections; may be called twice."""
        self.transport.http.close()

    def _extensions(self) -> frozenset[str]:
        """The extensions, asked for without credentials, so that it is known beforehand how to send those."""
        try:
            reply = self.transport.ask("getOpenSubsonicExtensions", anonymous=True)
        except _ANSWERED:
            # The server was reached. Whether it lets us in is for the next question.
            return frozenset()
        if reply.code is not None or not flag(reply.response.open_subsonic):
            return frozenset()
        return frozenset(entry.name for entry in reply.response.open_subsonic_extensions or () if entry.name)

    def _preferred(self, extensions: frozenset[str]) -> Mechanism:
        if self.settings.key is None:
            return Mechanism.TOKEN
        if _API_KEYS in extensions:
            return Mechanism.API_KEY
        if self.settings.secret is None:
            raise ConfigurationError(
                "The server takes no API keys.",
                server=self.server,
                next_step="Set `username` and `password` in the settings of this server instead.",
            )
        return Mechanism.TOKEN

    def _accepted(self) -> Reply:
        """The answer to a question that needs credentials, in the first way of signing in that the server takes."""
        reply = self._probe()
        if self.transport.mechanism is Mechanism.TOKEN and self._wants_password(reply):
            self.transport.mechanism = Mechanism.PASSWORD
            reply = self._probe()
        if reply.code in _REFUSALS:
            raise reply.failure()
        return reply

    def _wants_password(self, reply: Reply) -> bool:
        """Whether the server takes no tokens. The password itself is sent only when it leaves no doubt."""
        if reply.code not in failures.TOKENS_UNKNOWN:
            return reply.code in failures.TOKENS_REFUSED
        # It may just not know the question; every server knows this one.
        plain = self.transport.ask("ping")
        if plain.code in failures.TOKENS_REFUSED:
            return True
        return plain.code in failures.TOKENS_UNKNOWN and not flag(plain.response.open_subsonic)

    def _probe(self) -> Reply:
        try:
            return self.transport.ask("getScanStatus")
        except (NotFoundError, UnexpectedAnswerError):
            return self.transport.ask("ping")

    def _gathered(
        self, said: Response, status: ScanStatus | None, refusal: str | None, extensions: frozenset[str]
    ) -> Facts:
        mechanism = self.transport.mechanism
        user: str | None = self.settings.username
        if mechanism is Mechanism.API_KEY:
            info = self.transport.call("tokenInfo").token_info
            user = info.username if info else None
        return Facts(
            product=said.type or "",
            version=(said.server_version or "").removeprefix("v"),
            protocol=said.version or "",
            rich=bool(flag(said.open_subsonic)),
            extensions=extensions,
            mechanism=mechanism,
            user=user or None,
            scan_refusal=refusal,
            tells_last_scan=status is not None and moment(status.last_scan) is not None,
        )


def _refusal(reply: Reply) -> str:
    if reply.code == failures.NOT_AUTHORISED:
        return "only admins of this server may ask whether it scans"
    return "this server does not tell whether it scans"
