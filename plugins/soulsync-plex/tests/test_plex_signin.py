"""Signing in with a code, and finding the way to the server."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Mapping
from dataclasses import replace

import pytest

from soulsync_engine.errors import ConflictError, NotFoundError, UnavailableError
from soulsync_engine.http import AnswerTooLargeError, UnreadableAnswerError
from soulsync_engine.loading import import_spec
from soulsync_engine.plugin import SignInState
from soulsync_engine.testing.simulator import Answer, html_page, huge, status
from soulsync_plex.settings import PlexSettings
from soulsync_plex.signin import PlexSignIn
from soulsync_plex.simulator import (
    ACCOUNT_TOKEN,
    MACHINE_ID,
    ListedServer,
    PlexSimulator,
    PlexTvSimulator,
    Way,
)

NOWHERE = "http://127.0.0.1:9"


@pytest.fixture
def plextv() -> Iterator[PlexTvSimulator]:
    with PlexTvSimulator() as simulator:
        yield simulator


def listed(*ways: Way, name: str = "home", machine_id: str = MACHINE_ID, owned: bool = True) -> ListedServer:
    return ListedServer(
        name=name, machine_id=machine_id, token=f"token-of-{name}", ways=list(ways), owned=owned
    )


def signed_in(plextv: PlexTvSimulator, settings: Mapping[str, object] | None = None) -> Mapping[str, object]:
    sign_in = PlexSignIn({"account_url": plextv.base_url, **(settings or {})})
    challenge = sign_in.begin()
    plextv.confirm(challenge.code)
    outcome = sign_in.poll(challenge)
    assert outcome.state is SignInState.DONE
    return outcome.settings


def test_a_code_is_pending_until_it_is_confirmed(plex: PlexSimulator, plextv: PlexTvSimulator) -> None:
    plextv.servers.append(listed(Way(uri=plex.base_url, local=True)))
    sign_in = PlexSignIn({"account_url": plextv.base_url})
    challenge = sign_in.begin()
    assert challenge.url == "https://plex.tv/link"
    assert challenge.code not in ("", None)
    assert sign_in.poll(challenge).state is SignInState.PENDING
    assert sign_in.poll(challenge).state is SignInState.PENDING
    plextv.confirm(challenge.code)
    # Another process may poll: all it needs is in the challenge.
    outcome = PlexSignIn({"account_url": plextv.base_url}).poll(challenge)
    assert outcome.state is SignInState.DONE
    assert outcome.settings == {"base_url": plex.base_url, "token": "token-of-home"}
    assert PlexSettings.model_validate(dict(outcome.settings)).base_url == plex.base_url
    assert "token-of-home" not in repr(outcome)
    assert ACCOUNT_TOKEN not in repr(outcome)


def test_only_who_asked_for_a_code_can_ask_for_its_token(
    plex: PlexSimulator, plextv: PlexTvSimulator
) -> None:
    plextv.servers.append(listed(Way(uri=plex.base_url, local=True)))
    asked = []
    for _ in range(2):
        plextv.forget()
        signed_in(plextv)
        (client,) = {request.headers["x-plex-client-identifier"] for request in plextv.requests}
        asked.append(client)
    assert asked[0] != asked[1]
    assert min(map(len, asked)) > 40


def test_a_code_that_is_gone_or_too_old_has_expired(plextv: PlexTvSimulator) -> None:
    sign_in = PlexSignIn({"account_url": plextv.base_url})
    challenge = sign_in.begin()
    plextv.forget_pins()
    assert sign_in.poll(challenge).state is SignInState.EXPIRED
    old = json.dumps({**json.loads(challenge.handle), "expires": 1.0})
    assert sign_in.poll(replace(challenge, handle=old)).state is SignInState.EXPIRED


@pytest.mark.parametrize(
    "handle", ["", "no JSON", "{}", '{"id": 1, "code": "x", "expires": "soon"}', "[" * 5000]
)
def test_a_handle_of_something_else_is_told(plextv: PlexTvSimulator, handle: str) -> None:
    sign_in = PlexSignIn({"account_url": plextv.base_url})
    begun = sign_in.begin()
    plextv.forget()
    with pytest.raises(ConflictError, match="Plex backend") as caught:
        sign_in.poll(replace(begun, handle=handle))
    assert caught.value.next_step
    assert caught.value.__cause__ is caught.value.__context__ is None
    assert plextv.requests == ()


def test_a_failure_of_the_network_is_no_expiry(plextv: PlexTvSimulator) -> None:
    sign_in = PlexSignIn({"account_url": plextv.base_url})
    challenge = sign_in.begin()
    for fault in (status(500), status(429), html_page(502)):
        plextv.faults.always(fault)
        with pytest.raises(UnavailableError):
            sign_in.poll(challenge)
        plextv.faults.clear()
    assert sign_in.poll(challenge).state is SignInState.PENDING
    plextv.refuse()
    with pytest.raises(UnavailableError):
        sign_in.begin()


def test_local_comes_before_remote_before_relay_and_each_is_tried(
    plex: PlexSimulator, plextv: PlexTvSimulator
) -> None:
    with PlexSimulator() as other:
        plextv.servers.append(
            listed(
                Way(uri=plex.base_url, relay=True),
                Way(uri=other.base_url.replace("127.0.0.1", "localhost")),
                Way(uri=NOWHERE, local=True),
            )
        )
        settings = signed_in(plextv)
        # The local way leads nowhere; the remote one leads to a server of the same identity.
        assert settings["base_url"] == other.base_url.replace("127.0.0.1", "localhost")
    assert signed_in(plextv)["base_url"] == plex.base_url


def test_a_way_to_another_server_is_not_taken(plex: PlexSimulator, plextv: PlexTvSimulator) -> None:
    plextv.servers.append(listed(Way(uri=plex.base_url, local=True), machine_id="another"))
    with pytest.raises(NotFoundError, match="'home'"):
        signed_in(plextv)


def test_a_way_is_tried_with_the_certificate_that_the_settings_trust(
    running_tls: tuple[PlexSimulator, str], plextv: PlexTvSimulator
) -> None:
    plex, authority = running_tls
    plextv.servers.append(listed(Way(uri=plex.base_url, local=True)))
    with pytest.raises(NotFoundError, match="'home'"):
        signed_in(plextv)
    assert signed_in(plextv, {"verify": authority})["base_url"] == plex.base_url


def test_a_way_that_leads_elsewhere_or_is_slow_holds_up_nobody(
    plex: PlexSimulator, plextv: PlexTvSimulator
) -> None:
    with PlexSimulator() as strange, PlexSimulator() as proxied:
        headers = {"Location": f"{plex.base_url}/identity"}
        strange.faults.always(lambda _: Answer(status=302, headers=headers))
        proxied.faults.always(html_page())
        plextv.servers.append(
            listed(
                Way(uri=strange.base_url, local=True),
                Way(uri=proxied.base_url, local=True),
                Way(uri=plex.base_url),
            )
        )
        assert signed_in(plextv)["base_url"] == plex.base_url


def test_from_outside_no_unencrypted_way_is_made_up(plex: PlexSimulator, plextv: PlexTvSimulator) -> None:
    # plexapi makes http:// of every way; from outside the token would be read on the road.
    plextv.servers.append(listed(Way(uri=plex.base_url.replace("http:", "https:"))))
    with pytest.raises(NotFoundError, match="'home'"):
        signed_in(plextv)
    assert plex.requests == ()


def test_plex_tv_is_asked_over_the_engines_transport_and_believed_only_in_plain_xml(
    plex: PlexSimulator, plextv: PlexTvSimulator, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    plextv.servers.append(listed(Way(uri=plex.base_url, local=True)))
    signed_in(plextv)
    for request in (*plextv.requests, *plex.requests):
        assert request.headers["user-agent"].startswith("soulsync-engine/")
        assert "x-plex-platform" not in request.headers
        assert not any(name == "X-Plex-Token" for name, _ in request.query)
    assert {request.headers["x-plex-product"] for request in plextv.requests} == {"soulsync-engine"}
    assert ACCOUNT_TOKEN not in caplog.text
    assert "token-of-home" not in caplog.text
    bomb = b'<!DOCTYPE b [<!ENTITY a "aaaa"><!ENTITY c "&a;&a;&a;">]><pin id="1" code="&c;"/>'
    for effect, error in (
        (lambda _: Answer(body=bomb, content_type="application/xml"), UnreadableAnswerError),
        (huge(9 * 1024 * 1024), AnswerTooLargeError),
        (html_page(), UnavailableError),
    ):
        plextv.faults.always(effect)
        with pytest.raises(error):
            PlexSignIn({"account_url": plextv.base_url}).begin()
        plextv.faults.clear()


def test_ones_own_server_comes_before_a_shared_one(plex: PlexSimulator, plextv: PlexTvSimulator) -> None:
    plextv.servers.append(listed(Way(uri=plex.base_url), name="shared", owned=False))
    plextv.servers.append(listed(Way(uri=plex.base_url, local=True), name="own"))
    plextv.servers.insert(
        0, ListedServer(name="phone", machine_id="p", token="p", ways=[], provides="player")
    )
    assert signed_in(plextv)["token"] == "token-of-own"


def test_the_address_given_is_kept_if_the_account_has_that_server(
    plex: PlexSimulator, plextv: PlexTvSimulator
) -> None:
    plextv.servers.append(listed(Way(uri=NOWHERE, local=True)))
    given = {"base_url": plex.base_url.removeprefix("http://") + "/"}
    assert signed_in(plextv, given) == {"base_url": plex.base_url, "token": "token-of-home"}
    plextv.servers[0] = listed(Way(uri=NOWHERE), machine_id="another")
    with pytest.raises(NotFoundError, match="no access"):
        signed_in(plextv, given)
    with pytest.raises(NotFoundError, match="No Plex server answers"):
        signed_in(plextv, {"base_url": NOWHERE})


def test_the_spec_names_the_sign_in_and_the_old_applications_keys(record: object) -> None:
    spec = import_spec(record)  # type: ignore[arg-type]
    assert spec.sign_in == "soulsync_plex.signin:PlexSignIn"
    assert spec.legacy is not None
    assert set(spec.legacy.keys.values()) <= set(PlexSettings.model_fields)
