"""Certificates: what is trusted, and that everything else is refused before a byte is sent."""

import hashlib
import ssl
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import trustme

from soulsync_engine.errors import ConfigurationError, UnavailableError
from soulsync_engine.http import HttpTransport
from soulsync_engine.testing.simulator import Answer, SimulatedRequest, Simulator

Connect = Callable[..., HttpTransport]


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


def serve(certificate: trustme.LeafCert) -> Simulator:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    server = Simulator(tls=context)

    @server.route("GET", "/ping")
    def ping(request: SimulatedRequest) -> Answer:
        return Answer.json({})

    return server


@pytest.fixture(scope="module")
def certificate(authority: trustme.CA) -> trustme.LeafCert:
    return authority.issue_cert("127.0.0.1")


@pytest.fixture
def secure(certificate: trustme.LeafCert) -> Iterator[Simulator]:
    with serve(certificate) as server:
        yield server


def fingerprint(certificate: trustme.LeafCert) -> str:
    der = ssl.PEM_cert_to_DER_cert(certificate.cert_chain_pems[0].bytes().decode())
    return "sha256:" + hashlib.sha256(der).hexdigest()


def test_an_unknown_authority_is_refused(secure: Simulator, connect: Connect) -> None:
    transport = connect(secure.base_url)
    with pytest.raises(ConfigurationError, match=r"is not trusted.*Set `verify`"):
        transport.request("GET", "ping")
    assert secure.requests == ()
    assert transport.count == 1


def test_the_file_of_the_authority_makes_it_trusted(
    secure: Simulator, connect: Connect, authority: trustme.CA, tmp_path: Path
) -> None:
    file = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(str(file))
    assert connect(secure.base_url, verify=str(file)).request("GET", "ping").status == 200


def test_an_authority_does_not_vouch_for_another_host(
    connect: Connect, authority: trustme.CA, tmp_path: Path
) -> None:
    file = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(str(file))
    with serve(authority.issue_cert("elsewhere.example")) as server:
        with pytest.raises(ConfigurationError, match="is not trusted"):
            connect(server.base_url, verify=str(file)).request("GET", "ping")
        assert server.requests == ()


@pytest.mark.parametrize("content", [None, b"no certificate"])
def test_a_file_that_is_none_is_named(
    secure: Simulator, connect: Connect, tmp_path: Path, content: bytes | None
) -> None:
    file = tmp_path / "ca.pem"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(ConfigurationError, match=r"The CA file .*ca\.pem"):
        connect(secure.base_url, verify=str(file)).request("GET", "ping")


def test_a_pinned_certificate_needs_no_authority(
    secure: Simulator, connect: Connect, certificate: trustme.LeafCert
) -> None:
    transport = connect(secure.base_url, verify=fingerprint(certificate))
    assert [transport.request("GET", "ping").status for _ in range(3)] == [200, 200, 200]


def test_another_certificate_than_the_pinned_one_gets_no_request(
    connect: Connect, authority: trustme.CA, certificate: trustme.LeafCert
) -> None:
    other = authority.issue_cert("127.0.0.1")
    with serve(other) as server:
        with pytest.raises(ConfigurationError, match="is not the pinned one") as error:
            connect(server.base_url, verify=fingerprint(certificate)).request("GET", "ping")
        assert server.requests == ()
    assert fingerprint(other) in str(error.value)


def test_https_to_a_server_without_it_is_a_mistake_in_the_address(
    simulator: Simulator, connect: Connect
) -> None:
    transport = connect(simulator.base_url.replace("http:", "https:"))
    with pytest.raises(ConfigurationError, match=r"does not speak TLS.*http://"):
        transport.request("GET", "items")


def test_http_to_a_server_with_tls_is_no_answer(secure: Simulator, connect: Connect) -> None:
    with pytest.raises(UnavailableError):
        connect(secure.base_url.replace("https:", "http:")).request("GET", "ping", idempotent=False)
