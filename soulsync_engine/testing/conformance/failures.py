"""The group failures: what goes wrong is told by the right error, and tells no secret."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from soulsync_engine.errors import AuthenticationError, SoulSyncError, UnavailableError
from soulsync_engine.models import Kind, ServerState
from soulsync_engine.server import MediaServer
from soulsync_engine.testing.conformance.kit import Kit, assert_no_secret
from soulsync_engine.testing.scenarios import small

_CALLS: dict[str, Callable[[MediaServer], object]] = {
    "connect": lambda server: server.connect(),
    "list_libraries": lambda server: server.list_libraries(),
    "list_artists": lambda server: server.list_artists(),
    "list_albums": lambda server: server.list_albums(),
    "list_tracks": lambda server: server.list_tracks(),
    "list_ids": lambda server: server.list_ids(Kind.TRACK),
    "get_items": lambda server: server.get_items(Kind.TRACK, ("1",)),
    "search": lambda server: server.search("anything"),
}

calls = pytest.mark.parametrize("operation", _CALLS)


class Failures:
    """Tests of a server that is gone or refuses."""

    @calls
    def test_an_unreachable_server_is_unavailable(self, kit: Kit, operation: str) -> None:
        """A server that cannot be reached is `UnavailableError`, never an empty answer.

        Hosts retry on it, and a mirror keeps what it has. Troubleshooting: translate your library's connection errors
        and timeouts; check that a folder is there before listing it.
        """
        server = kit.unreachable(small())
        with pytest.raises(UnavailableError) as caught:
            _CALLS[operation](server)
        assert str(caught.value).strip()

    @calls
    def test_a_server_that_goes_away_is_unavailable(self, kit: Kit, operation: str) -> None:
        """The same holds for a client that was connected before.

        Troubleshooting: do not answer from what you remember of the server.
        """
        seed = kit.seed(small(), own=True)
        server = kit.connected(kit.open(seed.settings, seed.folder))
        if dict(kit.author.make_unreachable(seed.settings, seed.folder)) != dict(seed.settings):
            pytest.skip("make_unreachable uses another address, so this server stays")
        with pytest.raises(UnavailableError):
            _CALLS[operation](server)

    def test_the_status_of_an_unreachable_server_is_a_value(self, kit: Kit) -> None:
        """The status says "unreachable" and why; it does not raise.

        Hosts draw a red dot from it. Troubleshooting: `connect` must raise `UnavailableError`.
        """
        status = kit.unreachable(small()).status(refresh=True)
        assert status.state is ServerState.UNREACHABLE
        assert status.detail.strip()

    @calls
    def test_rejected_credentials_are_an_authentication_error(self, kit: Kit, operation: str) -> None:
        """Wrong credentials are `AuthenticationError`, and no message holds them.

        Hosts ask the user to enter them again. Troubleshooting: some servers answer 200 with an error inside.
        """
        server, secrets = kit.rejected(small())
        with pytest.raises(AuthenticationError) as caught:
            _CALLS[operation](server)
        assert_no_secret((str(caught.value), repr(caught.value)), secrets)

    def test_the_status_of_a_refusing_server_is_a_value(self, kit: Kit) -> None:
        """The status says "unauthorised", without the secret.

        Troubleshooting: see `test_rejected_credentials_are_an_authentication_error`.
        """
        server, secrets = kit.rejected(small())
        status = server.status(refresh=True)
        assert status.state is ServerState.UNAUTHORISED
        assert_no_secret((status.detail, repr(status)), secrets)

    def test_the_backend_itself_tells_no_secret(self, kit: Kit) -> None:
        """The client's own errors are free of secrets, before the engine conceals them.

        Concealing is the second line of defence. Troubleshooting: keep tokens out of URLs, they end up in messages.
        """
        seed = kit.seed(small(), own=True)
        server, secrets = kit.rejected(small())
        server.close()
        wrong = type(seed)(
            scenario=seed.scenario,
            settings=kit.author.reject_credentials(seed.settings, seed.folder),
            folder=seed.folder,
        )
        client = kit.client(wrong)
        with pytest.raises(SoulSyncError) as caught:
            client.connect()
        assert_no_secret((str(caught.value), repr(caught.value), repr(client)), secrets)
