"""The group negative: what is not offered is refused with its reason, and nothing reaches the server."""

from __future__ import annotations

import pytest

from soulsync_engine.capabilities import Capability, Grade
from soulsync_engine.contract import OPERATIONS, MediaServerClient
from soulsync_engine.errors import UnsupportedError
from soulsync_engine.testing.conformance.arguments import arguments_for
from soulsync_engine.testing.conformance.kit import Kit
from soulsync_engine.testing.scenarios import small

_OPTIONAL = [name for name, entry in OPERATIONS.items() if entry.capability is not Capability.REQUIRED]

optional = pytest.mark.parametrize("operation", _OPTIONAL)


class Negative:
    """Tests of every operation beyond the required ones."""

    @optional
    def test_what_is_not_offered_is_refused_without_a_request(self, kit: Kit, operation: str) -> None:
        """Calling it raises `UnsupportedError` with the graded reason, although the server cannot even be reached.

        Any request would have ended in `UnavailableError`. Hosts hide buttons by the grade and show the reason.
        Troubleshooting: give reasons in `limitations`; never answer with an empty value instead.
        """
        support = kit.loaded.capabilities[operation]
        if support.offered:
            pytest.skip("offered")
        server = kit.unreachable(small())
        call = getattr(server, operation)
        with pytest.raises(UnsupportedError) as caught:
            call(**arguments_for(call))
        assert caught.value.operation == operation
        assert caught.value.support == support
        assert support.reason.strip()
        assert support.reason in str(caught.value)

    @optional
    def test_the_client_itself_refuses_too(self, kit: Kit, operation: str) -> None:
        """Without the engine around it, the client raises the same error.

        Troubleshooting: leave the contract's own method alone instead of overriding it with an empty one.
        """
        client_class = kit.loaded.client_class
        if getattr(client_class, operation) is not getattr(MediaServerClient, operation):
            pytest.skip("the client has code for it")
        client = kit.client(kit.seed(small()))
        with pytest.raises(UnsupportedError) as caught:
            getattr(client, operation)(**arguments_for(getattr(MediaServerClient, operation)))
        assert not caught.value.support.offered

    @optional
    def test_what_the_connected_server_cannot_do_is_refused(self, kit: Kit, operation: str) -> None:
        """What `narrow` takes away after connecting is refused as well, with its reason.

        Troubleshooting: `narrow` returns a `Support` with a reason for each operation it takes away.
        """
        server = kit.server(small())
        support = server.capabilities()[operation]
        if support.offered or not kit.loaded.capabilities[operation].offered:
            pytest.skip("not narrowed")
        assert support.grade in (Grade.VERSIONED, Grade.SERVER_CANNOT)
        call = getattr(server, operation)
        with pytest.raises(UnsupportedError) as caught:
            call(**arguments_for(call))
        assert caught.value.support == support
