"""Who asks, and how: tokens, passwords, keys, forms, sub-paths, certificates."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from soulsync_engine.errors import (
    AuthenticationError,
    ConfigurationError,
    NotAllowedError,
    NotFoundError,
    UnavailableError,
)
from soulsync_engine.server import MediaServer
from soulsync_engine.testing.scenarios import small
from soulsync_navidrome.simulator import (
    API_KEYS,
    LISTENER,
    NAVIDROME,
    OLD_NAVIDROME,
    PASSWORD,
    STRICT_OPENSUBSONIC,
    SUBSONIC_1_12,
    NavidromeSimulator,
    Personality,
)
from soulsync_navidrome.simulator.effects import answered, refused

Open = Callable[..., MediaServer]
SECRETS = (PASSWORD, PASSWORD.encode().hex())


def asked(simulator: NavidromeSimulator, method: str) -> list[dict[str, str]]:
    """The parameters of every request for a method."""
    return [
        dict((*request.query, *request.form))
        for request in simulator.requests
        if request.path.removesuffix(".view").endswith(f"/{method}")
    ]


def test_a_token_is_salted_afresh_for_every_request(open_server: Open) -> None:
    with NavidromeSimulator(OLD_NAVIDROME, scenario=small()) as simulator:
        server = open_server(simulator.settings())
        list(server.iter_tracks())
        proofs = [dict(request.query) for request in simulator.requests if dict(request.query).get("t")]
        assert len(proofs) > 4
        assert len({proof["s"] for proof in proofs}) == len(proofs)
        assert all(len(proof["s"]) >= 16 for proof in proofs)
        assert all("p" not in proof for proof in proofs)


def test_credentials_travel_in_the_body_where_the_server_takes_forms(open_server: Open) -> None:
    with NavidromeSimulator(NAVIDROME, scenario=small()) as simulator:
        server = open_server({**simulator.settings(), "native_api": False})
        list(server.iter_tracks())
        server.search("Dawn")
        for request in simulator.requests:
            assert not {"u", "t", "s", "p"} & {name for name, _ in request.query}, request.path
        assert any(dict(request.form).get("t") for request in simulator.requests)


def test_what_is_too_long_for_an_address_travels_in_a_body(open_server: Open) -> None:
    # Every one of these becomes nine characters in an address.
    with NavidromeSimulator(OLD_NAVIDROME, scenario=small()) as simulator:
        server = open_server(simulator.settings())
        for query, method in (("歌", "GET"), ("歌" * 1000, "POST")):
            simulator.forget()
            server.search(query)
            assert [request.method for request in simulator.requests if "search3" in request.path] == [method]


def test_the_first_question_carries_no_credentials(open_server: Open) -> None:
    with NavidromeSimulator(scenario=small()) as simulator:
        open_server(simulator.settings()).connect()
        first = simulator.requests[0]
        assert first.path == "/rest/getOpenSubsonicExtensions.view"
        assert {name for name, _ in first.query} == {"v", "c", "f"}


def test_connecting_takes_two_requests(open_server: Open) -> None:
    with NavidromeSimulator(scenario=small()) as simulator:
        info = open_server(simulator.settings()).connect()
        assert len(simulator.requests) == 2
        assert (info.product, info.version, info.user) == ("Navidrome", "0.63.2", "admin")


@pytest.mark.parametrize("how", [SUBSONIC_1_12, replace(STRICT_OPENSUBSONIC, tokens=False, extensions=())])
def test_the_password_itself_is_sent_only_in_a_body_and_only_when_tokens_are_refused(
    open_server: Open, how: Personality
) -> None:
    # The strict one answers 10, which from an OpenSubsonic server means what it says: something is missing.
    with NavidromeSimulator(how, scenario=small()) as simulator:
        server = open_server(simulator.settings(), "subsonic")
        if how.rich:
            with pytest.raises(UnavailableError):
                server.connect()
            assert all("p" not in dict((*request.query, *request.form)) for request in simulator.requests)
            return
        info = server.connect()
        assert [name for request in simulator.requests for name, _ in request.query if name == "p"] == []
        assert asked(simulator, "getScanStatus")[-1]["p"] == "enc:" + PASSWORD.encode().hex()
        assert any("carries the password itself" in note and "https" in note for note in info.notes)


@pytest.mark.parametrize("code", [41, 42])
@pytest.mark.parametrize(
    "how", [NAVIDROME, STRICT_OPENSUBSONIC, SUBSONIC_1_12], ids=["navidrome", "strict", "plain"]
)
def test_a_server_that_says_that_it_takes_no_tokens_gets_the_password_in_a_body(
    open_server: Open, how: Personality, code: int
) -> None:
    with NavidromeSimulator(
        replace(how, tokens=False, token_refusal=code, extensions=()), scenario=small()
    ) as simulator:
        server = open_server({**simulator.settings(), "native_api": False}, "subsonic")
        server.connect()
        simulator.forget()
        assert len(list(server.iter_tracks())) == 17
        for request in simulator.requests:
            assert request.method == "POST"
            assert request.query == ()
            assert dict(request.form)["p"] == "enc:" + PASSWORD.encode().hex()


@pytest.mark.parametrize(
    ("http", "code", "error"),
    [
        *((http, 40, AuthenticationError) for http in (200, 401, 403, 500)),
        *((http, 50, NotAllowedError) for http in (200, 401, 404)),
        *((http, 70, NotFoundError) for http in (200, 404, 410, 500)),
        *((http, None, None) for http in (200, 404)),
    ],
)
def test_what_the_envelope_says_counts_more_than_the_status(
    open_server: Open, http: int, code: int | None, error: type[Exception] | None
) -> None:
    with NavidromeSimulator(scenario=small()) as simulator:
        server = open_server(simulator.settings())
        server.connect()
        folder = {"musicFolders": {"musicFolder": [{"id": 7, "name": "Seven"}]}}
        effect = answered(folder, http=http) if code is None else refused(code, http=http)
        simulator.faults.always(effect, path="/rest/getMusicFolders.view")
        if error is None:
            assert [library.id for library in server.list_libraries()] == ["7"]
        else:
            with pytest.raises(error):
                server.list_libraries()


def test_the_native_api_is_signed_in_to_only_when_it_is_used_and_then_once(open_server: Open) -> None:
    with NavidromeSimulator(scenario=small()) as simulator:
        server = open_server(simulator.settings())
        server.connect()
        server.search("Dawn")
        server.list_libraries()
        assert not any(request.path.startswith(("/auth", "/api")) for request in simulator.requests)
        assert len(list(server.iter_tracks())) == 17
        list(server.iter_albums())
        server.list_play_events()
        logins = [request for request in simulator.requests if request.path == "/auth/login"]
        assert len(logins) == 1
        assert logins[0].query == ()


@pytest.mark.parametrize("native", [True, False])
def test_the_doctor_warns_of_a_login_that_nothing_encrypts(open_server: Open, native: bool) -> None:
    with NavidromeSimulator(scenario=small()) as simulator:
        notes = open_server({**simulator.settings(), "native_api": native}).connect().notes
        assert any("takes the password itself" in note for note in notes) is native
        simulator.forget()
        list(open_server({**simulator.settings(), "native_api": native}).iter_tracks())
        assert any(PASSWORD.encode() in request.body for request in simulator.requests) is native


def test_a_server_that_does_not_know_the_question_gets_no_password(open_server: Open) -> None:
    with NavidromeSimulator(replace(SUBSONIC_1_12, tokens=True), scenario=small()) as simulator:
        server = open_server(simulator.settings(), "subsonic")
        simulator.faults.always(refused(0, "not implemented"), path="/rest/getScanStatus.view")
        assert server.connect().version == "API 1.12.0"
        assert all("p" not in dict((*request.query, *request.form)) for request in simulator.requests)
        assert not server.capabilities()["scan_state"].offered


def test_an_api_key_comes_alone(open_server: Open) -> None:
    with NavidromeSimulator(API_KEYS, scenario=small()) as simulator:
        server = open_server(simulator.settings(LISTENER), "subsonic")
        assert server.connect().user == LISTENER
        assert len(list(server.iter_tracks())) == 17
        for request in simulator.requests[1:]:
            given = {name for name, _ in (*request.query, *request.form)}
            assert "apiKey" in given
            assert not {"u", "p", "t", "s"} & given


def test_an_api_key_for_a_server_that_takes_none_is_a_mistake_in_the_settings(open_server: Open) -> None:
    with NavidromeSimulator(scenario=small()) as simulator:
        server = open_server({"base_url": simulator.base_url, "api_key": "k-123"})
        with pytest.raises(ConfigurationError, match="API keys"):
            server.connect()


@pytest.mark.parametrize("how", [NAVIDROME, OLD_NAVIDROME, SUBSONIC_1_12, STRICT_OPENSUBSONIC])
def test_a_wrong_password_is_an_authentication_error_that_does_not_show_it(
    open_server: Open, how: Personality
) -> None:
    with NavidromeSimulator(how, scenario=small()) as simulator:
        server = open_server({**simulator.settings(), "password": "wrong-5f1c"}, "subsonic")
        with pytest.raises(AuthenticationError) as caught:
            server.connect()
        shown = f"{caught.value} {caught.value!r}"
        assert "wrong-5f1c" not in shown
        assert b"wrong-5f1c".hex() not in shown


def test_a_wrong_key_is_an_authentication_error(open_server: Open) -> None:
    with NavidromeSimulator(API_KEYS, scenario=small()) as simulator, pytest.raises(AuthenticationError):
        open_server({**simulator.settings(), "api_key": "wrong"}, "subsonic").connect()


def test_a_missing_right_is_told_from_wrong_credentials(open_server: Open) -> None:
    with NavidromeSimulator(scenario=small()) as simulator:
        server = open_server(simulator.settings(LISTENER))
        with pytest.raises(NotAllowedError):
            server.trigger_scan()


@pytest.mark.parametrize("name", ["NAVIDROME_USERNAME", "", "  "])
def test_placeholders_of_an_example_configuration_are_never_sent(open_server: Open, name: str) -> None:
    with NavidromeSimulator(scenario=small()) as simulator:
        server = open_server({**simulator.settings(), "username": name})
        with pytest.raises(ConfigurationError, match="username"):
            server.connect()
        assert simulator.requests == ()


@pytest.mark.parametrize("slashes", ["", "/", "//"])
def test_a_server_below_a_path_is_found(open_server: Open, slashes: str) -> None:
    with NavidromeSimulator(scenario=small(), prefix="/music/nd") as simulator:
        server = open_server({**simulator.settings(), "base_url": simulator.base_url + slashes})
        assert len(list(server.iter_tracks())) == 17


def test_a_certificate_of_ones_own_is_trusted_by_ca_or_by_fingerprint_and_not_otherwise(
    open_server: Open, tmp_path: Path
) -> None:
    trustme = pytest.importorskip("trustme")
    authority = trustme.CA()
    certificate = authority.issue_cert("127.0.0.1")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    ca = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(str(ca))
    der = ssl.PEM_cert_to_DER_cert(certificate.cert_chain_pems[0].bytes().decode())
    import hashlib

    pin = f"sha256:{hashlib.sha256(der).hexdigest()}"
    with NavidromeSimulator(scenario=small(), tls=context) as simulator:
        settings = simulator.settings()
        for verify in (str(ca), pin):
            assert len(list(open_server({**settings, "verify": verify}).iter_tracks())) == 17
        with pytest.raises((UnavailableError, ConfigurationError)):
            open_server(settings).connect()
        with pytest.raises((UnavailableError, ConfigurationError)):
            open_server({**settings, "verify": "sha256:" + "0" * 64}).connect()


def test_another_users_scope_is_not_silently_ones_own(open_server: Open) -> None:
    from soulsync_engine.models import Scope

    with NavidromeSimulator(scenario=small()) as simulator:
        server = open_server(simulator.settings())
        with pytest.raises(NotAllowedError, match="speak for 'admin' alone"):
            list(server.iter_tracks(Scope(user="somebody")))
