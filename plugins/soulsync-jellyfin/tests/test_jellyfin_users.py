"""Who is asking: keys, tokens, passwords, several users, and none of them in an address or a message."""

from __future__ import annotations

import pytest

from soulsync_engine.errors import (
    AuthenticationError,
    ConfigurationError,
    NotAllowedError,
    NotFoundError,
    SoulSyncError,
    UnavailableError,
    UnsupportedError,
)
from soulsync_engine.models import EVERYTHING, Scope
from soulsync_engine.signin import SignInState
from soulsync_engine.testing.simulator import empty, html_page, refuse, status
from soulsync_jellyfin.settings import JellyfinSettings
from soulsync_jellyfin.signin import QuickConnect
from soulsync_jellyfin.simulator import (
    EMBY_4_9,
    JELLYFIN_10_9,
    JELLYFIN_10_11,
    JELLYFIN_12,
    Credentials,
    JellyfinSimulator,
    Personality,
    User,
)

every = pytest.mark.parametrize(
    "personality", [JELLYFIN_10_9, JELLYFIN_10_11, JELLYFIN_12, EMBY_4_9], ids=lambda each: each.name
)
all_credentials = pytest.mark.parametrize("credentials", list(Credentials), ids=lambda each: each.name)


def paths(simulator: JellyfinSimulator) -> list[str]:
    return [request.path for request in simulator.requests]


@every
@all_credentials
def test_every_kind_of_credentials_reads_and_is_never_in_an_address(
    simulate, client_of, personality: Personality, credentials: Credentials
) -> None:
    simulator = simulate(personality=personality)
    client = client_of(simulator, credentials)
    info = client.connect()
    assert info.product == ("Emby" if personality.emby else "Jellyfin")
    assert info.version == personality.version
    assert info.user == ("ben" if credentials is Credentials.USER_TOKEN else "anna")
    assert len(client.list_tracks(EVERYTHING, None, 100).items) == 17
    assert not [
        pair for request in simulator.requests for pair in request.query if pair[0].lower().endswith("key")
    ]


@pytest.mark.parametrize("personality", [JELLYFIN_10_9, JELLYFIN_12], ids=lambda each: each.name)
def test_jellyfin_gets_no_header_of_embys_time(simulate, client_of, personality: Personality) -> None:
    simulator = simulate(personality=personality)
    client_of(simulator).connect()
    for request in simulator.requests:
        assert request.headers["authorization"].startswith("MediaBrowser Client=")
        assert not [name for name in request.headers if name.startswith(("x-emby", "x-mediabrowser"))]


def test_12_refuses_what_older_versions_took(simulate) -> None:
    import httpx

    headers = {
        "X-Emby-Token": {"X-Emby-Token": "{key}"},
        "scheme Emby": {"Authorization": 'Emby Token="{key}"'},
        "X-Emby-Authorization": {"X-Emby-Authorization": 'MediaBrowser Token="{key}"'},
    }
    for personality, expected in ((JELLYFIN_10_11, 200), (JELLYFIN_12, 401)):
        simulator = simulate(personality=personality)
        key = simulator.state.accounts.api_key
        for sent in headers.values():
            filled = {name: value.format(key=key) for name, value in sent.items()}
            answer = httpx.get(f"{simulator.base_url}/System/Info", headers=filled)
            assert answer.status_code == expected
        assert httpx.get(f"{simulator.base_url}/System/Info?api_key={key}").status_code == expected
        assert httpx.get(f"{simulator.base_url}/System/Info?ApiKey={key}").status_code == 200


@every
def test_a_wrong_key_is_an_authentication_error(simulate, client_of, personality: Personality) -> None:
    with pytest.raises(AuthenticationError):
        client_of(simulate(personality=personality), api_key="wrong-5f1c").connect()


@every
def test_a_proxys_own_refusal_is_about_credentials_too(simulate, client_of, personality: Personality) -> None:
    """Jellyfin gives a reason with a 401 where a right is missing; a page is none."""
    simulator = simulate(personality=personality)
    client = client_of(simulator)
    client.connect()
    simulator.faults.always(html_page(401))
    with pytest.raises(AuthenticationError):
        client.list_tracks(EVERYTHING, None, 5)


