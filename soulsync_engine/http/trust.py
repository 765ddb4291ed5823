"""Whom a TLS connection trusts: the usual authorities, one CA file, or exactly one certificate."""

from __future__ import annotations

import hashlib
import hmac
import ssl
from typing import Final

import httpx

from soulsync_engine.errors import ConfigurationError

PIN_PREFIX: Final = "sha256:"


class PinMismatchError(ssl.SSLCertVerificationError):
    """The server showed another certificate than the pinned one."""


def tls_context(verify: bool | str, *, secure: bool, server: str) -> ssl.SSLContext:
    """The context for one server. `secure` says whether it will be used at all. Raises `ConfigurationError`."""
    if not secure:
        # Reading the authorities takes longer than many a request. Trusting nobody is safe.
        return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if not isinstance(verify, str):
        context = httpx.create_ssl_context()
        # People at home put their own authority into the system, where the bundled list does not have it.
        context.load_default_certs()
        return context
    if verify.startswith(PIN_PREFIX):
        return _pinned(verify.removeprefix(PIN_PREFIX))
    try:
        return ssl.create_default_context(cafile=verify)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "it holds no certificate"
    raise ConfigurationError(
        f"The CA file {verify!r} cannot be used: {reason}.",
        server=server,
        next_step="Correct `verify` in the settings of this server.",
    )


def _pinned(fingerprint: str) -> ssl.SSLContext:
    """A context that accepts one certificate, whoever signed it and whatever names are in it."""

    def check(certificate: bytes | None) -> None:
        shown = hashlib.sha256(certificate or b"").hexdigest()
        if not hmac.compare_digest(shown, fingerprint):
            raise PinMismatchError(f"the certificate shown has the fingerprint {PIN_PREFIX}{shown}")

    class PinnedSocket(ssl.SSLSocket):
        def do_handshake(self, block: bool = False) -> None:
            super().do_handshake(block)
            check(self.getpeercert(binary_form=True))

    class PinnedObject(ssl.SSLObject):
        def do_handshake(self) -> None:
            super().do_handshake()
            check(self.getpeercert(binary_form=True))

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.sslsocket_class = PinnedSocket
    context.sslobject_class = PinnedObject
    return context
