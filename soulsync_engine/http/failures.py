"""Failures of the library underneath, as errors of the engine's tree.

No message holds a URL, a header or a body, since those carry secrets. The caller raises what `failure_of` returns
outside of its `except`, so that no cause or context holds them either.
"""

from __future__ import annotations

import ssl
from collections.abc import Iterator

import httpx

from soulsync_engine.errors import ConfigurationError, SoulSyncError, UnavailableError
from soulsync_engine.http.errors import TimedOutError, UnreadableAnswerError
from soulsync_engine.http.trust import PinMismatchError


def failure_of(error: httpx.HTTPError, *, where: str, origin: str, server: str) -> SoulSyncError:
    """The error to raise; `where` is method and path, `origin` scheme, host and port."""
    if isinstance(error, httpx.ConnectTimeout):
        return TimedOutError(
            f"No connection to {origin} in time.",
            server=server,
            next_step="Check the address and the network.",
        )
    if isinstance(error, httpx.TimeoutException):
        return TimedOutError(
            f"The server did not answer {where} in time.",
            server=server,
            next_step="Try again later, or raise `timeout` in the settings of this server.",
        )
    if isinstance(error, httpx.ProxyError):
        return UnavailableError(
            "The proxy set in the environment refuses to connect to the server.",
            server=server,
            next_step="Check HTTP_PROXY, HTTPS_PROXY and NO_PROXY.",
        )
    if isinstance(error, httpx.ConnectError):
        return _no_connection(error, origin=origin, server=server)
    if isinstance(error, httpx.DecodingError):
        return UnreadableAnswerError(
            f"The compressed answer to {where} is damaged.", server=server, next_step="Try again."
        )
    if isinstance(error, (httpx.UnsupportedProtocol, httpx.LocalProtocolError)):
        return unsendable(where=where, server=server)
    return UnavailableError(
        f"The connection broke while the server answered {where}.", server=server, next_step="Try again."
    )


def unsendable(*, where: str, server: str) -> ConfigurationError:
    """For a request that HTTP cannot express. What it held is not said, since that may be a secret."""
    return ConfigurationError(
        f"The request {where} cannot be sent: HTTP has no room for a character in its address or headers.",
        server=server,
        next_step="Look for line breaks, blanks or accented letters in the credentials of this server.",
    )


def _no_connection(error: httpx.ConnectError, *, origin: str, server: str) -> SoulSyncError:
    for cause in _causes(error):
        if isinstance(cause, PinMismatchError):
            return ConfigurationError(
                f"The certificate of {origin} is not the pinned one: {cause.args[0]}.",
                server=server,
                next_step="If it was renewed, put the new fingerprint into `verify`; if not, somebody is in between.",
            )
        if isinstance(cause, ssl.SSLCertVerificationError):
            return ConfigurationError(
                f"The certificate of {origin} is not trusted: {cause.verify_message}.",
                server=server,
                next_step="Set `verify` to its CA file, or to its fingerprint as sha256:...",
            )
        if isinstance(cause, ssl.SSLError) and cause.reason in (
            "WRONG_VERSION_NUMBER",
            "RECORD_LAYER_FAILURE",
        ):
            return ConfigurationError(
                f"{origin} does not speak TLS.", server=server, next_step="Begin its address with http://."
            )
    reason = next(
        (cause.strerror for cause in _causes(error) if isinstance(cause, OSError) and cause.strerror), ""
    )
    return UnavailableError(
        f"No connection to {origin}{': ' if reason else ''}{reason}.",
        server=server,
        next_step="Check that the server runs and that the address is right.",
    )


def _causes(error: BaseException) -> Iterator[BaseException]:
    found: BaseException | None = error
    while found is not None:
        yield found
        found = found.__cause__ or found.__context__