@every
@pytest.mark.parametrize("key", ["k\u00e9y-5f1c", "key\n5f1c", "key\u20265f1c"])
def test_a_key_that_fits_no_header_is_a_matter_of_the_settings(
    simulate, client_of, personality: Personality, key: str
) -> None:
    client = client_of(simulate(personality=personality), api_key=key)
    with pytest.raises(ConfigurationError, match="credentials") as unsent:
        client.connect()
    with pytest.raises(SoulSyncError) as unheard:
        client.watch(1.0)
    for caught in (unsent.value, unheard.value):
        assert "5f1c" not in f"{caught!s} {caught.__cause__!r} {caught.__context__!r}"


def test_a_wrong_password_is_an_authentication_error_and_a_disabled_account_is_not(
    simulate, client_of
) -> None:
    simulator = simulate()
    with pytest.raises(AuthenticationError) as caught:
        client_of(simulator, Credentials.PASSWORD, password="wrong-5f1c").connect()
    assert "wrong-5f1c" not in str(caught.value)
    simulator.state.accounts.named("anna").disabled = True
    with pytest.raises(NotAllowedError, match="disabled"):
        client_of(simulator, Credentials.PASSWORD).connect()


def test_an_empty_password_is_a_password(simulate, client_of) -> None:
    client = client_of(simulate(), Credentials.PASSWORD, username="ben", password="")
    assert client.connect().user == "ben"


def test_a_key_with_several_users_and_none_chosen_names_them_all(simulate, client_of) -> None:
    simulator = simulate()
    with pytest.raises(ConfigurationError, match="anna, ben") as caught:
        client_of(simulator, username="").connect()
    assert "username" in (caught.value.next_step or "")
    # Never the first by alphabet.
    assert not [path for path in paths(simulator) if "Items" in path or "Views" in path]


def test_a_key_with_one_user_needs_no_name(simulate, client_of) -> None:
    simulator = simulate()
    simulator.state.accounts.users.pop(simulator.state.accounts.named("ben").id)
    assert client_of(simulator, username="").connect().user == "anna"


def test_a_user_that_is_not_there_is_told_with_those_who_are(simulate, client_of) -> None:
    with pytest.raises(ConfigurationError, match="clara") as caught:
        client_of(simulate(), username="clara").connect()
    assert "anna, ben" in (caught.value.next_step or "")


@pytest.mark.parametrize("spelling", ["anna", "ANNA", "{id}", "{dashed}"])
def test_the_user_may_be_named_or_given_by_id(simulate, client_of, spelling: str) -> None:
    simulator = simulate()
    native = simulator.state.accounts.named("anna").id
    dashed = f"{native[:8]}-{native[8:12]}-{native[12:16]}-{native[16:20]}-{native[20:]}".upper()
    assert client_of(simulator, username=spelling.format(id=native, dashed=dashed)).connect().user == "anna"


def test_the_user_list_is_asked_once(simulate, client_of) -> None:
    simulator = simulate()
    client = client_of(simulator)
    for _ in range(2):
        client.connect()
        for listing in (client.list_tracks, client.list_albums, client.list_artists):
            listing(EVERYTHING, None, 5)
    client.list_users()
    assert paths(simulator).count("/Users") == 1


def test_connecting_with_a_key_takes_two_requests(simulate, client_of) -> None:
    simulator = simulate()
    client_of(simulator).connect()
    assert paths(simulator) == ["/System/Info", "/Users"]


def test_a_users_token_works_without_an_administrators_rights(simulate, server_of) -> None:
    simulator = simulate()
    server = server_of(simulator, Credentials.USER_TOKEN)
    assert server.connect().user == "ben"
    assert len(list(server.iter_tracks())) == 17
    assert [user.name for user in server.list_users()] == ["ben"]
    assert "/Users" not in paths(simulator)[:2]


def test_an_emby_token_whose_user_is_unknown_is_a_clear_error(simulate, client_of) -> None:
    simulator = simulate(personality=EMBY_4_9)
    with pytest.raises(ConfigurationError, match="to whom this token belongs"):
        client_of(simulator, Credentials.USER_TOKEN, username="ben").connect()


