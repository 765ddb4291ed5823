"""Requests in Subsonic's way: parameters that prove who asks, an envelope around every answer."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode

from soulsync_engine.errors import SoulSyncError
from soulsync_engine.http import (
    HttpAnswer,
    HttpTransport,
    RetryPolicy,
    UnreadableAnswerError,
    decode,
    raise_for_status,
)
from soulsync_navidrome import credentials
from soulsync_navidrome.credentials import Mechanism
from soulsync_navidrome.failures import GENERIC, PageRefusedError, error_of
from soulsync_navidrome.settings import SubsonicSettings
from soulsync_navidrome.values import whole
from soulsync_navidrome.wire import Envelope, Response

Parameters = Sequence[tuple[str, str | int | bool | None]]

LONGEST_QUERY: Final = 4000
"""Bytes of parameters that go into an address; beyond that they go into a body."""

QUICK: Final = RetryPolicy(attempts=2, first_pause=0.1, longest_pause=5.0)
"""For single questions, which somebody may be waiting for. Pages of listings are asked for with more patience."""

_PAGE_REFUSALS: Final = frozenset({400, 413, 414, 422})


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """An answer in its envelope. `code` is None when the server did what was asked."""

    answer: HttpAnswer
    response: Response
    code: int | None

    def content(self) -> Response:
        """What is in the envelope. A refusal is raised as the error it amounts to."""
        if self.code is not None:
            raise self.failure()
        return self.response

    def failure(self) -> Exception:
        """The error that the refusal amounts to."""
        error = self.response.error
        return error_of(
            GENERIC if self.code is None else self.code,
            error.message if error else None,
            where=self.answer.path.rsplit("/", 1)[-1].removesuffix(".view"),
            server=self.answer.server,
        )


class SubsonicTransport:
    """The connection to one server. `mechanism` and `form_post` are set by whoever finds out what the server takes."""

    def __init__(self, settings: SubsonicSettings, *, server: str, log: logging.Logger) -> None:
        self.http = HttpTransport(settings, server=server, log=log)
        self.settings = settings
        self.server = server
        self.mechanism = Mechanism.TOKEN
        self.form_post = False

    def call(
        self,
        method: str,
        parameters: Parameters = (),
        *,
        idempotent: bool = True,
        bulk: bool = False,
    ) -> Response:
        """Ask and return what is in the envelope. A refusal is raised as the error it amounts to."""
        return self.ask(method, parameters, idempotent=idempotent, bulk=bulk).content()

    def ask(
        self,
        method: str,
        parameters: Parameters = (),
        *,
        mechanism: Mechanism | None = None,
        anonymous: bool = False,
        idempotent: bool = True,
        bulk: bool = False,
    ) -> Reply:
        """Ask and return the answer, refusal or not. What is no Subsonic envelope at all is raised as an error."""
        answer = self._send(
            method, parameters, mechanism=mechanism, anonymous=anonymous, idempotent=idempotent, bulk=bulk
        )
        return _reply(answer)

    def fetch(
        self, method: str, parameters: Parameters, *, headers: dict[str, str], max_bytes: int
    ) -> HttpAnswer:
        """Ask for something that is no JSON. A refusal, which is JSON, is raised as the error it amounts to."""
        answer = self._send(method, parameters, headers=headers, max_bytes=max_bytes)
        if "json" in answer.content_type or answer.status == 404:
            raise _reply(answer).failure()
        return raise_for_status(answer)

    def accepts(self, authorization: str) -> bool:
        """Whether this header opens the door without any parameter that proves who asks."""
        answer = self.http.request(
            "GET",
            "/rest/ping.view",
            params=credentials.common(),
            headers={"Authorization": authorization},
            policy=QUICK,
        )
        try:
            return _reply(answer).code is None
        except SoulSyncError:
            return False

    def _send(
        self,
        method: str,
        parameters: Parameters,
        *,
        mechanism: Mechanism | None = None,
        anonymous: bool = False,
        idempotent: bool = True,
        bulk: bool = False,
        headers: dict[str, str] | None = None,
        max_bytes: int | None = None,
    ) -> HttpAnswer:
        chosen = mechanism or self.mechanism
        who = [] if anonymous else credentials.proof(self.settings, chosen)
        pairs = [*credentials.common(), *who, *parameters]
        size = len(urlencode([(name, value) for name, value in pairs if value is not None]))
        # Addresses end up in the logs of servers and proxies; bodies do not.
        as_form = not anonymous and (self.form_post or chosen is Mechanism.PASSWORD or size > LONGEST_QUERY)
        return self.http.request(
            "POST" if as_form else "GET",
            f"/rest/{method}.view",
            params=None if as_form else pairs,
            form=pairs if as_form else None,
            headers=headers,
            idempotent=idempotent,
            bulk=bulk,
            max_bytes=max_bytes,
            policy=None if bulk else QUICK,
        )


def _reply(answer: HttpAnswer) -> Reply:
    """The body counts before the status: servers send refusals under 200 and answers under others."""
    try:
        response = decode(answer, Envelope).response
    except UnreadableAnswerError as error:
        raise _no_envelope(answer, error) from None
    if response.status == "ok":
        return Reply(answer=answer, response=response, code=None)
    code = whole(response.error.code) if response.error else None
    return Reply(answer=answer, response=response, code=GENERIC if code is None else code)


def _no_envelope(answer: HttpAnswer, error: UnreadableAnswerError) -> SoulSyncError:
    """What an answer that is no envelope amounts to: what its status says, else that it cannot be read."""
    if answer.status in _PAGE_REFUSALS:
        return PageRefusedError(
            f"The server refused {answer.where} with {answer.status} and no reason.",
            server=answer.server,
            next_step="Check that the address is this server's, and that its version is supported.",
        )
    try:
        raise_for_status(answer)
    except SoulSyncError as refused:
        return refused
    return error
