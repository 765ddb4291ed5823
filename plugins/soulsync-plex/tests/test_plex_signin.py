"""Signing in with a code, and finding the way to the server."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

import pytest
import requests

from soulsync_engine.errors import NotFoundError, UnavailableError
from soulsync_engine.loading import import_spec
from soulsync_engine.plugin import SignInChallenge, SignInState
from soulsync_engine.testing.simulator import html_page, status
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


class SignInHere(PlexSignIn):
    """A sign-in that takes the simulated plex.tv for the real one."""

    def __init__(self, settings: Mapping[str, object], session: requests.Session) -> None:
        super().__init__(settings)
        self._requests = session


@pytest.fixture
def plextv() -> Iterator[PlexTvSimulator]:
    with PlexTvSimulator() as simulator:
        yield simulator


def listed(*ways: Way, name: str = "home", machine_id: str = MACHINE_ID, owned: bool = True) -> ListedServer:
    return ListedServer(
        name=name, machine_id=machine_id, token=f"token-of-{name}", ways=list(ways), owned=owned
    )


def signed_in(plextv: PlexTvSimulator, settings: Mapping[str, object] | None = None) -> Mapping[str, object]:
    sign_in = SignInHere(settings or {}, plextv.session())
    challenge = sign_in.begin()
    plextv.confirm(challenge.code)
    outcome = sign_in.poll(challenge)
    assert outcome.state is SignInState.DONE
    return outcome.settings


def test_a_code_is_pending_until_it_is_confirmed(plex: PlexSimulator, plextv: PlexTvSimulator) -> None:
    plextv.servers.append(listed(Way(uri=plex.base_url, local=True)))
    sign_in = SignInHere({}, plextv.session())
    challenge = sign_in.begin()
    assert challenge.url == "https://plex.tv/link"
    assert challenge.code not in ("", None)
    assert sign_in.poll(challenge).state is SignInState.PENDING
    assert sign_in.poll(challenge).state is SignInState.PENDING
    plextv.confirm(challenge.code)
    # Another process may poll: all it needs is in the challenge.
    outcome = SignInHere({}, plextv.session()).poll(challenge)
    assert outcome.state is SignInState.DONE
    assert outcome.settings == {"base_url": plex.base_url, "token": "token-of-home"}
    assert PlexSettings.model_validate(dict(outcome.settings)).base_url == plex.base_url
    assert "token-of-home" not in repr(outcome)
    assert ACCOUNT_TOKEN not in repr(outcome)


def test_a_code_that_is_gone_or_too_old_has_expired(plextv: PlexTvSimulator) -> None:
    sign_in = SignInHere({}, plextv.session())
    challenge = sign_in.begin()
    plextv.forget_pins()
    assert sign_in.poll(challenge).state is SignInState.EXPIRED
    old = json.dumps({**json.loads(challenge.handle), "expires": 1.0})
    again = SignInChallenge(
        code=challenge.code, url=challenge.url, expires_at=challenge.expires_at, handle=old
    )
    assert sign_in.poll(again).state is SignInState.EXPIRED


def test_a_failure_of_the_network_is_no_expiry(plextv: PlexTvSimulator) -> None:
    sign_in = SignInHere({}, plextv.session())
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