def test_a_user_sees_own_libraries_alone(simulate, server_of) -> None:
    from soulsync_engine.testing.scenarios import shared

    simulator = simulate(shared())
    music = simulator.state.catalogue.add_library("Music").id
    simulator.state.accounts.named("ben").libraries = frozenset({music})
    assert [each.name for each in server_of(simulator).list_libraries()] == ["Music", "Other"]
    ben = server_of(simulator, Credentials.USER_TOKEN)
    assert [each.name for each in ben.list_libraries()] == ["Music"]
    with pytest.raises(NotFoundError):
        ben.list_tracks(Scope(libraries=(simulator.state.catalogue.add_library("Other").id,)))


def test_an_administrator_may_look_as_another_user_and_others_may_not(simulate, client_of) -> None:
    simulator = simulate()
    ben = Scope(user="ben")
    assert len(client_of(simulator).list_tracks(ben, None, 50).items) == 17
    with pytest.raises(ConfigurationError):
        client_of(simulator, Credentials.USER_TOKEN).list_tracks(Scope(user="anna"), None, 50)


@every
def test_an_expired_sign_in_is_renewed_in_silence(simulate, client_of, personality: Personality) -> None:
    simulator = simulate(personality=personality)
    concealed: list[str] = []
    client = client_of(simulator, Credentials.PASSWORD, conceal=concealed.append)
    client.connect()
    simulator.state.accounts.revoke()
    assert len(client.list_tracks(EVERYTHING, None, 50).items) == 17
    assert paths(simulator).count("/Users/AuthenticateByName") == 2
    assert len(set(concealed)) == 2


@every
def test_an_expired_token_is_an_authentication_error(simulate, client_of, personality: Personality) -> None:
    simulator = simulate(personality=personality)
    client = client_of(simulator, Credentials.ADMIN_TOKEN)
    client.connect()
    simulator.state.accounts.revoke()
    with pytest.raises(AuthenticationError):
        client.list_tracks(EVERYTHING, None, 50)


@pytest.mark.parametrize("personality", [JELLYFIN_10_11, EMBY_4_9], ids=lambda each: each.name)
def test_a_user_that_was_deleted_is_told(simulate, client_of, personality: Personality) -> None:
    simulator = simulate(personality=personality)
    client = client_of(simulator)
    client.connect()
    accounts = simulator.state.accounts
    gone = accounts.users.pop(accounts.named("anna").id)
    with pytest.raises(ConfigurationError, match="does not exist") as caught:
        client.list_tracks(EVERYTHING, None, 50)
    assert "ben" in (caught.value.next_step or "")
    accounts.add(gone)
    assert client.list_tracks(EVERYTHING, None, 50).items


def test_a_server_that_was_down_is_used_as_soon_as_it_is_up(simulate, server_of) -> None:
    simulator = simulate()
    server = server_of(simulator)
    simulator.refuse()
    assert not server.is_connected()
    with pytest.raises(UnavailableError):
        server.list_tracks()
    simulator.listen()
    assert len(list(server.iter_tracks())) == 17
    assert server.ensure_connection()
    assert server.is_connected()


@pytest.mark.parametrize("fault", [empty(), status(503, retry_after=60)], ids=["empty 200", "503"])
def test_a_server_that_is_loading_is_unavailable(simulate, client_of, fault) -> None:
    simulator = simulate()
    simulator.faults.always(fault)
    client = client_of(simulator)
    for call in (client.connect, lambda: client.list_tracks(EVERYTHING, None, 5)):
        with pytest.raises(UnavailableError, match=r"[Ll]oading|empty"):
            call()
    simulator.faults.clear()
    assert client.connect().user == "anna"


@pytest.mark.parametrize(
    ("before", "after"),
    [(JELLYFIN_10_9, JELLYFIN_10_11), (JELLYFIN_10_11, JELLYFIN_12), (JELLYFIN_12, JELLYFIN_10_11)],
    ids=lambda each: each.name,
)
@pytest.mark.parametrize(
    "credentials", [Credentials.ADMIN_KEY, Credentials.PASSWORD], ids=lambda each: each.name
)
def test_an_upgrade_between_two_calls_is_survived(
    simulate, client_of, before: Personality, after: Personality, credentials: Credentials
) -> None:
    """Also the other way, as after a backup was put back."""
    simulator = simulate(personality=before)
    client = client_of(simulator, credentials)
    client.connect()
    first = client.list_tracks(EVERYTHING, None, 10)
    a, b, c, *_ = (track.ref.id for track in first.items)
    made = client.create_playlist("Mine", (a, b), None, False)
    simulator.upgrade(after)
    second = client.list_tracks(EVERYTHING, first.next_cursor, 10)
    assert len({track.ref.id for track in (*first.items, *second.items)}) == 17
    client.add_entries(made.ref.id, (c,), 0)
    entries = client.list_playlist_entries(made.ref.id, None, 10).items
    assert [entry.track_ref.id for entry in entries] == [c, a, b]
    assert client.connect().version == after.version


def test_a_sub_path_and_a_slash_at_the_end_are_fine(simulate, client_of) -> None:
    simulator = simulate(prefix="/jellyfin")
    for address in (simulator.base_url, f"{simulator.base_url}/"):
        assert client_of(simulator, base_url=address).connect().user == "anna"


def test_placeholders_are_no_credentials() -> None:
    for given in ({}, {"username": "anna"}, {"api_key": "  "}, {"password": "x"}):
        with pytest.raises(ValueError, match=r"set `api_key`|set `username`"):
            JellyfinSettings.model_validate({"base_url": "http://nas:8096", **given})


def test_the_old_applications_keys_are_read() -> None:
    from soulsync_engine.config.legacy import from_legacy

    old = {
        "active_media_server": "jellyfin",
        "jellyfin": {"base_url": "http://nas:8096", "api_key": "k", "api_timeout": 120},
    }
    servers = from_legacy(old)["servers"]
    assert servers == {
        "jellyfin": {"backend": "jellyfin", "base_url": "http://nas:8096", "api_key": "k", "timeout": 120}
    }


class TestQuickConnect:
    def test_a_confirmed_code_becomes_a_token(self, simulate, client_of) -> None:
        simulator = simulate(personality=JELLYFIN_12)
        sign_in = QuickConnect({"base_url": simulator.base_url})
        challenge = sign_in.begin()
        assert len(challenge.code) == 6
        assert challenge.url == f"{simulator.base_url}/web/#/quickconnect"
        assert challenge.handle not in repr(challenge)
        assert sign_in.poll(challenge).state is SignInState.PENDING
        ben = simulator.state.accounts.named("ben")
        simulator.state.quick_connect[challenge.handle] = (challenge.code, ben.id)
        outcome = sign_in.poll(challenge)
        assert outcome.state is SignInState.DONE
        assert str(outcome.settings["api_key"]) not in repr(outcome)
        client = client_of(simulator, **{"username": "", **outcome.settings})
        assert client.connect().user == "ben"

    def test_a_code_that_the_server_has_forgotten_is_expired(self, simulate) -> None:
        simulator = simulate()
        sign_in = QuickConnect({"base_url": simulator.base_url})
        challenge = sign_in.begin()
        simulator.state.quick_connect.clear()
        assert sign_in.poll(challenge).state is SignInState.EXPIRED

    def test_a_server_without_it_says_so(self, simulate) -> None:
        simulator = simulate()
        simulator.state.quick_connect_enabled = False
        with pytest.raises(UnsupportedError, match="switched off"):
            QuickConnect({"base_url": simulator.base_url}).begin()

    def test_a_server_that_is_gone_is_unavailable(self, simulate) -> None:
        simulator = simulate()
        simulator.faults.always(refuse())
        with pytest.raises(UnavailableError):
            QuickConnect({"base_url": simulator.base_url, "retries": 0}).begin()


def test_nothing_is_asked_in_constructors(simulate, client_of) -> None:
    simulator = simulate()
    client_of(simulator)
    QuickConnect({"base_url": simulator.base_url})
    assert simulator.requests == ()


def test_a_query_the_server_does_not_have_fails_the_test_that_sent_it(simulate) -> None:
    import httpx

    simulator = simulate()
    key = simulator.state.accounts.api_key
    answer = httpx.get(f"{simulator.base_url}/Items?ApiKey={key}&minDateSaved=2020-01-01")
    assert answer.status_code == 400
    assert "minDateSaved" in simulator.refusals.pop()


def test_users_are_listed_with_their_rights(simulate, client_of) -> None:
    simulator = simulate()
    simulator.state.accounts.add(User(name="clara"))
    users = client_of(simulator).list_users()
    assert [(user.name, user.admin) for user in users] == [("anna", True), ("ben", False), ("clara", False)]
